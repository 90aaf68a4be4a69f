"""The planner as one would write it for one person at a time: slow, obvious, no SQL. The real one is compared with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2b
from typing import Any

from tests.kit.slow_clock import slow_opening

Log = list[tuple[str, str, str, datetime]]
SETTLE = timedelta(seconds=5)


@dataclass
class Happening:
    """An event: who, what, when."""

    person: int
    name: str
    at: datetime
    message_id: str


@dataclass
class Run:
    """One person's way."""

    person: int
    entered_at: datetime
    node: str
    arrived_at: datetime
    due_at: datetime
    looked_at: bool
    log: Log
    sends: list[tuple[str, int]] = field(default_factory=list)
    acts: list[tuple[str, int, datetime]] = field(default_factory=list)
    outcome: str | None = None
    first: int = 0  # as whom they came in; a merge makes them somebody else
    version: int = 0
    repeats: set[str] = field(default_factory=set)


@dataclass
class Told:
    """What was said of each test: when a winner was declared, and from when on it was begun anew."""

    winner: str | None = None
    at: datetime | None = None
    anew_at: datetime | None = None


def lot(salt: str, run: Run) -> float:
    """Return a person's lot in percent."""
    digest = blake2b(f"{salt}:{run.person}".encode(), digest_size=8).hexdigest()
    return int(int(digest, 16) / 2**64 * 10_000) / 100


def clock(text: str) -> time:
    """Read 09:00."""
    return time.fromisoformat(text)


