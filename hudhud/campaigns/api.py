"""Routes of campaigns."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from hudhud.accounts.queries import get_workspace
from hudhud.campaigns import actions, people, queries, testing
from hudhud.campaigns.audience import Asking, count_audience
from hudhud.campaigns.checks import find_problems
from hudhud.campaigns.materialising import asking_of
from hudhud.campaigns.numbers import find_state, get_numbers
from hudhud.campaigns.types import CampaignState, State, plain, read_given
from hudhud.campaigns.types import Status as Decided
from hudhud.content.sandbox import shared
from hudhud.delivery.explain import why as why_message
from hudhud.kit.http import needs

if TYPE_CHECKING:
    from hudhud.campaigns.types import Campaign
    from hudhud.kit.http import Request

router = Router(tags=["campaigns"])
Limit = Annotated[int, Field(ge=1, le=200)]
After = Annotated[int, Field(ge=0, le=2**53)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class CampaignDefinition(Schema):
    """A campaign as it is written down (docs/guide/campaigns.md); whatever is left out is as usual, and a draft may lack anything but a name."""

    model_config = ConfigDict(extra="forbid")

    name: Any
    topic: Any = ""
    audience: Any = Field(default_factory=dict)
    variants: Any = Field(default_factory=lambda: [{}])
    test: Any = None
    when: Any = Field(default_factory=lambda: {"kind": "now"})
    per_hour: Any = None
    ends_at: Any = None
    skip_seen: Any = None


class CampaignDraft(Schema):
    """What was written down, and the revision that was worked on."""

    definition: CampaignDefinition
    revision: Annotated[int, Field(ge=1)]


class CampaignName(Schema):
    """What a new campaign is called; null: as the old one."""

    name: Name | None = None


class CampaignReview(Schema):
    """A question or a word about a revision."""

    revision: int
    word: Literal["asked", "approved", "refused"]
    note: str = ""


class CampaignLaunch(Schema):
    """Which revision is sent; `at_once`: without the minute in which it can be taken back."""

    revision: int
    at_once: bool = False


class CampaignChoice(Schema):
    """The variant that goes to the rest."""

    variant: str


class CampaignAudience(Schema):
    """Whom a draft is for, and what decides who of them gets it."""

    audience: dict[str, Any]
    topic: str
    template: str | None = None
    skip_seen: Any = None
    resend_of: int | None = None


def _shown(request: Request, campaign: Campaign) -> dict[str, Any]:
    """Return a campaign as it goes over the wire."""
    ws = request.scope
    is_draft = campaign.status is Decided.DRAFT
    fields = {name: value for name, value in vars(campaign).items() if name not in {"definition", "status", "audience", "archived_at"}}
    return {
        **fields,
        "definition": plain(campaign.definition),
        "state": find_state(ws, campaign, request.now),
        "audience": campaign.audience,
        "problems": [asdict(one) for one in find_problems(ws, shared(), campaign, request.now)] if is_draft else [],
        "needs_approval": is_draft and campaign.review != "approved" and get_workspace(ws).publishing_needs_approval,
        "resends": queries.find_resends(ws, campaign.id),
        "archived": campaign.archived_at is not None,
    }


def _get(request: Request, campaign_id: int) -> dict[str, Any]:
    return _shown(request, queries.get_campaign(request.scope, campaign_id))


@router.get("/campaigns")
def find_campaigns(
    request: Request,
    state: Literal["", "draft", "scheduled", "running", "paused", "done", "cancelled"] = "",
    search: str = "",
    after: int | None = None,
    limit: Limit = 50,
    *,
    archived: bool = False,
) -> dict[str, Any]:
    """List campaigns, newest first, with the figures that were counted last."""
    items = queries.find_campaigns(request.scope, state=state, search=search, archived=archived, after=after, limit=limit)
    total = queries.count_campaigns(request.scope, archived=archived)
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None, "total": total}


@router.post("/campaigns", response={201: dict[str, Any]})
def create_campaign(request: Request, definition: CampaignDefinition) -> Status[dict[str, Any]]:
    """Make a draft; it may lack anything but a name."""
    made = actions.create(request.scope, read_given(definition.model_dump()), request.now, by=request.actor)
    return Status(201, _get(request, made))


@router.post("/campaigns/audience")
@needs("viewer")
def count_drafted(request: Request, asked: CampaignAudience) -> dict[str, Any]:
    """Count whom a draft reaches, and subtract, by reason, who gets nothing. Nothing is changed."""
    drafted = read_given({"name": "-", "topic": asked.topic, "audience": asked.audience, "skip_seen": asked.skip_seen})
    templates = (asked.template,) if asked.template else ()
    asking = Asking(drafted.audience, drafted.topic, templates, drafted.seen_since(request.now), asked.resend_of)
    return count_audience(request.scope, request.clickhouse, asking, request.now).to_dict()


@router.get("/campaigns/{int:campaign_id}")
def get_campaign(request: Request, campaign_id: int) -> dict[str, Any]:
    """Return a campaign: what was written down, where it stands, and what keeps a draft from being sent."""
    return _get(request, campaign_id)


@router.put("/campaigns/{int:campaign_id}")
def save_campaign(request: Request, campaign_id: int, draft: CampaignDraft) -> dict[str, Any]:
    """Save a draft, whatever it lacks. 409 `campaign_changed` where somebody else has saved it meanwhile."""
    actions.save(request.scope, campaign_id, read_given(draft.definition.model_dump()), draft.revision, request.now, by=request.actor)
    return _get(request, campaign_id)


@router.delete("/campaigns/{int:campaign_id}", response={204: None})
def delete_campaign(request: Request, campaign_id: int) -> Status[None]:
    """Forget a draft."""
    actions.delete(request.scope, campaign_id, request.now, by=request.actor)
    return Status(204, None)


@router.post("/campaigns/{int:campaign_id}/duplicate", response={201: dict[str, Any]})
def duplicate_campaign(request: Request, campaign_id: int, other: CampaignName) -> Status[dict[str, Any]]:
    """Make a draft of the same."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    return Status(201, _get(request, actions.duplicate(request.scope, campaign, other.name, request.now, by=request.actor)))


