"""Driving a rehearsal: virtual time goes from one moment with something to do to the next, for one journey or all that live together.

In each step facts count and timers fire in turn: a fact that happened after a run was due finds it where it stood by then, however wide the step is.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.journeys.rehearsing.replay import open_replay
from hudhud.journeys.rehearsing.setting_off import SettingOff
from hudhud.journeys.running import entries, planner, reactions
from hudhud.journeys.running.planner import Pace
from hudhud.journeys.running.sending import Rehearsed
from hudhud.kit import sql
from hudhud.kit.errors import HudhudError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hudhud.journeys.rehearsing.replay import Replay
    from hudhud.journeys.rehearsing.script import Script
    from hudhud.journeys.running.entries import Candidate
    from hudhud.journeys.running.reactions import Facts
    from hudhud.journeys.running.version import Version
    from hudhud.journeys.running.worlds import RehearsalWorld
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.rehearsing", "rehearsals.sql")
# Of a condition in one step: where more moments are asked about, those close together share one.
MOST_QUESTIONS = 8
MOST_RUNS = 2_000_000
LONGEST_S = 1_800.0
MANY_ENTERING = "More than {:,} people would come to an entry; choose a shorter span, or fewer journeys."


class RehearsalTooLarge(HudhudError):
    """The rehearsal was given up: more people would enter than one may hold, or it took too long."""

    code = "rehearsal_too_large"
    status = 422


@dataclass(frozen=True)
class Limits:
    """Where a rehearsal is given up: runs begun, seconds of wall time."""

    runs: int = MOST_RUNS
    seconds: float = LONGEST_S


USUAL = Limits()


def unmoved(_at: datetime, _runs: int) -> None:
    """Tell nobody how far it is."""


def drive(world: RehearsalWorld, script: Script, pulse: Callable[[datetime, int], None] = unmoved, limits: Limits = USUAL) -> None:
    """Perform a script in a scratch world; `pulse` hears of each step (virtual time, runs so far) and may raise to give it up. Raises `RehearsalTooLarge`."""
    watch = _Watch(pulse, limits)
    with world.scope(script.workspace_id) as ws:
        replay = open_replay(ws, world.ch, script, lambda entering: watch.look(script.since, 0, entering))
    _Drive(world, script, replay, watch).run()


@dataclass
class _Watch:
    """Tells how far a rehearsal is, and gives it up where it is too large."""

    pulse: Callable[[datetime, int], None]
    limits: Limits
    began: float = field(default_factory=time.monotonic)

    def look(self, at: datetime, runs: int, entering: int = 0) -> None:
        """Tell that virtual time has come to `at`; raises `RehearsalTooLarge`, and what `pulse` does."""
        self.pulse(at, runs)
        if max(runs, entering) > self.limits.runs:
            message = f"More than {self.limits.runs:,} people would enter by {at.isoformat()}; choose a shorter span, or fewer journeys."
            raise RehearsalTooLarge(message if runs else MANY_ENTERING.format(self.limits.runs), runs=max(runs, entering))
        seconds = time.monotonic() - self.began
        if seconds > self.limits.seconds:
            message = f"It was given up after {seconds:.0f} s, at {at.isoformat()}; choose a shorter span, or fewer journeys."
            raise RehearsalTooLarge(message, runs=runs)


@dataclass
class _Actor:
    """A version under way: what it listens to, when the next one of its people is due."""

    version: Version
    names: frozenset[str] = field(init=False)
    about_people: bool = field(init=False)
    due: datetime | None = None

    def __post_init__(self) -> None:
        watches = (*self.version.ends, *self.version.waits)
        self.names = frozenset(name for watch in watches for name in watch.event_names)
        self.about_people = any(watch.about_people for watch in watches)

    def hears(self, facts: Facts) -> bool:
        """Say whether any of these facts may move somebody."""
        return not self.names.isdisjoint(facts.by_name) or (self.about_people and bool(facts.about_people))

    def is_due(self, instant: datetime) -> bool:
        """Say whether somebody is due."""
        return self.due is not None and self.due <= instant


@dataclass
class _Drive:
    world: RehearsalWorld
    script: Script
    replay: Replay
    watch: _Watch
    runs: int = 0
    analyzed: int = 100

    def __post_init__(self) -> None:
        self.setting_off = SettingOff(self.script.versions)

    def run(self) -> None:
        script = self.script
        actors = [_Actor(version) for version in script.versions]
        instant: datetime | None = script.since
        while instant is not None:
            steps = math.ceil((instant - script.since) / script.resolution)
            instant = min(script.since + steps * script.resolution, script.until)
            self._step(actors, instant)
            self.watch.look(instant, self.runs)
            ahead = [at for at in (self.replay.next_at(), *(actor.due for actor in actors)) if at is not None and at <= script.until]
            instant = min(ahead, default=None)

    def _step(self, actors: list[_Actor], instant: datetime) -> None:
        pace = Pace(in_order=True, questions=MOST_QUESTIONS, rehearsed=Rehearsed(self.script.since, *self.script.answers))
        events, found = self.replay.take_until(instant)
        facts = reactions.sort_facts(events, ())
        with self.world.scope(self.script.workspace_id) as ws:
            for actor in actors:
                self._act(ws, actor, found[actor.version.id], facts, instant, pace)
            # Every round takes people on: no journey starts itself again without a rest (journeys/loops.py).
            while coming := self.setting_off.carry_out(ws):
                for actor in actors:
                    if actor.version.id in coming:
                        self._act(ws, actor, coming[actor.version.id], facts, instant, pace)
            if self.runs >= self.analyzed:
                ws.run(QUERIES.analyze)
                self.analyzed = self.runs * 10

    def _act(self, ws: Scope, actor: _Actor, found: Sequence[Candidate], facts: Facts, instant: datetime, pace: Pace) -> None:
        """Let people in, and those inside go as far as the step goes; whom an earlier run kept out comes in if that was over by then."""
        coming = entries.find_fit(ws, self.world.ch, actor.version, found, MOST_QUESTIONS)
        # Else nobody stands in it for whom a fact could count, or a timer could fire.
        stirs = actor.is_due(instant) or (actor.due is not None and actor.hears(facts))
        while True:
            begun, coming = entries.let_in(ws, actor.version, coming)
            self.runs += begun
            if not (begun or stirs):
                return
            self._settle(ws, actor, facts, instant, pace)
            stirs = False

    def _settle(self, ws: Scope, actor: _Actor, facts: Facts, instant: datetime, pace: Pace) -> None:
        """Let facts count and timers fire in turn: between two looks at the facts no run passes two rests, where one could have happened."""
        is_told, pass_on = actor.hears(facts), planner.pass_place if actor.hears(facts) else planner.pass_once
        before, taken = None, 1
        while True:
            if is_told:
                reactions.react(ws, self.world.ch, actor.version, facts, instant, in_order=True, questions=MOST_QUESTIONS)
            actor.due = due = planner.next_due(ws, [actor.version])
            if due is None or due > instant or (due == before and not taken):
                return
            before, taken = due, pass_on(self.world, actor.version, instant, pace)
            self.watch.look(due, self.runs)
