"""Update: change what is known of the person. The run goes on a few seconds later, so that what comes next can see it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from hudhud.journeys.types import Action, Part

MOST_CHANGES = 50
# Who somebody is and what they agreed to is said by them, not by a journey; names with @ are what Hudhud itself knows.
CLOSED = frozenset({"email", "phone", "subscriptions"})
PLACE = re.compile(r"(event|person|run|coupon)(\.[^.\s]+)+")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
# Beyond it, a number is no longer the same everywhere.
MOST_WHOLE = 2**53
Whole = Annotated[int, msgspec.Meta(ge=-MOST_WHOLE, le=MOST_WHOLE)]
Value = Annotated[str, msgspec.Meta(max_length=2_000)] | Whole | float | bool


class Set(Part, frozen=True, tag_field="do", tag="set"):
    """`{"do": "set", "attribute": "plan", "value": "pro"}`."""

    attribute: Name
    value: Value


class Copy(Part, frozen=True, tag_field="do", tag="copy", rename={"place": "from"}):
    """`{"do": "copy", "attribute": "last_cart", "from": "event.cart_id"}`: as templates name it; where there is nothing, nothing changes."""

    attribute: Name
    place: str


class Increment(Part, frozen=True, tag_field="do", tag="increment"):
    """`{"do": "increment", "attribute": "reminders", "by": 1}`: of nothing, from 0; what is no number stays as it is."""

    attribute: Name
    by: Whole | float = 1


class Remove(Part, frozen=True, tag_field="do", tag="remove"):
    """`{"do": "remove", "attribute": "trial_ends"}`."""

    attribute: Name


Change = Set | Copy | Increment | Remove


class Update(Action, frozen=True, tag_field="kind", tag="update"):
    """`{"kind": "update", "changes": [change, …], "next": id}`."""

    changes: tuple[Change, ...]
    next: str

    def __post_init__(self) -> None:
        """Refuse what a journey may not change, and places that there are not."""
        names = [change.attribute for change in self.changes]
        if not 0 < len(names) <= MOST_CHANGES or len(set(names)) < len(names):
            message = f"`changes`: give one to {MOST_CHANGES}, each of another attribute"
            raise ValueError(message)
        if bad := [name for name in names if name in CLOSED or name.startswith("@")]:
            message = f"`attribute` {bad[0]!r}: a journey cannot change it; use a name of your own (for topics there is the node `topic`)"
            raise ValueError(message)
        for change in self.changes:
            if isinstance(change, Copy) and not PLACE.fullmatch(change.place):
                message = f"`from` {change.place!r}: write a place as templates do, such as event.plan or person.first_name"
                raise ValueError(message)

    @property
    def kind(self) -> Literal["update"]:
        """Return the word in `kind`."""
        return "update"

    def exits(self) -> dict[str, str]:
        """One way on."""
        return {"next": self.next}
