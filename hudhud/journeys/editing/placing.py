"""Where people under way stand in a newer version of their journey: pure, from two graphs and the author's rule.

A step that both versions have keeps its people and the time since they came. Of a step that is gone, people go on to the nearest that is
left, on the way of those for whom nothing came true (`next`, `timed_out`, `otherwise` before all others): to take a rest away is to
let people go on at once. The author may name another step, let them leave, or keep them on the version they are on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hudhud.journeys.graph import follow
from hudhud.journeys.nodes.kinds import ACTING
from hudhud.journeys.types import Part
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.kinds import Kind

# The ways of those for whom nothing came true, and who had nothing to choose.
QUIET = ("next", "timed_out", "otherwise")


class Keep(Part, frozen=True, tag_field="kind", tag="keep"):
    """They stay on the version that they are on, and run out there."""


class Move(Part, frozen=True, tag_field="kind", tag="move"):
    """They go to the same step of the new version, or to the nearest that is left."""


class To(Part, frozen=True, tag_field="kind", tag="to"):
    """They go to this step of the new version, as if they came there now."""

    node: str


class Leave(Part, frozen=True, tag_field="kind", tag="exit"):
    """Their run ends."""


Choice = Keep | Move | To | Leave


class Rule(Part, frozen=True):
    """What becomes of people under way: the same for all, and other choices by the step on which they stand."""

    runs: Literal["keep", "move"] = "keep"
    nodes: dict[str, Choice] = msgspec.field(default_factory=dict)

    def choice(self, node_id: str) -> Choice:
        """Return the choice for who stands on a step."""
        return self.nodes.get(node_id) or (Move() if self.runs == "move" else Keep())

    def moves(self) -> bool:
        """Say whether it moves anybody."""
        return any(not isinstance(choice, Keep) for choice in (self.choice(""), *self.nodes.values()))


KEEP_ALL = Rule()


@dataclass(frozen=True, slots=True)
class Landing:
    """Where people of one step go; None as `node`: their run ends."""

    node: str | None
    how: Literal["same", "nearest", "named", "exit"]
    is_same: bool = False  # the step is as it was: they rest on as they did
    is_fresh: bool = False  # they come there now, and not when they came to where they stood
    repeats: tuple[tuple[str, tuple[str, ...]], ...] = ()  # an acting step ahead, and those that whoever took them is past it


def read_rule(raw: object) -> Rule:
    """Read a rule from JSON: `keep`, `move`, or `{"runs", "nodes"}`; raises `InvalidInput`."""
    if isinstance(raw, str):
        raw = {"runs": raw}
    try:
        return msgspec.convert(raw, Rule)
    except msgspec.ValidationError as error:
        remedy = (
            'use "keep", "move" or {"runs": "keep" or "move", "nodes": {step: {"kind": "keep", "move", "exit", or "to" with a "node"}}}'
        )
        raise InvalidInput("runs", str(error), remedy) from None


def check_rule(rule: Rule, olds: Iterable[Graph], new: Graph) -> None:
    """Raise `InvalidInput` where the rule names a step that there is not."""
    known = {node_id for old in olds for node_id in old.nodes}
    for node_id, choice in rule.nodes.items():
        if node_id not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise InvalidInput(f"runs.nodes.{node_id}", node_id, f"name a step of a version that people leave: {listed}")
        if isinstance(choice, To) and choice.node not in new.nodes:
            raise InvalidInput(f"runs.nodes.{node_id}.node", choice.node, f"name a step of the new version: {', '.join(sorted(new.nodes))}")


def place(old: Graph, new: Graph, rule: Rule) -> dict[str, Landing]:
    """Return for each step of the old version whose people move where they go."""
    found = {}
    for node_id in old.nodes:
        landing = _land(old, new, node_id, rule.choice(node_id))
        if landing is not None:
            found[node_id] = landing
    return found


def _land(old: Graph, new: Graph, node_id: str, choice: Choice) -> Landing | None:
    if isinstance(choice, Keep):
        return None
    if isinstance(choice, Leave):
        return Landing(None, "exit")
    if isinstance(choice, To) and choice.node != node_id:
        repeats = (*_repeats(old, new, node_id, choice.node), *_sent_by_chain(old, new, node_id, choice.node))
        return Landing(choice.node, "named", is_fresh=True, repeats=repeats)
    if node_id in new.nodes:
        repeats = (*_repeats(old, new, node_id, node_id), *_sent_by_chain(old, new, node_id, node_id))
        return Landing(node_id, "same", is_same=_rests_as_before(old, new, node_id), repeats=repeats)
    target = nearest(old, node_id, new.nodes)
    if target is None:
        return Landing(None, "exit")
    return Landing(target, "nearest", is_fresh=True, repeats=_repeats(old, new, node_id, target))


def _sent_by_chain(old: Graph, new: Graph, node_id: str, target: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Whoever stays for a fallback has had the message: of the step without fallbacks, or of one of another id that sends the same, they get none."""
    before, after = old.nodes[node_id], new.nodes[target]
    if not _is_chain(before) or before.kind != "send" or after.kind != "send":
        return ()
    has_had = not _is_chain(after) if target == node_id else after.template == before.template
    return ((target, (node_id,)),) if has_had else ()


def _is_chain(node: Kind) -> bool:
    return node.kind == "send" and bool(node.fallbacks)


def nearest(old: Graph, node_id: str, left: Mapping[str, object]) -> str | None:
    """Return the first step after this one that is left, the quiet ways first; None if no way leads to one."""
    ahead, seen = [node_id], set()
    while ahead:
        here = ahead.pop()
        if here in left:
            return here
        if here not in seen:
            seen.add(here)
            exits = old.nodes[here].exits()
            ways = sorted(exits, key=lambda edge: QUIET.index(edge) if edge in QUIET else len(QUIET))
            ahead += reversed([exits[edge] for edge in ways])
    return None


def essence(node: Kind) -> dict[str, Any]:
    """Return a step's fields without where it leads to."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(node))
    exits = node.exits()
    return {name: _without_ways(value) for name, value in plain.items() if exits.get(name) != value}


def _rests_as_before(old: Graph, new: Graph, node_id: str) -> bool:
    """Say whether a step asks, rests and sends as it did; messages wait for the journey's hours."""
    before, after = old.nodes[node_id], new.nodes[node_id]
    return essence(before) == essence(after) and (before.kind != "send" or old.send_window == new.send_window)


def _without_ways(value: Any) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(value, list | tuple):
        return [{name: part for name, part in one.items() if name != "next"} if isinstance(one, dict) else one for one in value]
    return value


def _repeats(old: Graph, new: Graph, node_id: str, target: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the acting steps ahead in the new version that were not ahead in the old one, each with those that whoever took them is past it.

    A circle in the old version brings the same message again, and rightly so. What lay behind and lies ahead because the
    author has led the way round would bring it twice. A step that was given another id is known by what it does.
    """
    was_ahead = set(follow(old, node_id))
    gone = {here: essence(node) for here, node in old.nodes.items() if here not in new.nodes and here not in was_ahead}
    found = []
    for here in follow(new, target):
        node = new.nodes[here]
        if node.kind in ACTING and here not in was_ahead:
            namesakes = [other for other, done in gone.items() if here not in old.nodes and done == essence(node)]
            found.append((here, (here, *namesakes)))
    return tuple(found)
