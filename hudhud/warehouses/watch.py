"""The reading process's own guard: it counts the time that the database takes, and that alone, and ends the process when nobody reads it any more."""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOK_S = 0.1
# So long a database may take to answer that it has stopped.
FAREWELL_S = 3.0
# Nobody is there to be told.
ALONE = 1


class Watch:
    """Runs beside the reading, which says when it waits for the database.

    `stop` asks the database to end the query; it may itself take long. `give_up` ends the process where that does not help.
    """

    def __init__(self, longest_s: float, stop: Callable[[], object], give_up: Callable[[], object]) -> None:
        """Allow the database so many seconds in all."""
        self.longest_s, self.stop, self.give_up = longest_s, stop, give_up
        self.is_over = False
        self._spent_s = 0.0
        self._since: float | None = None

    @contextmanager
    def theirs(self) -> Iterator[None]:
        """Count what is done here as the database's time: ours, making rows and waiting until somebody takes them, is not."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._spent_s, self._since = self.spent_s, None

    @property
    def spent_s(self) -> float:
        """How long the database has taken so far."""
        since = self._since
        return self._spent_s + (time.monotonic() - since if since is not None else 0.0)

    def begin(self, lifeline: int) -> None:
        """Watch from a thread of its own; `lifeline` is a pipe whose end means that our reader is gone."""
        threading.Thread(target=self._run, args=(lifeline,), daemon=True).start()

    def _run(self, lifeline: int) -> None:
        given_up_at = 0.0
        while True:
            if select.select([lifeline], [], [], LOOK_S)[0] and not os.read(lifeline, 1):
                # A kill of our reader takes no leave; the query must not go on for nobody.
                os._exit(ALONE)
            if self._since is None or self.spent_s <= self.longest_s:
                continue
            if not self.is_over:
                self.is_over, given_up_at = True, time.monotonic() + FAREWELL_S
                threading.Thread(target=self._stop, daemon=True).start()
            elif time.monotonic() > given_up_at:
                self.give_up()

    def _stop(self) -> None:
        # Whatever it says, the query ends or this process does.
        with suppress(Exception):
            self.stop()
