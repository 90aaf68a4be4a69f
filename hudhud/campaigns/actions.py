"""Writes about campaigns: drafts, review, launch, undo, pause, resume, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.accounts.queries import get_person_behind, get_workspace
from hudhud.campaigns.checks import find_problems
from hudhud.campaigns.editions import make_editions
from hudhud.campaigns.moments import find_start
from hudhud.campaigns.queries import QUERIES, to_campaign
from hudhud.campaigns.types import (
    SOURCE,
    Audience,
    Campaign,
    CampaignChanged,
    CampaignNeedsApproval,
    CampaignProblems,
    CampaignState,
    Definition,
    OwnCampaign,
    Status,
)
from hudhud.delivery import actions as delivery
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

MOST_NOTE = 2_000


def create(ws: Scope, definition: Definition, now: datetime, *, by: str, resend_of: int | None = None) -> int:
    """Make a draft; return its id."""
    text = msgspec.json.encode(definition).decode()
    made = int(ws.value(QUERIES.create, definition=text, name=definition.name, resend_of=resend_of, now=now, by=by))
    record_audit(ws, now, by, "campaign.create", _name(made), name=definition.name)
    return made


def save(ws: Scope, campaign_id: int, definition: Definition, revision: int, now: datetime, *, by: str) -> None:
    """Save a draft, whatever it lacks; raises `CampaignChanged` where somebody has saved it since `revision`, `CampaignState`."""
    campaign = _lock_draft(ws, campaign_id, revision)
    if campaign.definition != definition:
        ws.run(QUERIES.save, id=campaign_id, definition=msgspec.json.encode(definition).decode(), name=definition.name, now=now, by=by)


def delete(ws: Scope, campaign_id: int, now: datetime, *, by: str) -> None:
    """Forget a draft; raises `CampaignState` for what was sent: that can be put away."""
    campaign = lock(ws, campaign_id)
    _must_be(campaign, Status.DRAFT)
    ws.run(QUERIES.delete, id=campaign_id)
    record_audit(ws, now, by, "campaign.delete", _name(campaign_id), name=campaign.definition.name)


def duplicate(ws: Scope, campaign: Campaign, name: str | None, now: datetime, *, by: str) -> int:
    """Make a draft of the same; return its id."""
    named = msgspec.structs.replace(campaign.definition, name=name or campaign.definition.name)
    return create(ws, named, now, by=by)


def resend(ws: Scope, campaign: Campaign, name: str | None, now: datetime, *, by: str) -> int:
    """Make a draft to who has not opened a campaign: with its winner, or its first variant, for the author to change."""
    if campaign.frozen_at is None or campaign.resend_of is not None:
        raise CampaignState("Only what was sent, and is no second try itself, can be sent again to who has not opened it.")
    old = campaign.definition
    variant = msgspec.structs.replace(old.variant(campaign.winner) if campaign.winner else old.variants[0], at=None)
    again = Definition(name=name or old.name, topic=old.topic, audience=Audience(), variants=(variant,), per_hour=old.per_hour)
    return create(ws, again, now, by=by, resend_of=campaign.id)


def review(
    ws: Scope, campaign_id: int, revision: int, word: Literal["asked", "approved", "refused"], now: datetime, *, by: str, note: str = ""
) -> None:
    """Ask for another member's word on a draft, or give it. Raises `CampaignChanged`, `CampaignState`, `OwnCampaign`.

    Nobody approves what they have saved or asked about themselves, also by a key of theirs, nor does a program: a key may be theirs.
    """
    if len(note) > MOST_NOTE:
        raise InvalidInput("note", f"{len(note)} characters", f"use at most {MOST_NOTE}")
    campaign = _lock_draft(ws, campaign_id, revision)
    if word == "approved":
        actors = [campaign.updated_by, *([campaign.review_by or ""] if campaign.review == "asked" else [])]
        if not by.startswith("user:") or by in {get_person_behind(ws, actor) for actor in actors}:
            raise OwnCampaign(campaign_id=campaign_id)
    ws.run(QUERIES.review, id=campaign_id, review=word, now=now, by=by, note=note.strip())
    record_audit(ws, now, by, f"campaign.review_{word}", _name(campaign_id), revision=revision, note=note.strip())


def launch(ws: Scope, sandbox: Sandbox, campaign_id: int, revision: int, now: datetime, *, by: str, at_once: bool = False) -> None:
    """Send a draft when its time comes; what it sends is fixed now. Raises `CampaignChanged`, `CampaignProblems`, `CampaignNeedsApproval`."""
    campaign = _lock_draft(ws, campaign_id, revision)
    problems = find_problems(ws, sandbox, campaign, now)
    if problems:
        raise CampaignProblems(problems)
    if campaign.review != "approved" and get_workspace(ws).publishing_needs_approval:
        raise CampaignNeedsApproval
    ws.run(QUERIES.clear_variants, id=campaign_id)
    for name, edition_id in make_editions(ws, sandbox, campaign.definition).items():
        ws.run(QUERIES.put_variant, id=campaign_id, name=name, edition_id=edition_id)
    starts_at = find_start(campaign.definition, now, at_once=at_once)
    ws.run(QUERIES.launch, id=campaign_id, now=now, by=by, starts_at=starts_at, undo_until=None if at_once else starts_at)
    ws.run(QUERIES.ring)
    record_audit(ws, now, by, "campaign.send", _name(campaign_id), name=campaign.definition.name, starts_at=starts_at.isoformat())


def undo(ws: Scope, campaign_id: int, now: datetime, *, by: str) -> None:
    """Take back what has not begun: it is a draft again. Raises `CampaignState`."""
    campaign = lock(ws, campaign_id)
    _must_be(campaign, Status.SCHEDULED)
    ws.run(QUERIES.undo, id=campaign_id)
    record_audit(ws, now, by, "campaign.undo", _name(campaign_id), name=campaign.definition.name)


def pause(ws: Scope, campaign_id: int, now: datetime, *, by: str) -> None:
    """Let nothing more of it leave: from the commit on no message is handed over that is not yet marked. Raises `CampaignState`."""
    campaign = lock(ws, campaign_id)
    _must_be(campaign, Status.RUNNING)
    delivery.begin_to_pause(ws)
    ws.run(QUERIES.pause, id=campaign_id, now=now)
    record_audit(ws, now, by, "campaign.pause", _name(campaign_id), name=campaign.definition.name)


def resume(ws: Scope, campaign_id: int, now: datetime, *, by: str) -> None:
    """Let it go on after a pause; what was due meanwhile is due now, or at the pace that was asked for. Raises `CampaignState`."""
    campaign = lock(ws, campaign_id)
    _must_be(campaign, Status.PAUSED)
    ws.run(QUERIES.resume, id=campaign_id)
    delivery.go_on(ws, SOURCE, str(campaign_id), now)
    pace = campaign.definition.pace()
    ws.run(QUERIES.put_off, id=campaign_id, at=now if pace is None else delivery.space_out(ws, campaign_id, pace, now))
    ws.run(QUERIES.ring)
    record_audit(ws, now, by, "campaign.resume", _name(campaign_id), name=campaign.definition.name)


def cancel(ws: Scope, campaign_id: int, now: datetime, *, by: str) -> None:
    """End it: from the commit on nothing more of it leaves, and its worker gives what waits the reason `cancelled`. Raises `CampaignState`."""
    campaign = lock(ws, campaign_id)
    _must_be(campaign, Status.SCHEDULED, Status.RUNNING, Status.PAUSED)
    delivery.begin_to_pause(ws)
    ws.run(QUERIES.cancel, id=campaign_id, now=now)
    ws.run(QUERIES.ring)
    record_audit(ws, now, by, "campaign.cancel", _name(campaign_id), name=campaign.definition.name)


def archive(ws: Scope, campaign_id: int, now: datetime, *, by: str, is_away: bool) -> None:
    """Put a campaign away that is over, or take it out again; raises `CampaignState`."""
    campaign = lock(ws, campaign_id)
    if is_away and campaign.status in {Status.SCHEDULED, Status.PAUSED}:
        raise CampaignState("It is not over; cancel it first.", status=campaign.status)
    ws.run(QUERIES.archive, id=campaign_id, at=now if is_away else None)
    record_audit(ws, now, by, "campaign.archive" if is_away else "campaign.restore", _name(campaign_id), name=campaign.definition.name)


def lock(ws: Scope, campaign_id: int) -> Campaign:
    """Return a campaign about which nobody else decides now; raises `CampaignNotFound`."""
    return to_campaign(ws.one(QUERIES.lock, id=campaign_id), campaign_id)


def _lock_draft(ws: Scope, campaign_id: int, revision: int) -> Campaign:
    campaign = lock(ws, campaign_id)
    _must_be(campaign, Status.DRAFT)
    if campaign.revision != revision:
        raise CampaignChanged(
            f"{campaign.updated_by} has saved revision {campaign.revision} of “{campaign.definition.name}” at {campaign.updated_at.isoformat()}; load it again and bring your changes in.",
            revision=campaign.revision,
            updated_by=campaign.updated_by,
            updated_at=campaign.updated_at.isoformat(),
        )
    return campaign


def _must_be(campaign: Campaign, *statuses: Status) -> None:
    if campaign.status not in statuses:
        wanted = " or ".join(statuses)
        raise CampaignState(f"“{campaign.definition.name}” is {campaign.status}; it must be {wanted} for that.", status=campaign.status)


def _name(campaign_id: int) -> str:
    return f"campaign:{campaign_id}"
