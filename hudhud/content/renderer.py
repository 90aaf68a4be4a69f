"""The render process: `python -m hudhud.content.renderer`. Reads requests on standard input, answers on standard output.

It holds no keys and opens no files or connections. Its memory is limited (RLIMIT_AS) to what it has after start plus an allowance, its
CPU time (RLIMIT_CPU) anew for each batch; one message may use `MESSAGE_CPU_S`. Whoever started it watches the wall clock.
"""

from __future__ import annotations

import gc
import mmap
import resource
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

import msgspec

from hudhud.content.links import BOOK
from hudhud.content.program import Program, Refused, TooLong, judged
from hudhud.content.protocol import PROGRESS, Answer, Preview, Publish, Request, WriteMails, Written, read_frame, write_frame
from hudhud.content.publish import compile_copy
from hudhud.content.types import Compiled, Copy, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

EXTRA_MEMORY = 128 * 2**20
T = TypeVar("T")
MESSAGE_CPU_S = 0.5
PUBLISH_CPU_S = 2.0
BATCH_CPU_S = 20
KEPT_PROGRAMS = 64


def _out_of_time(_signal: int, _frame: object) -> NoReturn:
    raise TooLong


def limit() -> None:
    """Limit memory to what is in use now plus an allowance; make too much CPU time in one message an exception."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 -- read once, before anything untrusted
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + EXTRA_MEMORY, in_use + EXTRA_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    signal.signal(signal.SIGVTALRM, _out_of_time)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def allow_cpu(seconds: float) -> None:
    """Let the process use this much more CPU time before the system kills it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do some work within this much CPU time; raises `TooLong`."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def bounded(work: Callable[[], T]) -> T:
    """Do one message's work within its CPU time; raises `Refused`."""
    return judged(lambda: within(MESSAGE_CPU_S, work))


class Renderer:
    """Answers requests; keeps the programs it has compiled."""

    def __init__(self, progress: mmap.mmap) -> None:
        """Start with nothing compiled; `progress` tells the other side which mail of the batch is in work."""
        self.progress = progress
        self.programs: dict[str, Program] = {}

    def _program(self, key: str, compiled: Compiled) -> Program:
        if key not in self.programs:
            while len(self.programs) >= KEPT_PROGRAMS:
                self.programs.pop(next(iter(self.programs)))
            self.programs[key] = Program(compiled)
        return self.programs[key]

    def answer(self, request: Request) -> Answer:
        """Do what is asked."""
        match request:
            case WriteMails():
                return Answer(written=self._write(request))
            case Publish():
                return self._publish(request)
            case Preview():
                return self._preview(request)

    def _write(self, request: WriteMails) -> list[Written]:
        result = []
        for number, mail in enumerate(request.mails):
            PROGRESS.pack_into(self.progress, 0, number)
            try:
                program = bounded(partial(self._program, mail.program, request.programs[mail.program]))
                BOOK.open_message(mail.message_id, mail.click_key, request.click_prefix, mail.pixel_url, program.compiled.links)
                subject, body = bounded(partial(program.write, mail.values))
                result.append(Written(mail.message_id, subject=subject, body=body, links=list(BOOK.targets)))
            except Refused as error:
                result.append(Written(mail.message_id, reason=error.reason, detail=error.detail))
            except TemplateError as error:
                result.append(Written(mail.message_id, reason="render_error", detail=error.message[:200]))
        return result

    def _publish(self, request: Publish) -> Answer:
        try:
            return Answer(compiled={language: bounded_publish(copy, language) for language, copy in request.languages.items()})
        except TemplateError as error:
            return Answer(refused={key: value for key, value in error.data.items() if value is not None})

    def _preview(self, request: Preview) -> Answer:
        try:
            program = bounded(lambda: Program(request.compiled))
            BOOK.open_message(0, b"", "", "about:blank", request.compiled.links)
            return Answer(preview=bounded(lambda: program.preview(request.values)))
        except Refused as error:
            return Answer(preview={"reason": error.reason, "detail": error.detail})


def bounded_publish(copy: Copy, language: str) -> Compiled:
    """Compile one language; a bomb in it is an error of the template."""
    try:
        return within(PUBLISH_CPU_S, partial(compile_copy, copy, language))
    except (MemoryError, RecursionError, TooLong) as error:
        raise TemplateError(f"languages.{language}", "it needs too much memory or time", "make it simpler") from error


def main() -> None:
    """Serve until standard input ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    decoder, encoder = msgspec.msgpack.Decoder(Request), msgspec.msgpack.Encoder()
    renderer = Renderer(mmap.mmap(int(sys.argv[1]), PROGRESS.size))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    limit()
    while (frame := read_frame(source)) is not None:
        allow_cpu(BATCH_CPU_S)
        write_frame(sink, encoder.encode(renderer.answer(decoder.decode(frame))))


if __name__ == "__main__":
    main()
