"""People behind a campaign's figures: its rows, who was left out, and why somebody did not get it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap64

from hudhud.campaigns.audience import find_people as find_of_audience
from hudhud.campaigns.audience import sort_out
from hudhud.campaigns.materialising import asking_of, read_audience
from hudhud.campaigns.numbers import NUMBERS
from hudhud.campaigns.queries import find_editions
from hudhud.delivery.queries import find_messages_of_campaign
from hudhud.kit.errors import NotFound
from hudhud.segments.queries import explain, find_faces
from hudhud.segments.types import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.campaigns.types import Campaign
    from hudhud.delivery.types import Message
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Verdict


def with_faces(ws: Scope, person_ids: Sequence[int], reasons: dict[int, str] | None = None) -> list[dict[str, Any]]:
    """Return what people are called, and why they were left out where that is known."""
    faces = find_faces(ws, person_ids)
    nobody = {"name": None, "email": None}
    return [{"person_id": one, **faces.get(one, nobody), **({} if reasons is None else {"reason": reasons[one]})} for one in person_ids]


def find_behind(ws: Scope, ch: Client, campaign: Campaign, reason: str, after: int, limit: int, now: datetime) -> list[int]:
    """Return a page of who would get a campaign now ('' as reason), or would not for a reason."""
    return find_of_audience(ws, ch, asking_of(campaign, now), reason, after, limit, now)


def find_excluded(ws: Scope, campaign_id: int, reason: str | None, after: int, limit: int) -> tuple[list[int], dict[int, str]]:
    """Return a page of who got no row, by number, and why."""
    by_reason: dict[str, BitMap64] = {}
    for name, raw in ws.rows(NUMBERS.find_excluded, id=campaign_id, reason=reason):
        by_reason.setdefault(name, BitMap64()).update(BitMap64.deserialize(bytes(raw)))
    page = list(islice(BitMap64().union(*by_reason.values()).iter_equal_or_larger(after + 1), limit)) if by_reason else []
    return page, {one: name for name, people in by_reason.items() for one in page if one in people}


def find_messages(
    ws: Scope, campaign: Campaign, state: str | None, reason: str | None, variant: str | None, after: int | None, limit: int
) -> list[Message]:
    """Return a page of a campaign's rows, newest first."""
    edition_id = None if variant is None else find_editions(ws, campaign.id).get(campaign.definition.variant(variant).name)
    return find_messages_of_campaign(ws, campaign.id, state=state, reason=reason, edition_id=edition_id, after=after, limit=limit)


def why(ws: Scope, ch: Client, campaign: Campaign, person_id: int, now: datetime) -> dict[str, Any]:
    """Say what became of somebody in a campaign: their row, why they have none, or, before it is frozen, what would become of them now.

    Raises `NotFound` for a number that nobody has.
    """
    actors = [row[0] for row in ws.rows(NUMBERS.find_actors, person_id=person_id)]
    if not actors:
        raise NotFound(f"There is no person {person_id}.")
    message_id = ws.value(NUMBERS.find_message_to, id=campaign.id, person_ids=actors)
    answer = {"message_id": message_id, "reason": "", "conditions": None}
    if message_id is not None:
        return {**answer, "answer": "message"}
    if campaign.frozen_at is None:
        found = sort_out(ws, actors[:1], asking_of(campaign, now), now, BitMap64(actors[:1]))
        reason, conditions = next(iter(found.excluded), ""), _conditions(ws, ch, campaign, actors[0], now)
        return {**answer, "answer": "not_frozen", "reason": reason, "conditions": conditions}
    if reason := _excluded_as(ws, campaign.id, actors):
        return {**answer, "answer": "excluded", "reason": reason}
    audience = read_audience(ws, campaign.id)
    if any(one in audience for one in actors):
        return {**answer, "answer": "waiting"}
    return {**answer, "answer": "not_in_audience", "conditions": _conditions(ws, ch, campaign, actors[0], now)}


def _excluded_as(ws: Scope, campaign_id: int, actors: Sequence[int]) -> str:
    for reason, raw in ws.rows(NUMBERS.find_excluded, id=campaign_id, reason=None):
        people = BitMap64.deserialize(bytes(raw))
        if any(one in people for one in actors):
            return str(reason)
    return ""


def _conditions(ws: Scope, ch: Client, campaign: Campaign, person_id: int, now: datetime) -> dict[str, Any] | None:
    """Return why somebody is meant, or not, as things are now."""
    condition = campaign.definition.audience.condition()
    return None if condition is None else _plain(explain(ws, ch, condition, person_id, now))


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "path": verdict.path,
        "condition": to_json(verdict.node),
        "holds": verdict.holds,
        "value": verdict.value,
        "of": [_plain(one) for one in verdict.of],
    }
