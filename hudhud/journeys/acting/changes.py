"""Working out what an update changes about one person."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hudhud.journeys.nodes.update import MOST_WHOLE, Copy, Increment, Remove
from hudhud.journeys.running.facts import find_value
from hudhud.journeys.types import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hudhud.journeys.nodes.update import Change
    from hudhud.people.types import Person

# Sums of decimals are kept to a millionth, as conditions take them: 0.1 three times is 0.3.
DECIMALS = 6
LONGEST = 2_000
NOTHING: Mapping[str, Any] = MappingProxyType({})


class WorkedOut(NamedTuple):
    """A patch (None: remove), and what of the changes comes to nothing: `{"reason": Refusal, "name": attribute}`."""

    patch: dict[str, Any]
    notes: tuple[dict[str, str], ...]


def work_out(
    changes: Iterable[Change], known: Mapping[str, Any], person: Person, event: Mapping[str, Any], given: Mapping[str, Any] = NOTHING
) -> WorkedOut:
    """Return what these changes come to for somebody whose attributes are `known`, in a run that `event` started; `given`: its `run` and `coupon`."""
    patch: dict[str, Any] = {}
    notes = []
    for change in changes:
        found = _value(change, known, person, {"event": event, **given})
        if isinstance(found, Refusal):
            notes.append({"reason": str(found), "name": change.attribute})
        else:
            patch[change.attribute] = found
    return WorkedOut(patch, tuple(notes))


def _value(change: Change, known: Mapping[str, Any], person: Person, roots: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- an attribute's value
    if isinstance(change, Remove):
        return None
    if isinstance(change, Increment):
        return _sum(known.get(change.attribute), change.by)
    if isinstance(change, Copy):
        root, _, path = change.place.partition(".")
        found = find_value({**known, "id": person.id, "language": person.language} if root == "person" else dict(roots.get(root, {})), path)
        return found if _is_plain(found) else Refusal.NO_VALUE
    return change.value


def _sum(known: object, by: float) -> float | Refusal:
    known = 0 if known is None else known
    if isinstance(known, bool) or not isinstance(known, int | float):
        return Refusal.NOT_A_NUMBER
    total = known + by
    if not math.isfinite(total) or abs(total) > MOST_WHOLE:
        return Refusal.NOT_A_NUMBER
    return total if isinstance(total, int) else round(total, DECIMALS)


def _is_plain(value: object) -> bool:
    """Say whether a value can be an attribute: a text, number, yes or no, or a list of these."""
    if isinstance(value, list):
        return all(_is_plain(item) and not isinstance(item, list) for item in value)
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= LONGEST)