@router.post("/campaigns/{int:campaign_id}/resend", response={201: dict[str, Any]})
def resend_campaign(request: Request, campaign_id: int, other: CampaignName) -> Status[dict[str, Any]]:
    """Make a draft to who has not opened this one; it needs another subject or template before it can be sent."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    return Status(201, _get(request, actions.resend(request.scope, campaign, other.name, request.now, by=request.actor)))


@router.post("/campaigns/{int:campaign_id}/archive")
def archive_campaign(request: Request, campaign_id: int) -> dict[str, Any]:
    """Put a campaign away; what is still to leave must be cancelled first."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    if find_state(request.scope, campaign, request.now) not in {State.DRAFT, State.DONE, State.CANCELLED}:
        raise CampaignState("It is not over; cancel it first.", status=campaign.status)
    actions.archive(request.scope, campaign_id, request.now, by=request.actor, is_away=True)
    return _get(request, campaign_id)


@router.post("/campaigns/{int:campaign_id}/restore")
def restore_campaign(request: Request, campaign_id: int) -> dict[str, Any]:
    """Take a campaign out again."""
    actions.archive(request.scope, campaign_id, request.now, by=request.actor, is_away=False)
    return _get(request, campaign_id)


@router.post("/campaigns/{int:campaign_id}/review")
def review_campaign(request: Request, campaign_id: int, said: CampaignReview) -> dict[str, Any]:
    """Ask for another member's word on a draft, or give it. Nobody approves what they have saved or asked about themselves."""
    actions.review(request.scope, campaign_id, said.revision, said.word, request.now, by=request.actor, note=said.note)
    return _get(request, campaign_id)


@router.post("/campaigns/{int:campaign_id}/send")
def send_campaign(request: Request, campaign_id: int, launch: CampaignLaunch) -> dict[str, Any]:
    """Send it when its time comes. For a minute, or until then, it can be taken back, unless `at_once` is said."""
    actions.launch(request.scope, shared(), campaign_id, launch.revision, request.now, by=request.actor, at_once=launch.at_once)
    return _get(request, campaign_id)


@router.post("/campaigns/{int:campaign_id}/undo")
def undo_campaign(request: Request, campaign_id: int) -> dict[str, Any]:
    """Take back what has not begun: a draft again."""
    actions.undo(request.scope, campaign_id, request.now, by=request.actor)
    return _get(request, campaign_id)


