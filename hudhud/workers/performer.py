"""The process of one rehearsal: `python -m hudhud.workers.performer WORKSPACE ID FENCE`, started by the rehearsals role.

It writes down how far it is and what came of it under its fence: after another took it up, or it was cancelled, it writes nothing. It ends itself
when that has happened, and when the role that looks after it is gone.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import structlog

from hudhud.content.sandbox import Sandbox
from hudhud.journeys.rehearsing.performing import Performed, Stage, perform
from hudhud.journeys.rehearsing.rehearsals import Request
from hudhud.kit import log as logs
from hudhud.kit import sql
from hudhud.kit.clock import from_setting
from hudhud.kit.config import settings
from hudhud.kit.db import Database
from hudhud.kit.errors import HudhudError
from hudhud.people.actions import hold

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.clock import Clock

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
TELL_S = 0.5
NICENESS = 10
MEMORY_BYTES = 6 * 2**30  # of addresses, not of memory in use
TOO_MUCH = "It needs too much memory; choose a shorter span, or fewer journeys."
UNKNOWN = "It could not be performed ({}); the log of the workers says more."

log = structlog.get_logger()


class Dismissed(Exception):
    """It was cancelled, another has it, or nobody looks after it."""


@dataclass
class Performer:
    """One rehearsal in the hands of this process."""

    db: Database
    clock: Clock
    workspace_id: int
    id: int
    fence: int
    parent: int
    told: float = 0.0

    def pulse(self, at: datetime, people: int) -> None:
        """Say how far it is, now and then; raises `Dismissed`."""
        if os.getppid() != self.parent:
            raise Dismissed
        if time.monotonic() - self.told < TELL_S:
            return
        with self.db.workspace(self.workspace_id) as ws:
            if not ws.run(QUERIES.move, id=self.id, fence=self.fence, at=at, people=people):
                raise Dismissed
        self.told = time.monotonic()

    def close(self, done: Performed | None, problem: str = "") -> None:
        """Write down what came of it, and the mails, in one transaction; nothing under an old fence."""
        with self.db.workspace(self.workspace_id) as ws:
            if done is not None and done.samples:
                # First of all, as everywhere: whoever is erased at this moment would not find these mails.
                hold(ws)
            finished = {
                "state": "failed" if done is None else "done",
                "result": None if done is None else msgspec.json.encode(done.to_dict()).decode(),
                "digests": "{}" if done is None else msgspec.json.encode(done.digests).decode(),
                "problem": problem,
                "people": None if done is None else sum(one.runs for one in done.together.journeys),
                "now": self.clock.now(),
            }
            if ws.run(QUERIES.finish, id=self.id, fence=self.fence, **finished) and done is not None:
                person_ids = sql.numbers(one["person_id"] for one in done.samples)
                ws.run(QUERIES.add_samples, id=self.id, person_ids=person_ids, bodies=sql.texts([_text(one) for one in done.samples]))


def _text(sample: dict[str, object]) -> str:
    return msgspec.json.encode(sample).decode()


def main() -> None:
    """Perform one rehearsal, and write down what came of it."""
    workspace_id, rehearsal_id, fence = map(int, sys.argv[1:4])
    chosen = settings()
    logs.set_up("performer", chosen.log_level)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # Whoever is asked to end cleans up first: a scratch database would lie there for hours.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    database, sandbox = Database(chosen.database_url).open(), Sandbox()
    performer = Performer(database, from_setting(chosen.clock), workspace_id, rehearsal_id, fence, os.getppid())
    try:
        _perform(performer, Stage(database, chosen.clickhouse_url, sandbox, chosen.base_url))
    except (Dismissed, KeyboardInterrupt):
        log.info("rehearsal.dismissed", id=rehearsal_id)
    except HudhudError as error:
        performer.close(None, error.message)
    except MemoryError:
        performer.close(None, TOO_MUCH)
    except Exception as error:
        # Its text may quote a row, which is about a person.
        log.exception("rehearsal.failed", id=rehearsal_id)
        performer.close(None, UNKNOWN.format(type(error).__name__))
        raise SystemExit(1) from None
    finally:
        sandbox.close()
        database.close()


def _perform(performer: Performer, stage: Stage) -> None:
    with performer.db.workspace(performer.workspace_id) as ws:
        row = ws.one(QUERIES.take, id=performer.id, fence=performer.fence)
    if row is None:
        raise Dismissed
    request = msgspec.convert(row["request"], Request, strict=False)
    span = row["begins_at"], row["ends_at"]
    performer.close(perform(stage, performer.workspace_id, request, *span, performer.clock.now(), performer.pulse))


if __name__ == "__main__":
    main()
