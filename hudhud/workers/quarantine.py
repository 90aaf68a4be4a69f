"""One event that cannot be taken costs that one event: a batch that fails is halved until the culprit stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import psycopg
import structlog
from clickhouse_connect.driver.exceptions import DatabaseError
from psycopg.errors import ProgramLimitExceeded, StatementTooComplex
from psycopg_pool import PoolTimeout

from hudhud.events.actions import LeaseLost
from hudhud.kit.clickhouse import is_bad_data
from hudhud.kit.errors import HudhudError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hudhud.events.types import Event
    from hudhud.kit.db import Scope

# What PostgreSQL says when a value is the cause; whatever else it says is about the server, the schema or the connection.
_VALUES = (psycopg.DataError, psycopg.IntegrityError, ProgramLimitExceeded, StatementTooComplex)
# Bugs that a value brings to light, in our code or below it.
_BUGS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError, HudhudError, msgspec.MsgspecError,
)  # fmt: skip
MAX_DETAIL = 300

log = structlog.get_logger()


def is_poison(error: BaseException) -> bool:
    """Say whether the same rows would fail again while others would not; an engine that is away, or a lost lease, is no such thing."""
    if isinstance(error, LeaseLost | PoolTimeout | OSError | MemoryError):
        return False
    if isinstance(error, psycopg.Error):
        is_ours = isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None  # the driver cannot write the value
        return is_ours or isinstance(error, _VALUES)
    return is_bad_data(error) if isinstance(error, DatabaseError) else isinstance(error, _BUGS)


def isolate(
    scope: Scope, events: Sequence[Event], attempt: Callable[[Sequence[Event]], None], keep: Callable[[], None]
) -> list[tuple[Event, Exception]]:
    """Let `attempt` take the events, in order; all effects of those that it can take stand, the others are returned with their errors.

    What fails without any event is nobody's fault among them, and raised. `keep` is called between attempts: they may take a while.
    """
    failed = _try(scope, events, attempt)
    if failed is None:
        return []
    if blameless := _try(scope, (), attempt):
        raise blameless
    return _halve(scope, events, failed, attempt, keep)


def _halve(
    scope: Scope, events: Sequence[Event], failed: Exception, attempt: Callable[[Sequence[Event]], None], keep: Callable[[], None]
) -> list[tuple[Event, Exception]]:
    if len(events) == 1:
        # PostgreSQL's own text quotes the row, which is about a person.
        trace = None if isinstance(failed, psycopg.Error) else failed
        log.error(
            "intake.poison", message_id=events[0].message_id, workspace_id=events[0].workspace_id, error=explain(failed), exc_info=trace
        )
        return [(events[0], failed)]
    half = len(events) // 2
    culprits = []
    for some in (events[:half], events[half:]):
        keep()
        if error := _try(scope, some, attempt):
            culprits += _halve(scope, some, error, attempt, keep)
    return culprits


def _try(scope: Scope, events: Sequence[Event], attempt: Callable[[Sequence[Event]], None]) -> Exception | None:
    """Take the events, or nothing of them; raises what is not about them."""
    try:
        with scope.conn.transaction():
            attempt(events)
    except Exception as error:
        if not is_poison(error):
            raise
        return error
    return None


def explain(error: Exception) -> str:
    """Say in one line what the engine said."""
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    text = " ".join(str(said or error).split())
    return f"{type(error).__name__}: {text}"[:MAX_DETAIL].replace("\0", "")
