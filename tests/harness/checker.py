"""The checker: compares the history, the ledger and both databases after a run and asserts I1–I10 (promises.md, 3).

Each invariant is a function that returns what is wrong, one line a finding; `check` raises with all of them. Every one of them
is fed a violation in test_checker.py: a check that cannot fail proves nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hudhud.journeys.graph import parse
from hudhud.kit import sql
from tests.harness.history import promised_events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope
    from tests.harness.book import Entry
    from tests.harness.history import Call
    from tests.harness.sampler import Sample

QUERIES = sql.load("tests.harness", "checker.sql")
SHOWN = 5
_OUR_ID = re.compile(r"<(\d+)[.@]")


@dataclass(frozen=True)
class Evidence:
    """Everything that is known after a run."""

    ws: Scope  # over all workspaces
    ch: Client
    calls: Sequence[Call] = ()
    ledger: Sequence[Entry] = ()
    samples: Sequence[Sample] = ()
    unsubscribe_s: float = 5.0
    lease_grace_s: float = 30.0
    most_attempts: int = 20
    ceilings_mb: dict[str, float] = field(default_factory=lambda: {"edge": 256, "web": 256, "worker": 256, "clickhouse": 1536})
    most_backlog: int = 0


def row_of(entry: Entry) -> int:
    """Return the id of the message row that a mail belongs to: it stands in the Message-ID; 0 when there is none."""
    found = _OUR_ID.match(entry.message_id)
    return int(found[1]) if found else 0


def events_are_there(seen: Evidence) -> list[str]:
    """I1: no acknowledged event is missing: it is in ClickHouse, or refused with its reason kept."""
    promised = promised_events(seen.calls).keys()
    refused = {row[0] for row in seen.ws.rows(QUERIES.refused)}
    findings = []
    for table in ("event", "person_event"):
        there = {row[0] for row in seen.ch.query(f"SELECT DISTINCT message_id FROM {table}").result_rows}
        missing = sorted(promised - there - refused)
        if missing:
            findings.append(f"{len(missing)} of {len(promised)} acknowledged events are not in {table}: {_some(missing)}")
    return findings


def events_are_there_once(seen: Evidence) -> list[str]:
    """I2: no event is processed twice."""
    findings = []
    for table in ("event", "person_event"):
        rows = seen.ch.query(f"SELECT message_id, count() AS n FROM {table} GROUP BY workspace_id, message_id HAVING n > 1").result_rows
        if rows:
            findings.append(f"{len(rows)} events are in {table} more than once: {_some(f'{name} x {count}' for name, count in rows)}")
    return findings


def mails_match_their_rows(seen: Evidence) -> list[str]:
    """I3: at most one mail for each row unless it may be repeated; none without a row; one for each that we call accepted."""
    mails = Counter(row_of(entry) for entry in seen.ledger)
    rows = {row["id"]: row for row in seen.ws.all(QUERIES.messages)}
    findings = []
    for row_id, count in sorted(mails.items()):
        row = rows.get(row_id)
        if row is None:
            findings.append(f"{count} mails left without a row (Message-ID says {row_id})")
        elif count > 1 and row["stream"] == "marketing":
            findings.append(f"message {row_id} ({row['state']}) left {count} times")
        elif row["state"] in {"skipped", "rejected", "planned"}:
            findings.append(f"message {row_id} is {row['state']}, but it left")
    lost = [row_id for row_id, row in rows.items() if row["state"] in {"accepted", "delivered"} and not mails[row_id]]
    if lost:
        findings.append(f"{len(lost)} messages are called accepted, but never arrived: {_some(lost)}")
    return findings


def everything_has_ended(seen: Evidence) -> list[str]:
    """I4: every message is in an end state that its last outcome explains; every run stands somewhere or has ended, and has done what it should."""
    return [
        *(
            f"message {row['id']} is still {row['state']} ({row['reason']}, {row['attempts']} attempts)"
            for row in seen.ws.all(QUERIES.undelivered)
        ),
        *(
            f"message {row['id']} is {row['state']}, its last outcome says {row['last_outcome']}"
            for row in seen.ws.all(QUERIES.unexplained)
        ),
        *(f"run {row['id']} has outcome {row['outcome']} and stands at {row['node']}" for row in seen.ws.all(QUERIES.half_ended_runs)),
        *(f"run {row['run_id']} has not done visit {row['visit']} at {row['node']}" for row in seen.ws.all(QUERIES.undone_effects)),
    ]


def no_means_no(seen: Evidence) -> list[str]:
    """I5: nothing in the ledger later than 5 s after an acknowledged unsubscribe or suppression."""
    stopped: dict[str, float] = {}
    for call in seen.calls:
        if call.is_promise and "stops" in call.note:
            stopped.setdefault(call.note["stops"], call.answered_at + seen.unsubscribe_s)
    late = [entry for entry in seen.ledger if entry.at > stopped.get(entry.recipient, float("inf"))]
    return [
        f"{entry.recipient} got mail {entry.at - stopped[entry.recipient] + seen.unsubscribe_s:.1f} s after the acknowledged stop"
        for entry in late
    ]


def leases_are_kept(seen: Evidence) -> list[str]:
    """I6: no row is claimed longer than its lease."""
    return [
        *(
            f"message {row['id']} is {row['state']}, held by {row['worker']} until {row['until']}"
            for row in seen.ws.all(QUERIES.overstayed, grace_s=seen.lease_grace_s)
        ),
        *(
            f"lane {row['lane']} waits for {row['worker']}, whose lease ended {row['lease_until']}"
            for row in seen.ws.all(QUERIES.overstayed_lanes, grace_s=seen.lease_grace_s)
        ),
    ]


def workspaces_are_apart(seen: Evidence) -> list[str]:
    """I7: no row belongs to another workspace than its person."""
    findings = [f"{row['what']} {row['id']} is of another workspace than its person" for row in seen.ws.all(QUERIES.strangers)]
    homes = dict(seen.ws.rows(sql.Query("homes", "SELECT id, workspace_id FROM person")))
    pairs = seen.ch.query("SELECT DISTINCT actor_id, workspace_id FROM event WHERE actor_id > 0").result_rows
    findings += [
        f"events of person {actor} are in workspace {workspace}" for actor, workspace in pairs if homes.get(actor, workspace) != workspace
    ]
    return findings


def steps_are_in_order(seen: Evidence) -> list[str]:
    """I8: each step of a run happens once, in order, along the edges of its version; each journey message has its step."""
    graphs = {row["id"]: parse(row["graph"]) for row in seen.ws.all(QUERIES.graphs)}
    steps: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for step in seen.ws.all(QUERIES.steps):
        steps[step["run_id"]].append(step)
    findings = [finding for run_id, taken in steps.items() for finding in _walk(run_id, taken, graphs)]
    findings += [
        f"message {row['id']} has no step {row['visit']} at {row['step']} in run {row['source_id']}"
        for row in seen.ws.all(QUERIES.unstepped_messages)
    ]
    return findings


def _walk(run_id: int, taken: list[dict[str, Any]], graphs: dict[int, Graph]) -> Iterable[str]:
    before: dict[str, Any] | None = None
    for number, step in enumerate(taken):
        if step["visit"] != number:
            yield f"run {run_id} goes from visit {number - 1} to {step['visit']}"
        elif before is not None:
            if step["at"] < before["at"]:
                yield f"run {run_id} goes back in time at visit {number}: {before['at']} to {step['at']}"
            expected = _leads_to(graphs[before["version_id"]], before)
            if step["node"] != expected:
                yield f"run {run_id} took {before['edge']} from {before['node']} and came to {step['node']} instead of {expected}"
        before = step


def _leads_to(graph: Graph, step: dict[str, Any]) -> str | None:
    """Return the node that a step's edge leads to, or that an edit led the run to; None when the run ends with it."""
    if not step["node"]:
        return graph.start
    if step["edge"] == "moved":
        return str(step["moved_to"])
    return graph.nodes[step["node"]].exits().get(step["edge"])


