"""The typed graph of a journey: read it, write its one canonical form, refuse what cannot run.

A graph that was read is sound: every reference exists, every node can be reached, every path ends, and no person can go
round in a circle without resting. All that is wrong is told at once, with the node and the remedy.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from hudhud.journeys.nodes.kinds import ACTING, Kind
from hudhud.journeys.targets import Target, check_target
from hudhud.journeys.times.ticks import check_trigger, tree_of
from hudhud.journeys.types import (
    CALLED,
    ByClock,
    InvalidJourney,
    Never,
    OfSegment,
    OnCall,
    OnDate,
    OnEvent,
    Part,
    Priority,
    Problem,
    Reentry,
    Trigger,
    Word,
)
from hudhud.kit.errors import InvalidInput
from hudhud.kit.localtime import Hours
from hudhud.segments.types import And, Condition, Day, Event, Where, from_json, leaves, to_json

MAX_NODES = 200
LANGUAGES = frozenset({"en", "et", "fa", "ar"})
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Graph(Part, frozen=True):
    """A whole journey as it is written down. `nodes` stand in the order in which a person can meet them."""

    key: Word
    names: dict[str, Word]
    trigger: Trigger
    nodes: dict[str, Kind]
    start: str
    reentry: Reentry = Never()
    run_key: Word | None = None
    exit_on: tuple[Condition, ...] = ()
    goal: Condition | None = None
    target: Target | None = None
    entry: Condition | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    send_window: Hours | None = None
    priority: Priority | None = None

    def __post_init__(self) -> None:
        """Write instants in UTC, and nothing for what is normal."""
        if self.priority == "normal":
            msgspec.structs.force_setattr(self, "priority", None)
        for name in ("starts_at", "ends_at"):
            instant = getattr(self, name)
            if instant is not None:
                msgspec.structs.force_setattr(self, name, instant.astimezone(UTC))

    def admits(self, at: datetime) -> bool:
        """Say whether runs may begin at an instant: from `starts_at` on, before `ends_at`."""
        return (self.starts_at is None or at >= self.starts_at) and (self.ends_at is None or at < self.ends_at)

    def listens(self) -> OnEvent | None:
        """Return the events that begin runs, if events do."""
        if isinstance(self.trigger, OnCall):
            return OnEvent(CALLED, (Where(property="journey", op="is", value=self.key),))
        return self.trigger if isinstance(self.trigger, OnEvent) else None

    def targets(self, node_id: str) -> list[str]:
        """Return the ids that a node leads to."""
        return list(self.nodes[node_id].exits().values())

    def conditions(self) -> dict[str, Condition]:
        """Return every condition by its place: `entry`, `goal`, `exit_on.0`, `wait_id.until`, `branch_id.0`."""
        found = {f"exit_on.{i}": tree for i, tree in enumerate(self.exit_on)}
        if self.entry is not None:
            found["entry"] = self.entry
        if self.goal is not None:
            found["goal"] = self.goal
        for node_id, node in self.nodes.items():
            found |= {f"{node_id}.{name}": tree for name, tree in node.conditions().items()}
        return found


# The order in which the fields of a journey are written.
FIELDS = (
    "key", "names", "trigger", "entry", "reentry", "run_key", "starts_at", "ends_at", "send_window", "priority", "exit_on", "goal", "target", "nodes", "start"
)  # fmt: skip
# Of these, the ones that are left out when nothing is said.
LEFT_OUT = frozenset({"entry", "starts_at", "ends_at", "send_window", "priority", "target"})


def parse(source: str | bytes | dict[str, Any]) -> Graph:
    """Read a journey from JSON; raises `InvalidJourney` with every problem found."""
    raw = _decode(source)
    raw_nodes = raw.get("nodes")
    if not isinstance(raw_nodes, dict) or not raw_nodes:
        raise InvalidJourney([Problem("", "no_nodes", "there are no nodes", "give at least an `exit` node under `nodes`")])
    if len(raw_nodes) > MAX_NODES:
        raise InvalidJourney(
            [Problem("", "too_many_nodes", f"{len(raw_nodes)} nodes", f"use at most {MAX_NODES}; split it in two journeys")]
        )
    problems: list[Problem] = []
    nodes: dict[str, Kind] = {}
    for node_id, raw_node in raw_nodes.items():
        read = _convert(raw_node, Kind, str(node_id), problems)
        if read is not None:
            nodes[node_id] = read
    head: Graph | None = _convert(raw | {"nodes": {}}, Graph, "", problems)
    if problems or head is None:
        raise InvalidJourney(problems)
    nodes = _salted(head.key, nodes)
    graph = msgspec.structs.replace(head, nodes=nodes, names=dict(sorted(head.names.items())))
    problems = check(graph)
    if problems:
        raise InvalidJourney(problems)
    return msgspec.structs.replace(graph, nodes={node_id: nodes[node_id] for node_id in reachable(graph)})


def canonical(graph: Graph) -> str:
    """Return the one written form of a graph: fields and nodes in a fixed order, two spaces, a final newline."""
    plain: dict[str, Any] = msgspec.to_builtins(graph)
    ordered = {name: plain[name] for name in FIELDS if name not in LEFT_OUT or plain[name] is not None}
    return msgspec.json.format(msgspec.json.encode(ordered), indent=2).decode() + "\n"


def reachable(graph: Graph) -> list[str]:
    """Return the ids that a person can meet, in breadth-first order from the start."""
    return follow(graph, graph.start)


def follow(graph: Graph, first: str) -> list[str]:
    """Return this node's id and all that lie ahead of it, in breadth-first order."""
    order, seen = [first], {first}
    for node_id in order:
        for target in graph.targets(node_id):
            if target not in seen:
                seen.add(target)
                order.append(target)
    return order


