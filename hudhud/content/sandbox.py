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
from typing import TYPE_CHECKING

import msgspec

from hudhud.content.protocol import PROGRESS, Answer, Preview, Publish, Request, WriteMails, Written, read_frame, write_frame
from hudhud.content.types import Compiled, Copy, TemplateError
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hudhud.content.protocol import Mail

# How long the process may work on one mail, or on compiling one template, by the wall clock.
MAIL_WALL_S = 1.0
PUBLISH_WALL_S = 8.0
WATCH_EVERY_S = 0.1
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
        return self._ask(WriteMails(click_prefix, {key: programs[key] for key in used}, mails), MAIL_WALL_S).written or []

    def publish(self, languages: dict[str, Copy]) -> dict[str, Compiled]:
        """Compile every language of a template; raises `TemplateError`."""
        try:
            answer = self._ask(Publish(languages), PUBLISH_WALL_S)
        except Died:
            raise TemplateError("languages", "compiling needs too much time or memory", "make the template simpler") from None
        if answer.refused is not None:
            told = answer.refused
            raise TemplateError(told["field"], told["problem"], told["remedy"], told.get("line"))
        return answer.compiled or {}

    def preview(self, compiled: Compiled, values: dict[str, Any]) -> dict[str, str]:
        """Return subject, html and text for one person; or `reason` and `detail`, as that person would be skipped."""
        try:
            return self._ask(Preview(compiled, values), MAIL_WALL_S).preview or {}
        except Died:
            return {"reason": "render_limit", "detail": TOO_MUCH}

    def _ask(self, request: Request, wall_s: float) -> Answer:
        with self._lock:
            process = self._running()
            done = threading.Event()
            watch = threading.Thread(target=self._watch, args=(process, done, wall_s), daemon=True)
            PROGRESS.pack_into(self._progress, 0, 0)
            watch.start()
            try:
                write_frame(process.stdin, self._encoder.encode(request))  # type: ignore[arg-type] -- a pipe, see _running
                frame = read_frame(process.stdout)  # type: ignore[arg-type]
            except BrokenPipeError:
                frame = None
            finally:
                done.set()
                watch.join()
            if frame is None:
                self._end()
                raise Died(PROGRESS.unpack_from(self._progress)[0])
            return self._decoder.decode(frame)

    def _watch(self, process: subprocess.Popen[bytes], done: threading.Event, wall_s: float) -> None:
        """Kill the process when it works longer than `wall_s` on one thing."""
        seen, since = -1, time.monotonic()
        while not done.wait(WATCH_EVERY_S):
            number = PROGRESS.unpack_from(self._progress)[0]
            if number != seen:
                seen, since = number, time.monotonic()
            elif time.monotonic() - since > wall_s:
                process.kill()
                return

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "hudhud.content.renderer", str(self._progress_file)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    env=environment, pass_fds=(self._progress_file,),
                )
            except OSError as error:
                message = f"The render process cannot be started: {error}"
                raise Unavailable(message) from error
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr] -- both are pipes
