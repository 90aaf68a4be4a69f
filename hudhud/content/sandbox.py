"""The worker's side of the render process: start, ask, kill on excess, start again.

The process tells in shared memory which mail it works on, so when it dies that one alone is refused and the rest goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import subprocess
import sys
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from hudhud.content.brand import PLAIN, Look
from hudhud.content.pipe import receive_frame, send_frame
from hudhud.content.protocol import (
    BODIES_AT,
    BODIES_SIZE,
    Answer,
    Blank,
    Examine,
    Examined,
    Fill,
    Filled,
    Preview,
    Publish,
    Request,
    WriteMails,
    Written,
)
from hudhud.content.types import Compiled, Copy, TemplateError
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hudhud.content.protocol import Mail

# How much CPU time the process may use for one mail, or for compiling one template. Not the wall clock: on a busy machine
# that would cost people their mail, and a template has nothing to wait for.
MAIL_CPU_S = 1.0
PUBLISH_CPU_S = 8.0
# Longer than any machine is busy: the process is broken. Also the limit of its start.
STUCK_S = 60.0
PIPE_SIZE = 256 * 2**10
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


class Excess(Exception):
    """The render process uses too much, or does not get on at all."""


class Watch:
    """Looks after the render process while it works on one request."""

    def __init__(self, pid: int, progress: memoryview[int], cpu_s: float) -> None:
        """Begin; `cpu_s` is what it may use for one thing."""
        self.pid, self.progress, self.cpu_s = pid, progress, cpu_s
        self.seen, self.used, self.since = -1, 0.0, time.monotonic()

    def look(self) -> None:
        """Compare with the last look; raises `Excess`."""
        number, now = self.progress[0], cpu_seconds(self.pid)
        if number != self.seen:
            self.seen, self.used, self.since = number, now, time.monotonic()
        elif now - self.used > self.cpu_s or time.monotonic() - self.since > STUCK_S:
            raise Excess


class Sandbox:
    """One render process; safe to use from several threads (one request at a time)."""

    def __init__(self) -> None:
        """Start lazily, at the first request."""
        self._lock = threading.Lock()
        self._file = os.memfd_create("hudhud-mails", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self._file, BODIES_AT + BODIES_SIZE)
        # Whatever breaks loose over there must not pull the ground from under us.
        fcntl.fcntl(self._file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        self._memory = memoryview(mmap.mmap(self._file, BODIES_AT + BODIES_SIZE))
        self._progress = self._memory[:8].cast("Q")
        self._process: subprocess.Popen[bytes] | None = None
        self._encoder, self._decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Answer)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()
            self._progress.release()
            self._memory.release()
            os.close(self._file)

    def write(self, base_url: str, programs: Mapping[str, Compiled], mails: Sequence[Mail], heads: Sequence[bytes]) -> list[Written]:
        """Write mails, in order, each behind its head; each result is a mail or the reason why it cannot be written."""
        result: list[Written] = []
        while mails:
            try:
                return result + self._write(base_url, programs, mails, heads)
            except Died as death:
                # Those before the poison are written once more: the same values give the same mail.
                poison = min(death.number, len(mails) - 1)
                if poison:
                    result += self.write(base_url, programs, mails[:poison], heads[:poison])
                result.append(Written(mails[poison].message_id, reason="render_limit", detail=TOO_MUCH))
                mails, heads = mails[poison + 1 :], heads[poison + 1 :]
        return result

    def _write(self, base_url: str, programs: Mapping[str, Compiled], mails: Sequence[Mail], heads: Sequence[bytes]) -> list[Written]:
        used = {mail.program for mail in mails}
        request = WriteMails(base_url, {key: programs[key] for key in used}, list(mails))
        with self._lock:
            written = self._ask(request, MAIL_CPU_S).written or []
            return self._put_together(written, heads)

    def _put_together(self, written: list[Written], heads: Sequence[bytes]) -> list[Written]:
        """Fetch the bodies; nobody may ask for anything else before."""
        for one, head in zip(written, heads, strict=True):
            if one.shared:
                one.body = b"".join((head, self._memory[one.place : one.place + one.shared]))
            elif one.body:
                one.body = head + one.body
        return written

    def publish(self, languages: dict[str, Copy], look: Look = PLAIN) -> dict[str, Compiled]:
        """Compile every language of a template; raises `TemplateError`."""
        try:
            answer = self._locked(Publish(languages, look), PUBLISH_CPU_S)
        except Died:
            raise TemplateError("languages", "compiling needs too much time or memory", "make the template simpler") from None
        if answer.refused is not None:
            raise _refused(answer.refused)
        return answer.compiled or {}

    def preview(self, compiled: Compiled, values: dict[str, Any], preheader: str = "") -> dict[str, str]:
        """Return subject, preheader, html and text for one person; or `reason` and `detail`, as that person would be skipped."""
        try:
            return self._locked(Preview(compiled, msgspec.json.encode(values), preheader), MAIL_CPU_S).preview or {}
        except Died:
            return {"reason": "render_limit", "detail": TOO_MUCH}

    def examine(self, language: str, copy: Copy, look: Look) -> Examined:
        """Compile a copy and look into it; raises `TemplateError`."""
        try:
            answer = self._locked(Examine(language, copy, look), PUBLISH_CPU_S)
        except Died:
            raise TemplateError(
                f"languages.{language}", "it needs too much time or memory", "make it simpler", kind="too_complex"
            ) from None
        if answer.refused is not None:
            raise _refused(answer.refused)
        assert answer.examined is not None
        return answer.examined

    def fill(self, blanks: list[Blank], facts: Sequence[bytes]) -> list[Filled]:
        """Fill texts in for each of `facts`; none: only check them. Raises `TemplateError` for a text that is not sound."""
        try:
            answer = self._locked(Fill(blanks, list(facts)), MAIL_CPU_S)
        except Died as death:
            if not facts:
                raise TemplateError("texts", "they need too much time or memory", "make them simpler") from None
            poison = min(death.number, len(facts) - 1)
            before = self.fill(blanks, facts[:poison]) if poison else []
            after = self.fill(blanks, facts[poison + 1 :]) if facts[poison + 1 :] else []
            return [*before, Filled(reason="render_limit", detail=TOO_MUCH), *after]
        if answer.refused is not None:
            raise _refused(answer.refused)
        return answer.filled or []

    def _locked(self, request: Request, cpu_s: float) -> Answer:
        with self._lock:
            return self._ask(request, cpu_s)

    def _ask(self, request: Request, cpu_s: float) -> Answer:
        frame = self._exchange(self._running(), request, cpu_s)
        if frame is None:
            self._end()
            raise Died(self._progress[0])
        return self._decoder.decode(frame)

    def _exchange(self, process: subprocess.Popen[bytes], request: Request, cpu_s: float) -> bytes | None:
        """Send a request and wait for the answer, under watch; None when the process died of it."""
        self._progress[0] = 0
        watch = Watch(process.pid, self._progress, cpu_s)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            send_frame(process.stdin.fileno(), self._encoder.encode(request), watch.look)
            return receive_frame(process.stdout.fileno(), watch.look)
        except Excess:
            process.kill()
            return None
        except BrokenPipeError:
            return None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "hudhud.content.renderer", str(self._file)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    bufsize=0,
                    pipesize=PIPE_SIZE,
                    env=environment,
                    pass_fds=(self._file,),
                )
                for pipe in (self._process.stdin, self._process.stdout):
                    assert pipe is not None
                    os.set_blocking(pipe.fileno(), False)
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


def _refused(told: Mapping[str, Any]) -> TemplateError:
    return TemplateError(told["field"], told["problem"], told["remedy"], told.get("line"), kind=told.get("kind", "unsound"))


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
