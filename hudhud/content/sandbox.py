"""The worker's side of the render process: start, ask, kill on excess, start again.

The process tells in shared memory which mail it works on, so when it dies that one alone is refused and the rest goes on.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import subprocess
import sys
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import msgspec

from hudhud.content.protocol import PROGRESS, Answer, Preview, Publish, Request, WriteMails, Written, read_frame, write_frame
from hudhud.content.types import Compiled, Copy, TemplateError
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO, Any

    from hudhud.content.protocol import Mail

# How much CPU time the process may use for one mail, or for compiling one template. Not the wall clock: on a busy machine
# that would cost people their mail, and a template has nothing to wait for.
MAIL_CPU_S = 1.0
PUBLISH_CPU_S = 8.0
# Longer than any machine is busy: the process is broken. Also the limit of its start.
STUCK_S = 60.0
WATCH_EVERY_S = 0.1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
TOO_MUCH = "the template needs too much time or memory for this person"
# Nothing of the environment is of use to a template.
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "COVERAGE_PROCESS_START")


class Died(Exception):
    """The render process ended or ran out of time in the middle of a request."""

    def __init__(self, number: int) -> None:
        """Remember which mail of the batch it was about."""
        super().__init__(f"at mail {number}")
        self.number = number


class Sandbox:
    """One render process; safe to use from several threads (one request at a time)."""

    def __init__(self) -> None:
        """Start lazily, at the first request."""
        self._lock = threading.Lock()
        self._progress_file = os.memfd_create("hudhud-progress")
        os.ftruncate(self._progress_file, PROGRESS.size)
        self._progress = mmap.mmap(self._progress_file, PROGRESS.size)
        self._process: subprocess.Popen[bytes] | None = None
        self._encoder, self._decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Answer)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()
            self._progress.close()
            os.close(self._progress_file)

    def write(self, click_prefix: str, programs: Mapping[str, Compiled], mails: list[Mail]) -> list[Written]:
        """Write mails, in order; each result is a mail or the reason why it cannot be written."""
        result: list[Written] = []
        while mails:
            try:
                return result + self._write(click_prefix, programs, mails)
            except Died as death:
                # Those before the poison are written once more: the same values give the same mail.
                poison = min(death.number, len(mails) - 1)
                if poison:
                    result += self.write(click_prefix, programs, mails[:poison])
                result.append(Written(mails[poison].message_id, reason="render_limit", detail=TOO_MUCH))
                mails = mails[poison + 1 :]
        return result

    def _write(self, click_prefix: str, programs: Mapping[str, Compiled], mails: list[Mail]) -> list[Written]:
        used = {mail.program for mail in mails}
        return self._ask(WriteMails(click_prefix, {key: programs[key] for key in used}, mails), MAIL_CPU_S).written or []

    def publish(self, languages: dict[str, Copy]) -> dict[str, Compiled]:
        """Compile every language of a template; raises `TemplateError`."""
        try:
            answer = self._ask(Publish(languages), PUBLISH_CPU_S)
        except Died:
            raise TemplateError("languages", "compiling needs too much time or memory", "make the template simpler") from None
        if answer.refused is not None:
            told = answer.refused
            raise TemplateError(told["field"], told["problem"], told["remedy"], told.get("line"))
        return answer.compiled or {}

    def preview(self, compiled: Compiled, values: dict[str, Any]) -> dict[str, str]:
        """Return subject, html and text for one person; or `reason` and `detail`, as that person would be skipped."""
        try:
            return self._ask(Preview(compiled, values), MAIL_CPU_S).preview or {}
        except Died:
            return {"reason": "render_limit", "detail": TOO_MUCH}

    def _ask(self, request: Request, cpu_s: float) -> Answer:
        with self._lock:
            frame = self._exchange(self._running(), request, cpu_s)
            if frame is None:
                self._end()
                raise Died(PROGRESS.unpack_from(self._progress)[0])
            return self._decoder.decode(frame)

    def _exchange(self, process: subprocess.Popen[bytes], request: Request, cpu_s: float) -> bytes | None:
        """Send a request and wait for the answer, under watch; None when the process died of it."""
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(process, done, cpu_s), daemon=True)
        PROGRESS.pack_into(self._progress, 0, 0)
        watch.start()
        try:
            write_frame(cast("IO[bytes]", process.stdin), self._encoder.encode(request))
            return read_frame(cast("IO[bytes]", process.stdout))
        except BrokenPipeError:
            return None
        finally:
            done.set()
            watch.join()

    def _watch(self, process: subprocess.Popen[bytes], done: threading.Event, cpu_s: float) -> None:
        """Kill the process when it uses more than `cpu_s` of CPU time for one thing, or does not get on at all."""
        seen, used, since = -1, 0.0, time.monotonic()
        while not done.wait(WATCH_EVERY_S):
            number, now = PROGRESS.unpack_from(self._progress)[0], cpu_seconds(process.pid)
            if number != seen:
                seen, used, since = number, now, time.monotonic()
            elif now - used > cpu_s or time.monotonic() - since > STUCK_S:
                process.kill()
                return

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "hudhud.content.renderer", str(self._progress_file)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=environment,
                    pass_fds=(self._progress_file,),
                )
            except OSError as error:
                message = f"The render process cannot be started: {error}"
                raise Unavailable(message) from error
            # Its start is nobody's mail: no limit but that it comes at all.
            if self._exchange(self._process, WriteMails("", {}, []), STUCK_S) is None:
                self._end()
                raise Unavailable("The render process does not start; see the log of this process.")
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 -- read ten times a second
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


@lru_cache(maxsize=1)
def shared() -> Sandbox:
    """The one render process of a web process."""
    return Sandbox()
