"""The slow, obvious planner with what authors and operators do to a journey under way: edits, pauses, merges, moves to another time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hudhud.journeys.editing.placing import Keep, Leave, To
from tests.journeys.reference import Happening, Reference, Run, clock, weekdays
from tests.kit.slow_clock import slow_opening

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from hudhud.journeys.editing.placing import Rule

ACTING = {"send", "update"}
ACTED = {"message_planned", "window_opened", "action_planned"}
QUIET = ["next", "timed_out", "otherwise"]
JUST_AFTER = timedelta(microseconds=1)
Graph = dict[str, Any]


@dataclass
class Order:
    """People are to be moved to a version."""

    version: int
    rule: Rule


def ways(node: dict[str, Any]) -> dict[str, str]:
    """Return where a node leads to, by edge, in the order in which they are drawn."""
    found = {}
    if node["kind"] == "branch":
        found = {str(number): arm["next"] for number, arm in enumerate(node["branches"])}
    if node["kind"] in {"split", "test"}:
        found = {share["name"]: share["next"] for share in node.get("shares") or node["arms"]}
    return found | {edge: node[edge] for edge in ("next", "met", "timed_out", "otherwise", "held") if edge in node}


def essence(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a node does, without where it leads to."""
    plain = {name: value for name, value in node.items() if name not in {"next", "met", "timed_out", "otherwise", "held"}}
    for name in ("branches", "shares", "arms"):
        if name in plain:
            plain[name] = [{part: value for part, value in one.items() if part != "next"} for one in plain[name]]
    return plain


def reach(graph: Graph, node_id: str) -> set[str]:
    """Return a node and all that lie ahead of it."""
    return {node_id}.union(*(reach(graph, target) for target in ways(graph["nodes"][node_id]).values()))


def nearest(old: Graph, node_id: str, new: Graph) -> str | None:
    """Return the first node on the way on, the quiet one first, that the new version has, too."""
    if node_id in new["nodes"]:
        return node_id
    exits = ways(old["nodes"][node_id])
    for edge in sorted(exits, key=lambda edge: QUIET.index(edge) if edge in QUIET else len(QUIET)):
        found = nearest(old, exits[edge], new)
        if found:
            return found
    return None


