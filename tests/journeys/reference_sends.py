"""The obvious planner, with sends that ask something first: chains of fallbacks, and content that was seen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.journeys.reference import Reference, Run, Told

if TYPE_CHECKING:
    from datetime import datetime


@dataclass
class Chain:
    """Where a run is in the chain of its step: which message is next, when the last one left, how its person has answered."""

    link: int = 0
    left_at: datetime | None = None
    answers: set[str] = field(default_factory=set)


class SendingReference(Reference):
    """Mails leave when the tick that planned them is over."""

    def __init__(self, graph: dict[str, Any], zones: dict[int, str] | None = None, told: Told | None = None) -> None:
        super().__init__(graph, zones, told)
        self.chains: dict[int, Chain] = defaultdict(Chain)

    def hit(self, person: int, kind: str, at: datetime) -> None:
        """Let a person open, or click in, all that they have got."""
        for run in [run for run in self.runs if run.person == person and run.outcome is None]:
            chain = self.chains[id(run)]
            chain.answers.add(kind)
            if chain.link and not run.looked_at and run.due_at > at:
                run.due_at = max(at, run.arrived_at)

    def _step(self, run: Run) -> None:
        node, at = self.graph["nodes"][run.node], run.due_at
        if node["kind"] != "send" or "fallbacks" not in node:
            super()._step(run)
            return
        ends = [("goal", self.graph["goal"])] if self.graph["goal"] else []
        ends += [("exit", tree) for tree in self.graph["exit_on"]]
        for edge, tree in ends:
            if self._holds(run, tree, at):
                self._end(run, edge, "goal_reached" if edge == "goal" else "exit_condition", at)
                return
        if self.chains[id(run)].link and self._stays(run, node, at):
            return
        moment = self._moment(run, node)
        if moment > at:
            run.looked_at, run.due_at = True, moment
        else:
            self._send(run, node, at)

    def _send(self, run: Run, node: dict[str, Any], at: datetime) -> None:
        """Send what is next, and stay for the one after it, if there is one."""
        run.sends.append((run.node, len(run.log)))
        link, fallbacks = self.chains[id(run)].link, node["fallbacks"]
        reason = "fallback_planned" if link else "window_opened" if run.looked_at else "message_planned"
        if link == len(fallbacks):
            self._leave(run, node, reason, at)
            return
        self._go(run, f"fallback.{link + 1}", run.node, reason, at)
        answers = self.chains[id(run)].answers if link else set()
        self.chains[id(run)] = Chain(link + 1, self.horizon, answers)
        run.due_at = at + self._rest(fallbacks[link]["after"] | {"kind": "delay"})

    def _stays(self, run: Run, node: dict[str, Any], at: datetime) -> bool:
        """Go on if the person has answered; rest while the last mail has not been out for long enough."""
        chain = self.chains[id(run)]
        fallback = node["fallbacks"][chain.link - 1]
        assert chain.left_at is not None
        until = chain.left_at + self._rest(fallback["after"] | {"kind": "delay"})
        if "click" in chain.answers or (chain.answers and fallback["unless"] == "opened"):
            self._leave(run, node, "engaged", at)
        elif until > at:
            run.looked_at, run.due_at = False, until
        else:
            return False
        return True

    def _leave(self, run: Run, node: dict[str, Any], reason: str, at: datetime) -> None:
        self.chains[id(run)] = Chain()
        self._go(run, "next", node["next"], reason, at)
