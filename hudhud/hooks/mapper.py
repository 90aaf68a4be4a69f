"""From bodies to messages: the mapping is evaluated in a process of its own (hooks/evaluator.py), what it makes is checked here."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.events.types import Row, check_name, check_text, lane_of, name_of, parse, person_key
from hudhud.hooks.protocol import Said, Work
from hudhud.kit.errors import HudhudError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hudhud.hooks.protocol import Given

# Longer than the process may compute for one body, on a machine that is busy.
STUCK_S = 60.0
# Nothing of the environment is of use to a mapping.
KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "COVERAGE_PROCESS_START")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where messages come from: what their ids begin with, when the body came in, and what it may say."""

    workspace_id: int
    hook_id: int
    source: str
    delivery: str
    received_at: str
    events: frozenset[str] | None


@dataclass(slots=True)
class Made:
    """What one body comes to: rows for the log, and the problem of each item (by its number) that is not among them."""

    rows: list[Row] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


def evaluate(items: str, mapping: str, bodies: Sequence[Given]) -> list[list[Said]]:
    """Return for each body what each of its items says; for fewer bodies than given, at least one, when the process ends before it is done.

    Ask again for those behind. A body is to blame only where the process was made for it: it has a problem then, and nothing of it is
    said; one in the middle may have had the time that those before it took. Raises `Unavailable` when nothing can be started.
    """
    lines = list(_lines(_run(Work(items, mapping, list(bodies)))))
    if not lines:
        raise Unavailable("The mapping process does not start; see the log of this process.")
    said: list[list[Said]] = [[]]
    for line in lines[1:]:
        if len(line) == 1:
            said.append([])
        else:
            said[-1].append(Said(line[2], line[3]))
    unfinished = said.pop()
    if bodies and not said:
        said.append([Said(problem=f"item {len(unfinished) + 1}: it needs too much time or memory")])
    return said


def _run(work: Work) -> bytes:
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "hudhud.hooks.evaluator"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
    except OSError as error:
        message = f"The mapping process cannot be started: {error}"
        raise Unavailable(message) from error
    try:
        return process.communicate(msgspec.msgpack.encode(work), STUCK_S)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def _lines(answer: bytes) -> Iterator[list[Any]]:
    """Yield whole lines: the last one may have been cut off with the process."""
    for line in answer[: answer.rfind(b"\n") + 1].splitlines():
        yield msgspec.json.decode(line)


def to_rows(origin: Origin, said: Sequence[Said]) -> Made:
    """Make rows for the intake log of what the items of one body say; what is no message is a problem of its item alone."""
    made = Made()
    for number, item in enumerate(said):
        if item.problem:
            made.problems.append((number, item.problem))
        for place, message in enumerate(item.messages):
            try:
                made.rows.append(_row(origin, f"{number}.{place}", message))
            except HudhudError as error:
                made.problems.append((number, error.message))
    return made


def _row(origin: Origin, place: str, message: dict[str, Any]) -> Row:
    whole = complete(origin, place, message)
    raw = msgspec.json.encode(whole)
    check_text(raw)
    checked = parse(raw)
    check_name(name_of(checked), origin.events)
    return Row(origin.workspace_id, lane_of(person_key(checked)), origin.source, raw)


def complete(origin: Origin, place: str, message: dict[str, Any]) -> dict[str, Any]:
    """Add an id that is the same when the body comes again, or is mapped again, and the time of reception where none is said.

    An id that the mapping takes from the body counts within the source, for one kind and name of message.
    """
    given = message.get("messageId")
    named = f"{given}:{message.get('type')}:{message.get('event') or ''}" if given not in (None, "") else f"{origin.delivery}:{place}"
    times = {} if message.get("timestamp") or message.get("originalTimestamp") else {"timestamp": origin.received_at}
    return {**message, **times, "messageId": f"hook:{origin.hook_id}:{named}"}