def check(graph: Graph) -> list[Problem]:
    """Return what is wrong with the graph as a whole."""
    problems = [*_check_references(graph), *_check_head(graph), *_check_conditions(graph)]
    if any(problem.code == "unknown_node" for problem in problems):
        return problems
    return [*problems, *_check_paths(graph)]


def _salted(key: str, nodes: dict[str, Kind]) -> dict[str, Kind]:
    """Give nodes that draw lots salts of their own, if they have none; not that of a node which once had the name, and draws by it still."""
    taken = {node.salt for node in nodes.values() if node.kind in {"split", "holdout", "test"}}
    salted = dict(nodes)
    for node_id, node in nodes.items():
        if node.kind in {"split", "holdout", "test"} and not node.salt:
            salt = f"{key}.{node_id}"
            salted[node_id] = msgspec.structs.replace(node, salt=f"{salt}'" if salt in taken else salt)
    return salted


def _decode(source: str | bytes | dict[str, Any]) -> dict[str, Any]:
    try:
        raw = source if isinstance(source, dict) else msgspec.json.decode(source)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidJourney([Problem("", "not_json", f"this is not JSON ({error})", "send one JSON object, UTF-8")]) from None
    if not isinstance(raw, dict):
        raise InvalidJourney([Problem("", "not_an_object", "this is not a JSON object", "write the journey as {…}")])
    return raw


def _convert(raw: object, kind: Any, node: str, problems: list[Problem]) -> Any:  # noqa: ANN401 -- the type is `kind`'s
    try:
        return msgspec.convert(raw, kind, strict=True)
    except RecursionError:
        problems.append(Problem(node, "too_deep", "a condition is nested too deeply", "nest at most 10 levels"))
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        path = place.rstrip("`").lstrip(".")
        said = f"{path}: {reason}" if path else reason
        problems.append(Problem(node, "invalid_field", said, f"correct `{path}`" if path else "correct or remove it"))
    return None


def _check_references(graph: Graph) -> list[Problem]:
    known = ", ".join(sorted(graph.nodes))
    found = []
    if graph.start not in graph.nodes:
        found.append(Problem("", "unknown_node", f"start: {graph.start!r} does not exist", f"use one of {known}"))
    for node_id, node in graph.nodes.items():
        for edge, target in node.exits().items():
            if target not in graph.nodes:
                found.append(Problem(node_id, "unknown_node", f"{edge}: {target!r} does not exist", f"use one of {known}"))
    return found


def _check_head(graph: Graph) -> list[Problem]:
    found = []
    odd = sorted(set(graph.names) - LANGUAGES)
    if not graph.names or odd:
        found.append(Problem("", "names", f"names: {odd or 'none'}", f"name the journey in one or more of {', '.join(sorted(LANGUAGES))}"))
    if graph.run_key is not None and graph.listens() is None:
        found.append(Problem("", "run_key", "run_key: only an event has properties", "remove `run_key`, or start on an event or a call"))
    if isinstance(graph.trigger, ByClock) and not isinstance(graph.reentry, Never):
        said = "reentry: each day of the trigger lets everybody in once, whatever came before"
        found.append(Problem("", "reentry", said, 'remove `reentry`, or write {"kind": "never"}'))
    found += check_trigger(graph.trigger)
    found += check_target(graph.target, has_goal=graph.goal is not None) if graph.target is not None else []
    if graph.starts_at is not None and graph.ends_at is not None and graph.ends_at <= graph.starts_at:
        said = f"ends_at: {graph.ends_at.isoformat()} is not after starts_at"
        found.append(Problem("", "ends_before_start", said, "let it end after it starts, or leave one of the two away"))
    return found


