"""A journey version ready to run: its graph, parsed once, and what it must look at when facts come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from hudhud.journeys import graph as graphs
from hudhud.journeys.nodes.coupon import Coupon
from hudhud.journeys.nodes.webhook import Webhook
from hudhud.journeys.running.facts import Watch, quick_leaves, watch
from hudhud.journeys.types import Action
from hudhud.kit.errors import HudhudError

if TYPE_CHECKING:
    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.delay import Delay
    from hudhud.journeys.nodes.kinds import Kind
    from hudhud.segments.types import Condition

NO_REST = timedelta(0)


@dataclass(frozen=True)
class Version:
    """One version of one journey and the state that its journey is in."""

    id: int
    workspace_id: int
    journey_id: int
    key: str
    status: str
    started_at: datetime | None
    segment_id: int | None
    is_current: bool
    text: str
    ticked_at: datetime | None = None  # a trigger by the clock has let in whom it lets in up to here
    is_leaving: bool = False  # people are being moved from it to a newer one: nobody moves on it before that is done

    @cached_property
    def graph(self) -> Graph:
        """Return the typed graph."""
        return parsed(self.text)

    @cached_property
    def unreadable(self) -> str:
        """Return why the graph cannot be read, as after a step back to an older release; empty if it can."""
        try:
            parsed(self.text)
        except (HudhudError, ValueError) as error:
            return str(error)[:200]
        return ""

    @cached_property
    def ends(self) -> tuple[Watch, ...]:
        """Return what ends a run anywhere: the goal first, then the exit conditions."""
        goal = [watch("goal", self.graph.goal)] if self.graph.goal is not None else []
        return (*goal, *(watch(f"exit_on.{i}", tree) for i, tree in enumerate(self.graph.exit_on)))

    @cached_property
    def waits(self) -> tuple[Watch, ...]:
        """Return what lets a waiting run go on; `place` is the node."""
        return tuple(watch(node_id, node.until) for node_id, node in self.graph.nodes.items() if node.kind == "wait")

    @cached_property
    def untils(self) -> dict[str, Delay]:
        """Return the delays until a moment by the clock, by node."""
        return {node_id: node for node_id, node in self.graph.nodes.items() if node.kind == "delay" and node.until is not None}

    @cached_property
    def clocked(self) -> tuple[str, ...]:
        """Return the nodes where a run may wait for a moment by the clock: delays until one, and messages while the journey's window is closed."""
        sends = [node_id for node_id, node in self.graph.nodes.items() if node.kind == "send"] if self.graph.send_window else []
        return (*self.untils, *sends)

    @cached_property
    def chains(self) -> tuple[str, ...]:
        """Return the sends with fallbacks, on which runs stay for the next message."""
        return tuple(node_id for node_id, node in self.graph.nodes.items() if node.kind == "send" and node.fallbacks)

    def stays(self, node_id: str) -> dict[str, timedelta]:
        """Return the edges by which runs stay on a node, and how long."""
        node = self.node(node_id)
        return node.stays() if node.kind == "send" else {}

    def node(self, node_id: str) -> Kind:
        """Return a node."""
        return self.graph.nodes[node_id]

    def targets(self, node_id: str) -> list[str]:
        """Return where a node leads to."""
        return self.graph.targets(node_id)

    def rests_not(self, node_id: str) -> bool:
        """Say whether a run that comes here has something to do at once."""
        return self.rest_on_arrival(node_id)[0] == NO_REST

    def way(self, node_id: str) -> tuple[str, ...]:
        """Return the nodes behind this one to which runs go on at once, within one transaction: nothing is asked there but conditions.

        Not those where the clock, an answer or what somebody has got is looked at: on them runs are put down first.
        """
        found: dict[str, None] = {}
        # What a request or a pool has answered is asked about only when it is known.
        left = [] if isinstance(self.node(node_id), Action | Webhook | Coupon) else self.targets(node_id)
        while left:
            target = left.pop(0)
            if target not in found and target != node_id and self._passes(target):
                found[target] = None
                left += self._targets_at_once(target)
        return tuple(found)

    def _targets_at_once(self, node_id: str) -> list[str]:
        """Return where runs may go on to in the moment in which they come to a node: behind an action they rest, and a wait is not over yet."""
        node = self.node(node_id)
        return [] if isinstance(node, Action) else [node.met] if node.kind == "wait" else self.targets(node_id)

    def _passes(self, node_id: str) -> bool:
        node = self.node(node_id)
        asks_first = node.kind == "send" and (self.graph.send_window is not None or node.asks_first())
        return self.rests_not(node_id) and node_id not in self.untils and not isinstance(node, Webhook | Coupon) and not asks_first

    def rest_on_arrival(self, node_id: str, *, at_entry: bool = False) -> tuple[timedelta, bool]:
        """Return how long a run rests on a node it has just reached, and whether it counts as looked at already.

        A node with a condition is looked at first. Only right at the entry, where "since the entry" is still empty, a quick condition
        is known to be false.
        """
        node = self.node(node_id)
        rest, conditions = node.hold(), node.conditions()
        if rest is None:
            return NO_REST, False
        if not conditions:
            return rest, False
        known = at_entry and all(quick_leaves(tree) for tree in conditions.values())
        return (rest, True) if known else (NO_REST, False)

    def questions(self, node_id: str, *, waiting: bool, in_order: bool) -> dict[str, Condition]:
        """Return what a query must answer before runs may leave a node: endings, and the node's own conditions.

        A quick condition is decided when its event passes. That is all where facts come `in_order`. Live, they can come late, or belong to
        the person only since a merge: so it is asked again where a mistake would show, at a deadline, before a message and before a request.
        """
        node = self.node(node_id)
        sure = in_order or node.kind not in {"send", "webhook"}
        asked = {f"/{ending.place}": ending.tree for ending in self.ends if not (ending.quick and sure)}
        return asked | {name: tree for name, tree in node.conditions().items() if not (waiting and in_order and quick_leaves(tree))}


@lru_cache(maxsize=512)
def parsed(text: str) -> Graph:
    """Parse a stored graph; versions are immutable, so once is enough."""
    return graphs.parse(text)
