"""Why is this person in a journey, or not, and what happened to them there: each rule and each log line, in plain words.

Every line has a `code` and `data` for translation, and `text` in English for machines' readers and the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.clocks.queries import find_lives
from hudhud.delivery.types import Line
from hudhud.journeys.acting.webhooks import tell_requests
from hudhud.journeys.queries import LAST, QUERIES, get_journey, get_version
from hudhud.journeys.times.ticks import next_tick
from hudhud.journeys.times.until import AtDate, Where
from hudhud.journeys.times.waiting import tell_wait
from hudhud.journeys.types import OnCall, OnDate, OnEvent, OnSchedule, OnSegmentLeave, OnSubscribe, Reason
from hudhud.journeys.why.ahead import find_ahead
from hudhud.journeys.why.decisions import tell_verdict as _tell
from hudhud.kit.errors import InvalidInput
from hudhud.segments import queries as segments
from hudhud.segments.types import And, Between, Consent, Event, Segment

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition, Verdict

MOST_RUNS = 20
STEPS = {
    Reason.TRIGGERED: "entered the journey",
    Reason.DELAY_OVER: "the delay was over",
    Reason.NO_DATE_AHEAD: "there was no such date ahead",
    Reason.MESSAGE_PLANNED: "a message was planned",
    Reason.FALLBACK_PLANNED: "nobody had answered: the next message of the chain was planned",
    Reason.ENGAGED: "the person had answered: no further message of the chain was needed",
    Reason.ALREADY_SEEN: "went on without a message: the person has got this one already",
    Reason.WINDOW_OPENED: "the hours came in which the journey sends, and a message was planned",
    Reason.ALREADY_DONE: "passed without doing anything: this step was taken before the move to another version",
    Reason.CONDITION_MET: "what the wait was for happened in time",
    Reason.TIMED_OUT: "the wait ran out: it did not happen in time",
    Reason.BRANCH_TRUE: "the condition of this branch was true",
    Reason.NO_BRANCH_TRUE: "no condition of the branch was true",
    Reason.LOT_DRAWN: "went this way by lot",
    Reason.TEST_WON: "went the way that has won the test",
    Reason.HELD_OUT: "was held out by lot: gets nothing, to measure what the others got",
    Reason.ACTION_PLANNED: "this was set off; what came of it stands beside it",
    Reason.ANSWERED: "an answer came",
    Reason.REQUEST_FAILED: "no answer came that was any good",
    Reason.COUPON_GIVEN: "was given a coupon",
    Reason.NO_COUPON: "there was no coupon left",
    Reason.END_REACHED: "reached the end",
    Reason.GOAL_REACHED: "reached the goal",
    Reason.EXIT_CONDITION: "left: an exit condition became true",
    Reason.VERSION_MOVED: "moved to another version of the journey",
    Reason.RERUN: "started again from another step, as somebody ordered",
    Reason.STEP_REMOVED: "left: a new version does without this step",
    Reason.PERSON_MERGED: "ended: the person was merged with somebody who is in this journey",
    Reason.OTHER_JOURNEY: "ended: another journey took the person out",
}


@dataclass(frozen=True)
class Why:
    """The answer: whether the person is (or was) in the journey, the rules that decide, and each run's steps."""

    journey: str
    person_id: int
    state: str  # never_in | in | finished | goal | exited | merged
    text: str
    rules: list[Line]
    runs: list[dict[str, Any]]


def to_past(at: datetime | None, now: datetime) -> datetime | None:
    """Return a moment that was asked about, None for now; raises `InvalidInput` for one that is still to come, or without a zone."""
    if at is not None and (at.tzinfo is None or at > now):
        raise InvalidInput("at", at.isoformat(), "give a moment that has been, with its offset, such as 2026-03-01T12:00:00Z")
    return at