class Edited(Reference):
    """One journey, its versions, and whether it runs."""

    status = "running"
    paused_at: datetime | None = None

    def __init__(self, graph: Graph, zones: dict[int, str]) -> None:
        """Begin with the first version."""
        super().__init__(graph, zones)
        self.orders: list[Order] = []

    def hear(self, batch: list[Happening], now: datetime) -> None:
        """Let facts come in as far as the journey lets people in."""
        self.take(batch, now, lets_in=self.status == "running")

    def tick(self, horizon: datetime) -> None:
        """Let timers fire, but not on a version that is to be left, and not during a pause."""
        self.horizon = horizon
        for run in self.runs:
            while run.outcome is None and run.due_at <= horizon and not self._rests(run):
                self._step(run)

    def next_due(self) -> datetime | None:
        """Return when the next timer fires."""
        return min((run.due_at for run in self.under_way() if not self._rests(run)), default=None)

    def _rests(self, run: Run) -> bool:
        return self.status == "paused" or any(order.version > run.version for order in self.orders)

    def publish(self, graph: Graph, rule: Rule) -> None:
        """Append a version if it is another one, and order people to be moved."""
        if graph != self.graph:
            self.versions.append(graph)
        if rule.moves() and len(self.versions) > 1:
            self.orders.append(Order(len(self.versions) - 1, rule))

    def move(self, chosen: Collection[Run], now: datetime) -> None:
        """Move these runs by the oldest order."""
        order = self.orders[0]
        for run in chosen:
            self._move(run, order, now)

    def left(self) -> list[Run]:
        """Return whom the oldest order has not moved yet."""
        order = self.orders[0]
        return [run for run in self.under_way() if run.version < order.version and not isinstance(order.rule.choice(run.node), Keep)]

    def _move(self, run: Run, order: Order, now: datetime) -> None:
        old, new = self.graph_of(run), self.versions[order.version]
        choice = order.rule.choice(run.node)
        # Who is behind is moved at its own time.
        at = max(min(now, run.due_at), run.arrived_at)
        named = choice.node if isinstance(choice, To) else None
        target = named or (None if isinstance(choice, Leave) else nearest(old, run.node, new))
        if target is None:
            self._leave(run, at)
            return
        clock_at = max(now if self.paused_at is None else min(now, self.paused_at + JUST_AFTER), run.arrived_at)
        run.repeats |= self._behind(run, old, new, target)
        is_same = target == run.node and essence(old["nodes"][target]) == essence(new["nodes"][target])
        if old["nodes"][run.node]["kind"] == "send" and old.get("send_window") != new.get("send_window"):
            is_same = False
        run.log.append((run.node, "moved", "version_moved", at))
        is_fresh = target != run.node
        run.version, run.node = order.version, target
        if is_fresh:
            self._arrive(run, target, clock_at)
        elif not is_same:
            self._stay(run, clock_at)

    def _stay(self, run: Run, now: datetime) -> None:
        """Go on on a step that is another one now: a rest counts from when they came; whose rest is over goes on now, or when it was over."""
        node = self.node_of(run)
        run.looked_at = False
        if (node["kind"] == "delay" and "until" not in node) or node["kind"] == "wait":
            over = max(run.arrived_at + self._rest(node), min(run.due_at, now))
            run.arrived_at = over - self._rest(node)
            run.due_at = over if node["kind"] == "delay" else min(now, over)
        else:
            run.due_at = now

    def _leave(self, run: Run, at: datetime) -> None:
        run.log.append((run.node, "exit", "step_removed", at))
        run.outcome = "exited"

    def _behind(self, run: Run, old: Graph, new: Graph, target: str) -> set[str]:
        """Return the acting steps ahead that this run has taken, and that were not ahead of it before."""
        was_ahead = reach(old, run.node)
        taken = {node_id for node_id, _, reason, _ in run.log if reason in ACTED}
        gone = [node_id for node_id in old["nodes"] if node_id not in new["nodes"] and node_id not in was_ahead]
        found = set()
        for node_id in reach(new, target) - was_ahead:
            node = new["nodes"][node_id]
            namesakes = [other for other in gone if node_id not in old["nodes"] and essence(old["nodes"][other]) == essence(node)]
            if node["kind"] in ACTING and taken & {node_id, *namesakes}:
                found.add(node_id)
        return found

    def close_order(self) -> None:
        """Call the oldest order done."""
        self.orders.pop(0)

    def pause(self, now: datetime) -> None:
        """Let nobody in, and nobody on."""
        if self.status != "paused":
            self.status, self.paused_at = "paused", now

    def resume(self, now: datetime, status: str) -> None:
        """Let people on again, each with as long to rest as before; a moment by the clock that came meanwhile is missed."""
        if self.paused_at is not None:
            for run in self.under_way():
                self._resume(run, self.paused_at, now)
        self.status, self.paused_at = status, None

    def _resume(self, run: Run, paused_at: datetime, now: datetime) -> None:
        if run.due_at <= paused_at:
            return
        if not self._waits_by_clock(run):
            pause = now - max(paused_at, run.arrived_at)
            run.arrived_at, run.due_at = run.arrived_at + pause, run.due_at + pause
        elif run.due_at <= now:
            run.looked_at, run.arrived_at, run.due_at = False, now, now

    def _waits_by_clock(self, run: Run) -> bool:
        node = self.node_of(run)
        is_clocked = "until" in node if node["kind"] == "delay" else node["kind"] == "send" and bool(self.graph_of(run).get("send_window"))
        return run.looked_at and is_clocked

    def live_in(self, person: int, zone: str, now: datetime) -> None:
        """Let somebody live elsewhere: how long they wait by the clock is reckoned anew."""
        self.zones[person] = zone
        self.look_again(person, now)

    def look_again(self, person: int, now: datetime) -> None:
        """Reckon anew how long somebody waits by the clock."""
        for run in self.under_way():
            if run.person == person and self._waits_by_clock(run) and run.due_at > now:
                run.due_at = max(now, self._opening(run, now))

    def _opening(self, run: Run, now: datetime) -> datetime:
        node = self.node_of(run)
        if node["kind"] == "delay":
            return self._moment(run, node)
        window = self.graph_of(run)["send_window"]
        return slow_opening(clock(window["from"]), clock(window["to"]), weekdays(window), self.zones[run.person], now)

    def merge(self, gone: int, survivor: int, now: datetime) -> None:
        """Let two people turn out to be one: runs under way go on under the survivor, unless there is, or once was enough and was, one already."""
        for one in self.known:
            one.person = survivor if one.person == gone else one.person
        for run in [run for run in self.under_way() if run.person == gone]:
            mine = [other for other in self.runs if other.person == survivor]
            may_repeat = self.graph_of(run)["reentry"]["kind"] != "never"
            if not mine or (may_repeat and all(other.outcome for other in mine)):
                run.person = survivor
            else:
                run.log.append((run.node, "merged", "person_merged", max(now, run.arrived_at)))
                run.outcome = "merged"
