"""Reads about campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.campaigns.states import state_of
from hudhud.campaigns.types import Campaign, CampaignNotFound, Status, read
from hudhud.kit import sql
from hudhud.segments.queries import Use
from hudhud.segments.types import Segment, leaves

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.campaigns")


def get_campaign(ws: Scope, campaign_id: int) -> Campaign:
    """Return one campaign; raises `CampaignNotFound`."""
    return to_campaign(ws.one(QUERIES.get, id=campaign_id), campaign_id)


def to_campaign(row: dict[str, Any] | None, campaign_id: int) -> Campaign:
    """Read a row; raises `CampaignNotFound` where there is none."""
    if row is None:
        raise CampaignNotFound(f"There is no campaign {campaign_id}.", campaign_id=campaign_id)
    return Campaign(**{**row, "definition": read(row["definition"]), "status": Status(row["status"])})


def find_resends(ws: Scope, campaign_id: int) -> list[int]:
    """Return the campaigns that were made for who had not opened this one."""
    return [row[0] for row in ws.rows(QUERIES.find_resends, id=campaign_id)]


def find_editions(ws: Scope, campaign_id: int) -> dict[str, int]:
    """Return which edition each variant sends."""
    return dict(ws.rows(QUERIES.find_variants, id=campaign_id))


def find_uses(ws: Scope, segment_id: int) -> list[Use]:
    """Return the campaigns that ask for a segment and have not begun; who is meant by those that have stands fixed."""
    found = []
    for row in ws.all(QUERIES.find_using, named=rf"\m{segment_id}\M"):
        audience = read(row["definition"]).audience
        in_tree = () if audience.tree is None else (leaf.segment_id for leaf in leaves(audience.tree) if isinstance(leaf, Segment))
        if segment_id in {*audience.include, *audience.exclude, *in_tree}:
            found.append(Use("campaign", str(row["id"]), {"": row["name"]}, row["status"]))
    return found


def find_waiting(ws: Scope) -> list[tuple[int, str, str]]:
    """Return campaigns that wait for somebody, with what they are called and why: failing, paused, undecided."""
    return [(row[0], row[1], row[2]) for row in ws.rows(QUERIES.find_waiting)]


def find_campaigns(
    ws: Scope, *, state: str = "", search: str = "", archived: bool = False, after: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Return a page of campaigns as cards, newest first, with the figures that were counted last."""
    rows = ws.all(QUERIES.find_page, state=state, search=search.strip().lower(), archived=archived, after=after, limit=limit)
    return [_to_card(row) for row in rows]


def _to_card(row: dict[str, Any]) -> dict[str, Any]:
    definition, figures = read(row["definition"]), row["figures"]
    shown = ("audience", "selected", "pending", "accepted", "delivered", "opened", "clicked")
    return {
        "id": row["id"],
        "name": row["name"],
        "state": state_of(row, figures),
        "topic": definition.topic,
        "starts_at": row["starts_at"],
        "updated_at": row["updated_at"],
        "launched_at": row["launched_at"],
        "variants": len(definition.variants),
        "resend_of": row["resend_of"],
        "failing": row["failing"],
        "numbers": None if figures is None else {**{name: figures[name] for name in shown}, "as_of": row["as_of"]},
    }


def count_campaigns(ws: Scope, *, archived: bool = False) -> int:
    """Return how many campaigns there are."""
    return int(ws.value(QUERIES.count, archived=archived))