def why(ws: Scope, ch: Client, key: str, person_id: int, now: datetime, *, as_of: datetime | None = None) -> Why:
    """Explain one person in one journey, as of now or a moment that has been; raises `JourneyNotFound`.

    As of then: the version that people entered then, the runs that had begun, the steps that had been taken, what people had done. Whether the
    journey runs, and what is known of the person (attributes, consent), is as it is today.
    """
    journey = get_journey(ws, key)
    version, _ = get_version(ws, key, as_of)
    runs = ws.all(QUERIES.find_runs, journey_id=journey["id"], after=LAST, node=None, person_id=person_id, limit=MOST_RUNS)
    ahead = {} if as_of else {one["run_id"]: one for one in find_ahead(ws, person_id, now, journey=key)}
    if as_of is not None:
        runs, now = [_as_it_was(run, as_of) for run in runs if run["entered_at"] <= as_of], as_of
    rules = [
        *_state_rules(journey),
        *_date_rules(version, now),
        *_trigger_rules(ws, ch, version, person_id, now),
        *_entry_rules(ws, ch, version, person_id, now),
        *_reentry_rules(version, runs),
    ]
    steps = _steps(ws, [run["id"] for run in runs], as_of)
    told = [
        {
            **run,
            "waits": tell_wait(ws, journey["id"], run),
            "ahead": ahead.get(run["id"]),
            "steps": [vars(line) for line in steps.get(run["id"], [])],
        }
        for run in runs
    ]
    state = "never_in" if not runs else runs[0]["outcome"] or "in"
    return Why(key, person_id, state, _sum_up(state, runs, rules), rules, told)


