"""Saved rehearsals: a journey's span over a small frozen world, with the figures that came of it. A file that needs nothing of the shop.

People are numbered anew and keep only what the journey asks about: these attributes, these events with these properties, their yes or no to these topics. An
address is only there or not. So it can lie beside the journey in a repository, and tells by figures what an edit changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from hudhud.journeys.graph import canonical, parse
from hudhud.journeys.rehearsing.driving import drive
from hudhud.journeys.rehearsing.overlays import open_frozen
from hudhud.journeys.rehearsing.rehearsal import sum_up
from hudhud.journeys.rehearsing.rehearsals import as_version
from hudhud.journeys.rehearsing.script import Cast, write_script
from hudhud.journeys.running.worlds import open_rehearsal
from hudhud.journeys.times.until import AtDate
from hudhud.journeys.types import OfSegment, OnDate, OnSubscribe
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.segments.types import Consent, Segment, attribute_names, event_names, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.graph import Graph
    from hudhud.journeys.rehearsing.performing import Stage
    from hudhud.journeys.rehearsing.rehearsal import Rehearsal
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
FORMAT = 1
NOWHERE = 0  # the workspace of a frozen world: none that there is
MOST_PEOPLE, MOST_EVENTS = 2_000, 100_000
FIGURES = ("people", "runs", "finished", "goal", "exited", "waiting", "sends", "deliverable")

# Whom the journey is told of in the span, drawn by a hash: the same each time.
DRAWN = """
SELECT person_id FROM person FINAL
WHERE workspace_id = {w:UInt64} AND gone = 0
  AND (empty({names:Array(String)}) OR person_id IN (
      SELECT actor_id FROM event WHERE workspace_id = {w:UInt64} AND name IN {names:Array(String)}
        AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')))
ORDER BY cityHash64(person_id) LIMIT {most:UInt64}
"""
TOLD = """
SELECT actor_id, kind, name, at, toJSONString(properties) FROM event
WHERE workspace_id = {w:UInt64} AND actor_id IN {people:Array(UInt64)} AND name IN {names:Array(String)} AND at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
ORDER BY at, message_id LIMIT {most:UInt64}
"""


class FrozenPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody of a frozen world; `said`: [topic, channel, state, at]."""

    id: Annotated[int, msgspec.Meta(ge=1)]
    created_at: datetime
    attributes: dict[str, Any] = {}
    time_zone: str | None = None
    language: str | None = None
    country: str | None = None
    has_email: bool = True
    said: tuple[tuple[str, str, str, datetime], ...] = ()


class FrozenEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that somebody of a frozen world did."""

    person: int
    name: str
    at: datetime
    kind: str = "track"
    properties: dict[str, Any] = {}


class Fixture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """A saved rehearsal."""

    format: int
    graph: dict[str, Any]
    since: datetime
    until: datetime
    time_zone: str
    topics: dict[str, str]  # key → stream
    people: Annotated[list[FrozenPerson], msgspec.Meta(max_length=MOST_PEOPLE)]
    events: Annotated[list[FrozenEvent], msgspec.Meta(max_length=MOST_EVENTS)]
    expected: dict[str, Any]


def read(raw: bytes) -> Fixture:
    """Read a fixture; raises `InvalidInput`."""
    try:
        fixture = msgspec.json.decode(raw, type=Fixture)
    except msgspec.DecodeError as error:
        raise InvalidInput("--check", str(error), "give a file that `hudhud journey rehearse FILE --save` has written") from None
    if fixture.format != FORMAT:
        raise InvalidInput("format", fixture.format, f"this Hudhud reads format {FORMAT}: save it anew")
    return fixture


def write(fixture: Fixture) -> bytes:
    """Return a fixture as it stands in a file: sorted and indented, so that a diff reads well."""
    return msgspec.json.format(msgspec.json.encode(fixture, order="sorted"), indent=1) + b"\n"


def save(stage: Stage, ch: Client, workspace_id: int, graph: Graph, since: datetime, until: datetime, most: int) -> Fixture:
    """Freeze what a journey needs of a span, for so many people at most, and what comes of it there. Raises `InvalidInput`."""
    if not 1 <= most <= MOST_PEOPLE:
        raise InvalidInput("--people", most, f"choose 1 to {MOST_PEOPLE}")
    for tree in graph.conditions().values():
        if any(isinstance(leaf, Segment) for leaf in leaves(tree)):
            raise InvalidInput("segment", graph.key, "a saved rehearsal knows no stored segments: write their conditions into the journey")
    if isinstance(graph.trigger, OfSegment) and isinstance(graph.trigger.segment, int):
        raise InvalidInput("trigger.segment", graph.trigger.segment, "write the segment's conditions into the journey")
    with stage.db.workspace(workspace_id) as ws:
        fixture = _freeze(ws, ch, workspace_id, graph, since, until, most)
    return msgspec.structs.replace(fixture, expected=figures(perform(stage, fixture, graph)))


def perform(stage: Stage, fixture: Fixture, graph: Graph) -> Rehearsal:
    """Rehearse a graph in a frozen world."""
    script = write_script([Cast(as_version(NOWHERE, graph), 0)], fixture.since, fixture.until)
    with open_frozen(stage.clickhouse_url) as ch, open_rehearsal(stage.db.url, ch, thaw=lambda conn: _thaw(conn, ch, fixture)) as world:
        drive(world, script)
        with world.scope(NOWHERE) as ws:
            return sum_up(ws, script, script.casts[0])


def figures(found: Rehearsal) -> dict[str, Any]:
    """Return what is compared."""
    edges = {f"{edge['from']} ─{edge['edge']}→ {edge['to'] or ''}".strip(): edge["count"] for edge in found.edges}
    return {**{name: getattr(found, name) for name in FIGURES}, "skips": found.skips, "nodes": found.nodes, "edges": edges}


def check(stage: Stage, fixture: Fixture, graph: Graph | None = None) -> list[str]:
    """Rehearse it again, with its own graph or another; return how the figures differ, in words. Empty: not at all."""
    return list(compare(fixture.expected, figures(perform(stage, fixture, graph or parse(fixture.graph)))))


def compare(expected: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    """Say in words what is different."""
    for name in FIGURES:
        if expected.get(name) != found[name]:
            yield f"{name}: {found[name]} instead of {expected.get(name)}"
    for name, words in (("skips", "skipped, {}"), ("edges", "{}")):
        was, now = expected.get(name, {}), found[name]
        for key in sorted(was.keys() | now.keys()):
            if was.get(key, 0) != now.get(key, 0):
                yield f"{words.format(key)}: {now.get(key, 0)} instead of {was.get(key, 0)}"
    was, now = expected.get("nodes", {}), found["nodes"]
    yield from (f"step {node}: is gone" for node in sorted(was.keys() - now.keys()))
    yield from (f"step {node}: is new, {now[node]['entered']} come to it" for node in sorted(now.keys() - was.keys()))
    for node in sorted(was.keys() & now.keys()):
        if was[node]["entered"] != now[node]["entered"]:
            yield f"step {node}: {now[node]['entered']} come to it instead of {was[node]['entered']}"
        if was[node]["here"] != now[node]["here"]:
            yield f"step {node}: {now[node]['here']} rest on it at the end instead of {was[node]['here']}"


def _trees(graph: Graph) -> list[Condition]:
    own = graph.trigger.segment if isinstance(graph.trigger, OfSegment) else None
    return [*graph.conditions().values(), *([own] if own is not None and not isinstance(own, int) else [])]


@dataclass(frozen=True)
class _Asked:
    """What a journey asks about."""

    entering: list[str]  # names of events that begin it
    events: list[str]
    attributes: set[str]
    topics: list[str]
    properties: set[str]


def _look_through(graph: Graph) -> _Asked:
    parts = [leaf for tree in _trees(graph) for leaf in leaves(tree)]
    heard, nodes = graph.listens(), graph.nodes.values()
    entering = sorted(heard.event_names()) if heard is not None else []
    moments = [getattr(node, "until", None) for node in nodes if node.kind == "delay"]
    attributes = {name for leaf in parts for name in attribute_names(leaf)} | {one.attribute for one in moments if isinstance(one, AtDate)}
    attributes |= {graph.trigger.attribute} if isinstance(graph.trigger, OnDate) else set()
    topics = {node.topic for node in nodes if node.kind == "send"} | {leaf.topic for leaf in parts if isinstance(leaf, Consent)}
    topics |= {graph.trigger.topic} if isinstance(graph.trigger, OnSubscribe) else set()
    events = {name for leaf in parts for name in event_names(leaf)} | set(entering)
    return _Asked(entering, sorted(events), attributes, sorted(topics), _properties(msgspec.json.decode(canonical(graph))))


def _freeze(ws: Scope, ch: Client, workspace_id: int, graph: Graph, since: datetime, until: datetime, most: int) -> Fixture:
    asked = _look_through(graph)
    span = {"w": workspace_id, "since": _milliseconds(since), "until": _milliseconds(until)}
    drawn = [row[0] for row in ch.query(DRAWN, parameters={**span, "names": asked.entering, "most": most}).result_rows]
    numbers = {person_id: number for number, person_id in enumerate(drawn, 1)}
    told = ch.query(TOLD, parameters={**span, "people": drawn, "names": asked.events, "most": MOST_EVENTS}).result_rows
    return Fixture(
        format=FORMAT,
        graph=msgspec.json.decode(canonical(graph)),
        since=since,
        until=until,
        time_zone=ws.value(QUERIES.freeze_zone),
        topics=dict(sorted((row[0], row[1]) for row in ws.rows(QUERIES.freeze_topics, topics=asked.topics))),
        people=_freeze_people(ws, asked, numbers, until),
        events=[
            FrozenEvent(numbers[who], name, at.replace(tzinfo=UTC), kind, _only(asked.properties, raw)) for who, kind, name, at, raw in told
        ],
        expected={},
    )


def _freeze_people(ws: Scope, asked: _Asked, numbers: dict[int, int], until: datetime) -> list[FrozenPerson]:
    said: dict[int, list[tuple[str, str, str, datetime]]] = {}
    for person_id, topic, channel, state, at in ws.rows(QUERIES.freeze_said, person_ids=list(numbers), topics=asked.topics, until=until):
        said.setdefault(person_id, []).append((topic, channel, state, at.astimezone(UTC)))
    people = [
        FrozenPerson(
            numbers[row["id"]],
            row["created_at"].astimezone(UTC),
            {name: row["attributes"][name] for name in sorted(asked.attributes) if name in row["attributes"]},
            row["time_zone"],
            row["language"],
            row["country"],
            row["has_email"],
            tuple(said.get(row["id"], ())),
        )
        for row in ws.all(QUERIES.freeze_people, person_ids=list(numbers))
    ]
    return sorted(people, key=lambda one: one.id)


def _properties(part: object) -> set[str]:
    """Return the outermost names of all properties that a graph speaks of."""
    if isinstance(part, list):
        return {name for each in part for name in _properties(each)}
    if not isinstance(part, dict):
        return set()
    own = {part[key].partition(".")[0].partition("[")[0] for key in ("property", "run_key") if isinstance(part.get(key), str)}
    copied = part.get("from")
    own |= {copied.split(".")[1]} if isinstance(copied, str) and copied.startswith("event.") else set()
    return own | {name for each in part.values() for name in _properties(each)}


def _only(kept: set[str], raw: str) -> dict[str, Any]:
    return {name: value for name, value in msgspec.json.decode(raw).items() if name in kept}


def _thaw(conn: Any, ch: Client, fixture: Fixture) -> None:  # noqa: ANN401 -- a connection of psycopg
    """Write a frozen world to the scratch tables of both engines."""
    rows = msgspec.json.encode(fixture.people).decode()
    for query in (QUERIES.thaw_workspace, QUERIES.thaw_topics, QUERIES.thaw_people, QUERIES.thaw_emails, QUERIES.thaw_said):
        topics = msgspec.json.encode(fixture.topics).decode()
        conn.execute(query.text, {"people": rows, "topics": topics, "time_zone": fixture.time_zone, "workspace_id": NOWHERE})
    _insert(ch, "person", [_mirrored(person, fixture.time_zone) for person in fixture.people])
    for table in ("event", "person_event"):
        _insert(ch, table, [_happened(number, event, table) for number, event in enumerate(fixture.events)])


def _mirrored(person: FrozenPerson, zone: str) -> dict[str, Any]:
    newest = {f"{topic}:{channel}": state for topic, channel, state, _ in person.said}
    return {
        "workspace_id": NOWHERE,
        "person_id": person.id,
        "version": 1,
        "gone": 0,
        "attributes": person.attributes,
        "language": person.language or "",
        "country": person.country or "",
        "time_zone": person.time_zone or zone,
        "created_at": person.created_at.timestamp(),
        "subscriptions": [f"{place}:{state}" for place, state in newest.items()],
        "reachable": ["email"] if person.has_email else [],
    }


def _happened(number: int, event: FrozenEvent, table: str) -> dict[str, Any]:
    row = {"workspace_id": NOWHERE, "name": event.name, "at": event.at.timestamp(), "actor_id": event.person, "kind": event.kind}
    row |= {"message_id": f"{number:06}", "source": "fixture"}
    if table == "event":
        return row | {"received_at": row["at"], "properties": event.properties, "context": "{}"}
    return row | {"properties": msgspec.json.encode(event.properties).decode()}


def _insert(ch: Client, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        ch.raw_insert(table, insert_block=b"\n".join(map(msgspec.json.encode, rows)), fmt="JSONEachRow")


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