@router.post("/campaigns/{int:campaign_id}/pause")
def pause_campaign(request: Request, campaign_id: int) -> dict[str, Any]:
    """Let nothing more of it leave, for now."""
    actions.pause(request.scope, campaign_id, request.now, by=request.actor)
    return _get(request, campaign_id)


@router.post("/campaigns/{int:campaign_id}/resume")
def resume_campaign(request: Request, campaign_id: int) -> dict[str, Any]:
    """Let it go on after a pause."""
    actions.resume(request.scope, campaign_id, request.now, by=request.actor)
    return _get(request, campaign_id)


@router.post("/campaigns/{int:campaign_id}/cancel")
def cancel_campaign(request: Request, campaign_id: int) -> dict[str, Any]:
    """End it: nothing more of it leaves, ever."""
    actions.cancel(request.scope, campaign_id, request.now, by=request.actor)
    return _get(request, campaign_id)


@router.get("/campaigns/{int:campaign_id}/audience")
def subtract(request: Request, campaign_id: int) -> dict[str, Any]:
    """Count whom a saved draft reaches, and subtract, by reason, who gets nothing."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    return count_audience(request.scope, request.clickhouse, asking_of(campaign, request.now), request.now).to_dict()


@router.get("/campaigns/{int:campaign_id}/audience/people")
def find_behind(request: Request, campaign_id: int, reason: str = "", after: After = 0, limit: Limit = 50) -> dict[str, Any]:
    """List who would get it now, or, with a reason, who would not."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    found = people.find_behind(request.scope, request.clickhouse, campaign, reason, after, limit, request.now)
    items = people.with_faces(request.scope, found)
    return {"items": items, "next": found[-1] if len(found) == limit else None, "total": None}


@router.get("/campaigns/{int:campaign_id}/numbers")
def find_numbers(request: Request, campaign_id: int) -> dict[str, Any]:
    """Count what it came to, from its rows."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    return get_numbers(request.scope, campaign, request.now)


@router.get("/campaigns/{int:campaign_id}/test")
def get_test(request: Request, campaign_id: int) -> dict[str, Any]:
    """Say what its test shows now, who has won, and by which figures that was decided."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    return testing.get_results(request.scope, request.clickhouse, campaign, request.now)


@router.post("/campaigns/{int:campaign_id}/winner")
def choose_winner(request: Request, campaign_id: int, choice: CampaignChoice) -> dict[str, Any]:
    """Choose the variant that goes to the rest: before the test is over, or where it has shown nothing."""
    testing.choose(request.scope, request.clickhouse, campaign_id, choice.variant, request.now, by=request.actor)
    return _get(request, campaign_id)


@router.get("/campaigns/{int:campaign_id}/messages")
def find_messages(
    request: Request,
    campaign_id: int,
    state: str | None = None,
    reason: str | None = None,
    variant: str | None = None,
    after: int | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """List its messages, newest first."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    found = people.find_messages(request.scope, campaign, state, reason, variant, after, limit)
    return {"items": [asdict(one) for one in found], "next": found[-1].id if len(found) == limit else None, "total": None}


@router.get("/campaigns/{int:campaign_id}/excluded")
def find_excluded(
    request: Request, campaign_id: int, reason: Annotated[str | None, Query(max_length=40)] = None, after: After = 0, limit: Limit = 50
) -> dict[str, Any]:
    """List who of the audience got no message, and why."""
    queries.get_campaign(request.scope, campaign_id)
    found, reasons = people.find_excluded(request.scope, campaign_id, reason, after, limit)
    items = people.with_faces(request.scope, found, reasons)
    return {"items": items, "next": found[-1] if len(found) == limit else None, "total": None}


@router.get("/campaigns/{int:campaign_id}/why/{int:person_id}")
def explain(request: Request, campaign_id: int, person_id: int) -> dict[str, Any]:
    """Say why somebody got it, waits for it, or did not get it."""
    campaign = queries.get_campaign(request.scope, campaign_id)
    found = people.why(request.scope, request.clickhouse, campaign, person_id, request.now)
    message_id = found["message_id"]
    return {**found, "message": None if message_id is None else asdict(why_message(request.scope, message_id, request.now))}