def _as_it_was(run: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return a run as of a moment; where it stood then, its steps say."""
    has_ended = run["ended_at"] is not None and run["ended_at"] <= at
    then = {} if has_ended else {"ended_at": None, "outcome": None}
    return {**run, **then, "node": None, "due_at": None, "waiting": None}


def _sum_up(state: str, runs: list[dict[str, Any]], rules: list[Line]) -> str:
    if state == "never_in":
        broken = [rule.text for rule in rules if rule.holds is False]
        return f"No, never: {'; '.join(broken)}." if broken else "Not yet: every rule holds, the next trigger lets the person in."
    if state == "in":
        due_at = runs[0]["due_at"]
        return f"Yes: at {runs[0]['node']}, next look at {due_at.isoformat()}." if due_at else "Yes, it was under way."
    ended = {"finished": "went to the end", "goal": "reached the goal", "exited": "left by an exit condition", "merged": "was merged"}
    return f"Not any more: {ended[state]} at {runs[0]['ended_at'].isoformat()}."


def _state_rules(journey: dict[str, Any]) -> list[Line]:
    running = journey["status"] == "running"
    data = {"status": journey["status"], "started_at": _iso(journey["started_at"])}
    text = f"the journey is running since {data['started_at']}" if running else f"the journey is not running ({journey['status']})"
    return [Line("journey_running", text, running, data)]


def _date_rules(version: Version, now: datetime) -> list[Line]:
    graph = version.graph
    if graph.starts_at is None and graph.ends_at is None:
        return []
    data = {"starts_at": _iso(graph.starts_at), "ends_at": _iso(graph.ends_at)}
    span = " ".join(f"{word} {data[name]}" for word, name in (("from", "starts_at"), ("before", "ends_at")) if data[name])
    return [Line("dates", f"people enter {span}", graph.admits(now), data)]


def _entry_rules(ws: Scope, ch: Client, version: Version, person_id: int, now: datetime) -> list[Line]:
    if version.graph.entry is None:
        return []
    verdict = segments.explain(ws, ch, version.graph.entry, person_id, now)
    text = f"the entry condition is {'true' if verdict.holds else 'not true'} now; it is asked at the moment of the trigger"
    return [Line("entry", text, verdict.holds, {"verdicts": [_tell(verdict)]})]


def _trigger_rules(ws: Scope, ch: Client, version: Version, person_id: int, now: datetime) -> list[Line]:
    trigger, listens = version.graph.trigger, version.graph.listens()
    if listens is not None or isinstance(trigger, OnEvent | OnCall):
        assert listens is not None
        return [_event_rule(ws, ch, version, listens, person_id, now)]
    tree: Condition
    if isinstance(trigger, OnSubscribe):
        tree = Consent(topic=trigger.topic)
        verdict = segments.explain(ws, ch, tree, person_id, now)
        said = verdict.value or "never asked"
        return [Line("trigger_subscribe", f"the person's consent to {trigger.topic} is: {said}", verdict.holds, _tell(verdict))]
    if isinstance(trigger, OnDate):
        return [_date_rule(ws, version, trigger, person_id, now)]
    tree = Segment(segment_id=trigger.segment) if isinstance(trigger.segment, int) else trigger.segment
    verdict = segments.explain(ws, ch, tree, person_id, now)
    if isinstance(trigger, OnSchedule):
        return [_schedule_rule(ws, trigger, person_id, verdict, now)]
    code, more = ("trigger_segment_leave", ", and begins on leaving it") if isinstance(trigger, OnSegmentLeave) else ("trigger_segment", "")
    text = f"the person is in the segment{more}" if verdict.holds else "the person is not in the segment"
    return [Line(code, text, verdict.holds, _tell(verdict))]


def _date_rule(ws: Scope, version: Version, trigger: OnDate, person_id: int, now: datetime) -> Line:
    life = find_lives(ws, [person_id], trigger.attribute).get(person_id)
    until = AtDate(attribute=trigger.attribute, days=trigger.days, at=trigger.at, yearly=trigger.yearly)
    spell = None if life is None else until.spell(now, Where(life.zone, None, life.value))
    data = {
        "attribute": trigger.attribute,
        "value": life and life.value,
        "next": _iso(spell and spell.first),
        "since": _iso(version.started_at),
    }
    text = f"their day is at {data['next']}" if spell else f"no such day lies ahead: {trigger.attribute} is {data['value'] or 'not known'}"
    return Line("trigger_date", text, spell is not None, data)


def _schedule_rule(ws: Scope, trigger: OnSchedule, person_id: int, verdict: Verdict, now: datetime) -> Line:
    life = find_lives(ws, [person_id]).get(person_id)
    tick = None if life is None else next_tick(trigger, now, frozenset({life.zone}))
    said = "the person is in the segment" if verdict.holds else "the person is not in the segment"
    following = f"its next day begins for them at {_iso(tick.at)}" if tick else "its days are over"
    return Line(
        "trigger_schedule", f"{said}; {following}", verdict.holds and tick is not None, {**_tell(verdict), "next": _iso(tick and tick.at)}
    )


def _event_rule(ws: Scope, ch: Client, version: Version, trigger: OnEvent, person_id: int, now: datetime) -> Line:
    names = trigger.event_names()
    since = version.started_at
    leaves = [Event(name, where=trigger.where) for name in names]
    if since is not None and since < now:
        leaves = [msgspec.structs.replace(leaf, window=Between(from_=since, to=now)) for leaf in leaves]
    verdicts = [segments.explain(ws, ch, And((leaf,)), person_id, now).of[0] for leaf in leaves]
    holds = any(verdict.holds for verdict in verdicts)
    what = " or ".join(names)
    text = f"{what} came after the start" if holds else f"no {what} that passes the filter came after the start"
    return Line("trigger_event", text, holds, {"events": list(names), "since": _iso(since), "verdicts": [_tell(one) for one in verdicts]})


def _reentry_rules(version: Version, runs: list[dict[str, Any]]) -> list[Line]:
    rule = msgspec.to_builtins(version.graph.reentry)
    data = {**rule, "runs": len(runs), "run_key": version.graph.run_key}
    said = {
        "never": "once for each person and key",
        "always": "again whenever none is under way",
        "after": f"again after {rule.get('days')} days",
    }
    text = f"a person enters {said[rule['kind']]}; runs so far: {len(runs)}"
    return [Line("reentry", text, None, data)]


def _steps(ws: Scope, run_ids: list[int], until: datetime | None) -> dict[int, list[Line]]:
    messages = {(row["run_id"], row["visit"]): row for row in ws.all(QUERIES.find_messages, run_ids=run_ids)}
    asked = tell_requests(ws, run_ids)
    found: dict[int, list[Line]] = {}
    for row in ws.all(QUERIES.find_log, run_ids=run_ids):
        if until is not None and row["at"] > until:
            continue
        message = messages.get((row["run_id"], row["visit"]))
        data = {"visit": row["visit"], "at": _iso(row["at"]), "node": row["node"], "edge": row["edge"], **(row["detail"] or {})}
        if (row["run_id"], row["visit"]) in asked:
            data["request"] = asked[row["run_id"], row["visit"]]
        if message:
            data["message"] = {"id": message["id"], "state": message["state"], "reason": message["reason"]}
        text = STEPS[Reason(row["reason"])] + _effect_of(row["detail"] or {})
        found.setdefault(row["run_id"], []).append(Line(row["reason"], f"{row['node']}: {text}" if row["node"] else text, None, data))
    return found


def _effect_of(detail: dict[str, Any]) -> str:
    """Say what came of what a step set off."""
    if "effect" not in detail:
        return ""
    notes = [f"{note['name']}: {note['reason']}" if "name" in note else note["reason"] for note in detail.get("notes", ())]
    return "; ".join([f": {detail['effect']}", *notes])


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
