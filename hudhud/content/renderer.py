"""The render process: `python -m hudhud.content.renderer`. Reads requests on standard input, answers on standard output.

It holds no keys and opens no files or connections. Its memory is limited (RLIMIT_AS) to what it has after start plus an allowance, its
CPU time (RLIMIT_CPU) anew for each batch; a message that takes too much of it is given up. Whoever started it watches it too.
"""

from __future__ import annotations

import gc
import mmap
import resource
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import msgspec

from hudhud.content.blanks import fill_in, read_blanks
from hudhud.content.checking.lacking import find_needed
from hudhud.content.liquid import without_nulls
from hudhud.content.pipe import read_frame, write_frame
from hudhud.content.program import Program, TooLong, refusal
from hudhud.content.protocol import (
    BODIES_AT,
    BODIES_SIZE,
    Answer,
    Examine,
    Examined,
    Fill,
    Filled,
    Mail,
    Preview,
    Publish,
    Request,
    WriteMails,
    Written,
)
from hudhud.content.publish import Built, build
from hudhud.content.types import Copy, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.content.brand import Look

EXTRA_MEMORY = 128 * 2**20
T = TypeVar("T")
# A message that is still in work at so many ticks in a row (of CPU time) is given up.
TICK_CPU_S, MOST_TICKS = 0.25, 3
PREVIEW_CPU_S = 0.5
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def allow_cpu(seconds: float) -> None:
    """Let the process use this much more CPU time before the system kills it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do some work within this much CPU time; raises `TooLong`."""
    signal.signal(signal.SIGVTALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


class Renderer:
    """Answers requests; keeps the programs it has compiled."""

    def __init__(self, memory: mmap.mmap) -> None:
        """Start with nothing compiled; `memory` is shared with the other side (content/protocol.py)."""
        self.memory = memory
        self.progress = memoryview(memory)[:8].cast("Q")
        self.programs: dict[tuple[str, str], Program] = {}
        self.latest: list[Built] = []
        self.facts = msgspec.json.Decoder(dict[str, dict[str, Any]])
        self.seen, self.ticks, self.used = -1, 0, 0

    def _program(self, key: str, request: WriteMails) -> Program:
        place = (key, request.base_url)
        if place not in self.programs:
            while len(self.programs) >= KEPT_PROGRAMS:
                self.programs.pop(next(iter(self.programs)))
            self.programs[place] = Program(request.programs[key], request.base_url)
        return self.programs[place]

    def answer(self, request: Request) -> Answer:
        """Do what is asked."""
        match request:
            case WriteMails():
                return Answer(written=self._write(request))
            case Publish():
                return self._publish(request)
            case Preview():
                return self._preview(request)
            case Fill():
                return self._fill(request)
            case Examine():
                return self._examine(request)

    def _write(self, request: WriteMails) -> list[Written]:
        """One clock ticks for the whole batch: setting one for each mail would cost as much as writing a small mail."""
        self.seen, self.used, written = -1, 0, list[Written]()
        signal.signal(signal.SIGVTALRM, self._tick)
        signal.setitimer(signal.ITIMER_VIRTUAL, TICK_CPU_S, TICK_CPU_S)
        try:
            while len(written) < len(request.mails):
                self._write_on(request, written)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return written

    def _write_on(self, request: WriteMails, written: list[Written]) -> None:
        """Write the rest of a batch, or until a mail cannot be written."""
        try:
            for mail in request.mails[len(written) :]:
                self.progress[0] = len(written)
                written.append(self._write_one(mail, request))
        except Exception as error:  # noqa: BLE001 -- `refusal` raises what it does not know
            refused = refusal(error)
            # The clock may strike between two mails.
            if len(written) == self.progress[0]:
                written.append(Written(mail.message_id, reason=refused.reason, detail=refused.detail))

    def _tick(self, _signal: int, _frame: object) -> None:
        number = self.progress[0]
        self.ticks = self.ticks + 1 if number == self.seen else 1
        self.seen = number
        if self.ticks >= MOST_TICKS:
            raise TooLong

    def _write_one(self, mail: Mail, request: WriteMails) -> Written:
        program = self.programs.get((mail.program, request.base_url)) or self._program(mail.program, request)
        facts = self.facts.decode(mail.facts)
        if b"null" in mail.facts:
            facts = without_nulls(facts)
        subject, body, links = program.write(facts, mail.message_id, mail.key, mail.unsubscribe)
        start = BODIES_AT + self.used
        if len(body) > BODIES_SIZE - self.used:
            return Written(mail.message_id, subject=subject, body=body, links=links)
        # Taken first: the clock may strike at any line, and no other mail may be written over or read for this one.
        self.used += len(body)
        self.memory[start : start + len(body)] = body
        return Written(mail.message_id, subject=subject, shared=len(body), links=links, place=start)

    def _publish(self, request: Publish) -> Answer:
        try:
            built = {language: bounded_publish(copy, language, request.look) for language, copy in request.languages.items()}
        except TemplateError as error:
            return Answer(refused={key: value for key, value in error.data.items() if value is not None})
        # Whoever compiles a copy may want to see it next.
        self.latest = list(built.values())[-1:]
        return Answer(compiled={language: one.compiled for language, one in built.items()})

    def _preview(self, request: Preview) -> Answer:
        try:
            known = next((one.program for one in self.latest if one.compiled == request.compiled), None)
            program = known or within(PREVIEW_CPU_S, partial(Program, request.compiled))
            return Answer(preview=within(PREVIEW_CPU_S, partial(program.preview, msgspec.json.decode(request.values), request.preheader)))
        except Exception as error:  # noqa: BLE001 -- `refusal` raises what it does not know
            refused = refusal(error)
            return Answer(preview={"reason": refused.reason, "detail": refused.detail})

    def _examine(self, request: Examine) -> Answer:
        try:
            built = bounded_publish(request.copy, request.language, request.look)
            needed = within(PUBLISH_CPU_S, partial(find_needed, built.program))
        except TemplateError as error:
            return Answer(refused={key: value for key, value in error.data.items() if value is not None})
        except (MemoryError, RecursionError, TooLong):
            needed = []
        left_out = {block: sorted(tags) for block, tags in built.left_out.items()}
        return Answer(examined=Examined(built.compiled, left_out, needed))

    def _fill(self, request: Fill) -> Answer:
        try:
            blanks = within(PUBLISH_CPU_S, partial(read_blanks, request.blanks))
        except TemplateError as error:
            return Answer(refused={key: value for key, value in error.data.items() if value is not None})
        except (MemoryError, RecursionError, TooLong) as error:
            return Answer(
                refused={
                    "field": "texts",
                    "problem": f"they need too much memory or time ({type(error).__name__})",
                    "remedy": "make them simpler",
                }
            )
        filled = []
        for number, facts in enumerate(request.facts):
            self.progress[0] = number
            try:
                values = without_nulls(self.facts.decode(facts))
                filled.append(Filled(within(PREVIEW_CPU_S, partial(fill_in, blanks, values))))
            except Exception as error:  # noqa: BLE001 -- `refusal` raises what it does not know
                refused = refusal(error)
                filled.append(Filled(reason=refused.reason, detail=refused.detail))
        return Answer(filled=filled)


def bounded_publish(copy: Copy, language: str, look: Look) -> Built:
    """Compile one language; a bomb in it is an error of the template."""
    try:
        return within(PUBLISH_CPU_S, partial(build, copy, language, look))
    except (MemoryError, RecursionError, TooLong) as error:
        raise TemplateError(f"languages.{language}", "it needs too much memory or time", "make it simpler", kind="too_complex") from error


def main() -> None:
    """Serve until standard input ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    decoder, encoder = msgspec.msgpack.Decoder(Request), msgspec.msgpack.Encoder()
    renderer = Renderer(mmap.mmap(int(sys.argv[1]), BODIES_AT + BODIES_SIZE))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    limit()
    while (frame := read_frame(source)) is not None:
        allow_cpu(BATCH_CPU_S)
        write_frame(sink, encoder.encode(renderer.answer(decoder.decode(frame))))


if __name__ == "__main__":
    main()
