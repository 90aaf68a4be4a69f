"""What is known about people, by name: the attributes that a condition can ask for, with some of their values."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 -- read by ninja at run time
from typing import TYPE_CHECKING, Any

from ninja import Router, Schema

from hudhud.events.registry import is_personal
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["people"])
Q = sql.load("hudhud.app", "attributes.sql")
PEOPLE = 2000  # so many of the newest are looked at, however many there are
VALUES = 5
LIMIT = 500


class AttributeName(Schema):
    """A name, the kind of JSON value it mostly holds, and its commonest values; none of a personal one."""

    name: str
    kind: str
    values: list[str]
    first_seen_at: datetime | None = None  # in identify calls; null: nobody has sent it that way
    last_seen_at: datetime | None = None
    is_personal: bool = False  # tells who somebody is


class AttributeNames(Schema):
    """All names; there is no next page."""

    items: list[AttributeName]
    next: None = None
    total: int


@router.get("/attributes", response=AttributeNames)
def find_attributes(request: Request) -> dict[str, object]:
    """List the names of attributes as the newest people have them."""
    found = request.scope.all(Q.find_attributes, people=PEOPLE, values=VALUES, limit=LIMIT)
    return {"items": [_item(one) for one in found], "total": len(found)}


def _item(one: dict[str, Any]) -> dict[str, Any]:
    personal = is_personal(one["name"])
    return {**one, "values": [] if personal else one["values"], "is_personal": personal}