def nothing_loops(seen: Evidence) -> list[str]:
    """I9: nothing is tried more often than allowed."""
    return [
        f"message {row['id']} has {row['attempts']} attempts and {row['outcomes']} outcomes"
        for row in seen.ws.all(QUERIES.loops, most=seen.most_attempts)
    ]


def queues_and_memory_are_bounded(seen: Evidence) -> list[str]:
    """I10: memory under the ceiling at every sample, and the intake log read to its end."""
    findings = []
    backlog = seen.ws.value(QUERIES.backlog)
    if backlog > seen.most_backlog:
        findings.append(f"{backlog} events wait in the intake log")
    for part, ceiling in seen.ceilings_mb.items():
        most = max((sample.rss_mb for sample in seen.samples if sample.part == part), default=0.0)
        if most > ceiling:
            findings.append(f"{part} used {most:.0f} MB, the ceiling is {ceiling:.0f} MB")
    return findings


INVARIANTS: dict[str, Callable[[Evidence], list[str]]] = {
    "I1": events_are_there,
    "I2": events_are_there_once,
    "I3": mails_match_their_rows,
    "I4": everything_has_ended,
    "I5": no_means_no,
    "I6": leases_are_kept,
    "I7": workspaces_are_apart,
    "I8": steps_are_in_order,
    "I9": nothing_loops,
    "I10": queues_and_memory_are_bounded,
}


def check(seen: Evidence, *names: str) -> None:
    """Assert the invariants (all of them when none is named); the message lists everything that is wrong."""
    wrong = [f"{name}: {finding}" for name in names or INVARIANTS for finding in INVARIANTS[name](seen)]
    if wrong:
        message = f"{len(wrong)} violations\n" + "\n".join(wrong[:40])
        raise AssertionError(message)


def _some(things: Iterable[object]) -> str:
    shown = [str(thing) for thing in things]
    return ", ".join(shown[:SHOWN]) + (" …" if len(shown) > SHOWN else "")