def weekdays(part: dict[str, Any]) -> set[int]:
    """Return the weekdays that are named, 0 = Monday."""
    return {("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day) for day in part.get("weekdays", ())}


class Reference:
    """One journey with event conditions only, and everything that ever happened."""

    def __init__(self, graph: dict[str, Any], zones: dict[int, str] | None = None, told: Told | None = None) -> None:
        """Begin with nobody; who has no time zone here lives in UTC."""
        self.versions = [graph]
        self.told = told or Told()
        self.zones = zones or {}
        self.horizon = datetime.max.replace(tzinfo=UTC)
        self.known: list[Happening] = []
        self.runs: list[Run] = []

    @property
    def graph(self) -> dict[str, Any]:
        """Return the version that people enter."""
        return self.versions[-1]

    def graph_of(self, run: Run) -> dict[str, Any]:
        """Return the version that a run is on."""
        return self.versions[run.version]

    def node_of(self, run: Run) -> dict[str, Any]:
        """Return the node on which a run stands."""
        node: dict[str, Any] = self.graph_of(run)["nodes"][run.node]
        return node

    def under_way(self) -> list[Run]:
        """Return the runs that have not ended."""
        return [run for run in self.runs if run.outcome is None]

    def take(self, batch: list[Happening], now: datetime | None = None, *, lets_in: bool = True) -> None:
        """Let facts come in; what is known already is told again."""
        batch = sorted(batch, key=lambda one: (one.at, one.message_id))
        self.known += [one for one in batch if one not in self.known]
        for one in batch:
            if lets_in and one.name == self.graph["trigger"]["name"]:
                self._enter(one)
        now = now or max(one.at for one in batch)
        for run in self.under_way():
            self._react(run, [one for one in batch if one.person == run.person and one.name in self._watched(run)], now)

    def tick(self, horizon: datetime) -> None:
        """Let timers fire."""
        self.horizon = horizon
        for run in self.runs:
            while run.outcome is None and run.due_at <= horizon:
                self._step(run)

    def _enter(self, one: Happening) -> None:
        mine = [run for run in self.runs if run.person == one.person]
        if (mine and not self._may_enter_again(mine, one.at)) or not self._may_enter(one):
            return
        start = self.graph["start"]
        log: Log = [("", "start", "triggered", one.at)]
        run = Run(one.person, one.at, start, one.at, one.at, looked_at=False, log=log, first=one.person, version=len(self.versions) - 1)
        self._arrive(run, start, one.at)
        node = self.graph["nodes"][start]
        if node["kind"] == "wait" and self._is_quick(node["until"]):
            run.looked_at, run.due_at = True, one.at + self._rest(node)
        self.runs.append(run)

    def _may_enter(self, one: Happening) -> bool:
        starts, ends, entry = self.graph.get("starts_at"), self.graph.get("ends_at"), self.graph.get("entry")
        if (starts and one.at < datetime.fromisoformat(starts)) or (ends and one.at >= datetime.fromisoformat(ends)):
            return False
        mine = [past for past in self.known if entry and past.person == one.person and past.name == entry["name"] and past.at <= one.at]
        return not entry or len(mine) >= entry["count"]["value"]

    def _may_enter_again(self, mine: list[Run], at: datetime) -> bool:
        rule = self.graph["reentry"]
        if rule["kind"] == "never" or any(run.outcome is None for run in mine):
            return False
        last = max(run.entered_at for run in mine)
        return at > last and at >= last + timedelta(days=rule.get("days", 0))

    def _ends(self, run: Run) -> list[tuple[str, dict[str, Any]]]:
        graph = self.graph_of(run)
        return ([("goal", graph["goal"])] if graph["goal"] else []) + [("exit", tree) for tree in graph["exit_on"]]

    def _is_new(self, run: Run) -> bool:
        """Say whether a step acts: what an edit has led a run to a second time does so no more, once."""
        if run.node not in run.repeats:
            return True
        run.repeats.remove(run.node)
        return False

    def _react(self, run: Run, facts: list[Happening], now: datetime) -> None:
        ends = self._ends(run)
        found: tuple[str, datetime] | None = None
        for edge, tree in ends:
            at = self._decided_at(run, tree, facts, now)
            if at is not None and (found is None or at < found[1]):
                found = (edge, at)
        if found:
            self._end(run, found[0], "goal_reached" if found[0] == "goal" else "exit_condition", max(found[1], run.arrived_at))
            return
        node = self.node_of(run)
        if node["kind"] == "wait":
            deadline = run.arrived_at + self._rest(node)
            as_of = min(deadline, now)
            at = self._decided_at(run, node["until"], [one for one in facts if one.at <= as_of], as_of)
            if at is not None:
                self._go(run, "met", node["met"], "condition_met", max(at, run.arrived_at))

    def _decided_at(self, run: Run, tree: dict[str, Any], facts: list[Happening], as_of: datetime) -> datetime | None:
        if self._is_quick(tree):
            return next((one.at for one in facts if one.name == tree["name"] and self._is_since(run, one, tree)), None)
        touched = any(one.name == tree["name"] for one in facts)
        return facts[-1].at if touched and self._holds(run, tree, as_of) else None

    def _step(self, run: Run) -> None:
        node, at = self.node_of(run), run.due_at
        ends = self._ends(run)
        for edge, tree in ends:
            if (node["kind"] == "send" or not self._is_quick(tree)) and self._holds(run, tree, at):
                self._end(run, edge, "goal_reached" if edge == "goal" else "exit_condition", at)
                return
        moment = self._moment(run, node)
        if moment > at:
            run.looked_at, run.due_at = True, moment
        elif node["kind"] == "delay":
            self._go(run, "next", node["next"], "delay_over", at)
        elif node["kind"] == "send":
            reason = "window_opened" if run.looked_at else "message_planned"
            if self._is_new(run):
                run.sends.append((run.node, len(run.log)))
            else:
                reason = "already_done"
            self._go(run, "next", node["next"], reason, at)
        elif node["kind"] == "exit":
            self._end(run, "end", "end_reached", at, "finished")
        elif node["kind"] == "goal":
            self._end(run, "goal", "goal_reached", at)
        elif node["kind"] == "wait":
            self._wait(run, node, at)
        else:
            self._pass(run, node, at)

    def _pass(self, run: Run, node: dict[str, Any], at: datetime) -> None:
        """Go through a node at which nobody rests."""
        if node["kind"] == "update":
            reason = "action_planned" if self._is_new(run) else "already_done"
            if reason == "action_planned":
                run.acts.append((run.node, len(run.log), at))
            self._go(run, "next", node["next"], reason, at)
            run.due_at = max(run.due_at, at + SETTLE)
        elif node["kind"] == "split":
            self._draw(run, node["shares"], node["salt"], at)
        elif node["kind"] == "test":
            self._test(run, node, at)
        elif node["kind"] == "holdout":
            edge = "held" if lot(node["salt"], run) < node["percent"] else "next"
            self._go(run, edge, node[edge], "held_out" if edge == "held" else "lot_drawn", at)
        else:
            true = [i for i, arm in enumerate(node["branches"]) if self._holds(run, arm["if"], at)]
            edge = str(true[0]) if true else "otherwise"
            target = node["branches"][true[0]]["next"] if true else node["otherwise"]
            self._go(run, edge, target, "branch_true" if true else "no_branch_true", at)

    def _draw(self, run: Run, shares: list[dict[str, Any]], salt: str, at: datetime) -> None:
        below = [sum(share["percent"] for share in shares[: i + 1]) for i in range(len(shares))]
        share = shares[next(i for i, end in enumerate(below) if lot(salt, run) < end)]
        self._go(run, share["name"], share["next"], "lot_drawn", at)

    def _test(self, run: Run, node: dict[str, Any], at: datetime) -> None:
        """Go by lot, or the winner's way from when it was declared on; a test begun anew has other lots and no winner."""
        is_anew = self.told.anew_at is not None and at >= self.told.anew_at
        is_won = self.told.at is not None and at >= self.told.at and not is_anew
        salt = f"{node['salt']}#2" if is_anew else node["salt"]
        if is_won and lot(f"{salt}/explore", run) >= node["explore"]:
            won = next(arm for arm in node["arms"] if arm["name"] == self.told.winner)
            self._go(run, won["name"], won["next"], "test_won", at)
        else:
            self._draw(run, node["arms"], salt, at)

    def _moment(self, run: Run, node: dict[str, Any]) -> datetime:
        """Return when a run that is due may go on by the clock where its person lives."""
        zone, window = self.zones.get(run.person, "UTC"), self.graph_of(run).get("send_window")
        if node["kind"] == "delay" and "until" in node:
            return slow_opening(clock(node["until"]["at"]), None, weekdays(node["until"]), zone, run.arrived_at + self._rest(node))
        if node["kind"] != "send" or not window:
            return run.due_at
        hours = (clock(window["from"]), clock(window["to"]), weekdays(window), zone)
        opens, late = slow_opening(*hours, run.due_at), slow_opening(*hours, self.horizon)
        return late if opens <= self.horizon < late else opens

    def _wait(self, run: Run, node: dict[str, Any], at: datetime) -> None:
        if self._holds(run, node["until"], at):
            self._go(run, "met", node["met"], "condition_met", at)
        elif run.looked_at:
            self._go(run, "timed_out", node["timed_out"], "timed_out", at)
        else:
            run.looked_at, run.due_at = True, run.arrived_at + self._rest(node)

    def _go(self, run: Run, edge: str, target: str, reason: str, at: datetime) -> None:
        run.log.append((run.node, edge, reason, at))
        self._arrive(run, target, at)

    def _arrive(self, run: Run, target: str, at: datetime) -> None:
        node = self.graph_of(run)["nodes"][target]
        run.node, run.arrived_at, run.looked_at = target, at, False
        run.due_at = at + self._rest(node) if node["kind"] == "delay" and "until" not in node else at

    def _end(self, run: Run, edge: str, reason: str, at: datetime, outcome: str | None = None) -> None:
        run.log.append((run.node, edge, reason, at))
        run.outcome = outcome or {"goal": "goal", "exit": "exited"}[edge]

    def _rest(self, node: dict[str, Any]) -> timedelta:
        span = node["timeout"] if node["kind"] == "wait" else node
        return timedelta(**{span["unit"]: span["amount"]}) if "unit" in span else timedelta(0)

    def _is_quick(self, tree: dict[str, Any]) -> bool:
        return bool(tree["count"]["value"] == 1 and tree["window"]["kind"] == "since_entry")

    def _is_since(self, run: Run, one: Happening, tree: dict[str, Any]) -> bool:
        window = tree["window"]
        if window["kind"] == "ever":
            return True
        return one.at.date() > run.entered_at.date() if window["later_day"] else one.at > run.entered_at

    def _holds(self, run: Run, tree: dict[str, Any], as_of: datetime) -> bool:
        found = [one for one in self.known if one.person == run.person and one.name == tree["name"] and one.at <= as_of]
        least: int = tree["count"]["value"]
        return sum(self._is_since(run, one, tree) for one in found) >= least

    def _watched(self, run: Run) -> set[str]:
        trees = [tree for _, tree in self._ends(run)]
        trees += [node["until"] for node in self.graph_of(run)["nodes"].values() if node["kind"] == "wait"]
        return {tree["name"] for tree in trees}
