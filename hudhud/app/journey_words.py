"""Differences between two versions of a journey, and what publishing would do, as English sentences for a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hudhud.kit.errors import HudhudError
from hudhud.segments.types import from_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hudhud.journeys.editing.diff import Change
    from hudhud.journeys.editing.impact import Impact, Step

LONGEST = 120


def say_changes(changes: Iterable[Change]) -> list[str]:
    """Return a sentence for each change."""
    return [_say(change) for change in changes]


def _say(change: Change) -> str:
    where = f"{change.node}: " if change.node else ""
    if change.kind == "node_added":
        return f"{where}new step: {_step(change.after)}"
    if change.kind == "node_removed":
        return f"{where}step removed: {_step(change.before)}"
    if change.kind == "rewired":
        return f"{where}`{change.field}` leads to {change.after or 'nothing'} instead of {change.before or 'nothing'}"
    if change.field == "kind":
        return f"{where}is {_step(change.after)} instead of {_step(change.before)}"
    return f"{where}{change.field}: {_value(change.after)} instead of {_value(change.before)}"


def _step(node: dict[str, Any]) -> str:
    fields = [f"{name} {_value(value)}" for name, value in node.items() if name != "kind"]
    return _shorten(f"{node['kind']} ({', '.join(fields)})")


def _value(value: Any) -> str:  # noqa: ANN401 -- JSON
    """Return a value as somebody would write it: conditions as text, a length of time in words, other fields one after the other."""
    if value is None:
        return "nothing"
    if isinstance(value, dict) and value.keys() == {"amount", "unit"}:
        return f"{value['amount']} {value['unit']}"
    if isinstance(value, dict) and "kind" in value:
        try:
            return _shorten(to_text(from_json(value, journey=True)))
        except HudhudError:
            pass
    if isinstance(value, list):
        return _shorten("; ".join(map(_value, value)) or "nothing")
    if isinstance(value, dict):
        return _shorten(", ".join(f"{name} {_value(part)}" for name, part in value.items()) or "nothing")
    return _shorten(value if isinstance(value, str) else json.dumps(value))


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def say_impact(impact: Impact) -> list[str]:
    """Return what publishing would do to people under way."""
    people = impact.totals()
    if not people["here"]:
        return ["nobody is under way"]
    told = [f"{people['here']} under way: {people['keep']} stay on their version, {people['move']} move, {people['leave']} leave"]
    told += [f"  {line}" for line in map(_say_step, impact.steps) if line]
    exact = {True: "", False: "up to "}
    return told + [f"  at once: {exact[send.is_exact]}{send.people} get {send.template} ({send.node})" for send in impact.sends]


def _say_step(step: Step) -> str:
    here = f"version {step.version}, {step.node}: {step.here}"
    if step.how == "keep":
        return f"{here} stay"
    if step.how == "exit":
        return f"{here} leave the journey"
    asked = (
        f", {step.asked} are looked at anew ({'' if step.met_of == step.asked else 'about '}{step.met} go on at once)" if step.asked else ""
    )
    days = f", the others from {step.later[0][0].isoformat()} on" if step.later else ""
    return f"{here} go to {step.to} ({step.how}): {step.at_once} go on at once{asked}{days}"