def _check_conditions(graph: Graph) -> list[Problem]:
    found: list[Problem] = []
    for place, tree in graph.conditions().items():
        node_id, _, name = place.partition(".")
        node, field = (node_id, name) if node_id in graph.nodes else ("", place)
        _check_tree(node, field, tree, found, journey=place != "entry")
        if place != "entry" and (not node or name == "until") and any(isinstance(leaf, Day) for leaf in leaves(tree)):
            said = f"{field}: a date comes without anything happening, and this is looked at when something does"
            found.append(
                Problem(node, "date_waited_for", said, "make the date a segment and ask for that, or ask for the date in a branch")
            )
    if isinstance(graph.trigger, OfSegment) and not isinstance(graph.trigger.segment, int):
        _check_tree("", "trigger.segment", graph.trigger.segment, found, journey=False)
    if isinstance(graph.trigger, OnDate):
        _check_tree("", "trigger", tree_of(graph.trigger), found, journey=False)
    if isinstance(graph.trigger, OnEvent):
        for name in graph.trigger.event_names() or ("",):
            _check_tree("", "trigger", _as_tree(name, graph.trigger.where), found, journey=False)
    return found


def _as_tree(name: str, where: tuple[Where, ...]) -> Condition:
    return And((Event(name, where=where),))


def _check_tree(node: str, field: str, tree: Condition, found: list[Problem], *, journey: bool) -> None:
    try:
        from_json(to_json(tree), journey=journey)
    except InvalidInput as error:
        found.append(
            Problem(node, "invalid_condition", f"{field}: {error.data['field']}: {error.data['value']}", str(error.data["remedy"]))
        )


def _check_paths(graph: Graph) -> list[Problem]:
    met = set(reachable(graph))
    lost = [node_id for node_id in graph.nodes if node_id not in met]
    found = [Problem(node_id, "unreachable", "nobody can get here", "lead an edge to it, or remove it") for node_id in lost]
    ends = _leading_to_an_end(graph)
    found += [
        Problem(node_id, "endless", "no way from here ends", "lead a way to an `exit` node")
        for node_id in graph.nodes
        if node_id not in ends
    ]
    found += _check_held_out(graph)
    restless = _restless_circle(graph)
    if restless:
        way = " → ".join(restless)
        found.append(
            Problem(
                restless[0], "restless_circle", f"{way} is a circle without a rest", "put a `delay` with an amount, or a `wait`, into it"
            )
        )
    return found


def _check_held_out(graph: Graph) -> list[Problem]:
    return [
        Problem(
            node_id,
            "held_out_acted_on",
            f"held: this way comes to {ahead}, which acts on people",
            "lead it to an `exit`, by a `delay` or a `wait`",
        )
        for node_id, node in graph.nodes.items()
        if node.kind == "holdout"
        for ahead in follow(graph, node.held)
        if graph.nodes[ahead].kind in ACTING
    ]


def _leading_to_an_end(graph: Graph) -> set[str]:
    ends = {node_id for node_id in graph.nodes if not graph.targets(node_id)}
    grew = True
    while grew:
        more = {node_id for node_id in graph.nodes if node_id not in ends and ends.intersection(graph.targets(node_id))}
        ends |= more
        grew = bool(more)
    return ends


def _restless_circle(graph: Graph) -> list[str]:
    """Return the nodes of a circle in which nobody rests; empty if there is none.

    A wait is no rest where its condition holds already, but then the way that it opens must rest before it comes back:
    so only a delay, and the `timed_out` edge of a wait, count.
    """
    done: set[str] = set()
    for first in graph.nodes:
        circle = _walk_restless(graph, first, [], done)
        if circle:
            return circle
    return []


def _walk_restless(graph: Graph, node_id: str, way: list[str], done: set[str]) -> list[str]:
    if node_id in way:
        return [*way[way.index(node_id) :], node_id]
    if node_id in done:
        return []
    for target in _restless_targets(graph.nodes[node_id]):
        circle = _walk_restless(graph, target, [*way, node_id], done)
        if circle:
            return circle
    done.add(node_id)
    return []


def _restless_targets(node: Kind) -> list[str]:
    # Until a moment is no rest: it may be that moment just now.
    if node.kind == "delay" and node.amount is not None:
        return [node.otherwise] if node.otherwise is not None else []
    return [target for edge, target in node.exits().items() if edge != "timed_out"]
