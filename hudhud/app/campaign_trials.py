"""A campaign's variant to colleagues: as a person would get it, with its own subject line and sender's name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from ninja import Field, Router, Schema

from hudhud.accounts.actions import record_audit
from hudhud.accounts.queries import get_workspace
from hudhud.app.trials import MOST, TemplateTestAnswer, check_recipients
from hudhud.campaigns.editions import BODY
from hudhud.campaigns.queries import get_campaign
from hudhud.content import queries as content
from hudhud.content.mime import mailbox_of
from hudhud.content.sandbox import shared
from hudhud.content.trying import As, try_out
from hudhud.content.types import Copy
from hudhud.delivery import trials
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.senders.kinds import Surroundings
from hudhud.kit.config import settings
from hudhud.kit.egress import read_networks
from hudhud.kit.http import apart

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.campaigns.types import Variant
    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

router = Router(tags=["campaigns"])


class CampaignTrial(Schema):
    """Members' addresses, or `me`; which variant (null: the first); as whom it is written, in which language (null: that person's)."""

    to: Annotated[list[str], Field(min_length=1, max_length=MOST)]
    variant: str | None = None
    person_id: int | None = None
    language: str | None = None


@router.post("/campaigns/{int:campaign_id}/test-send", response=TemplateTestAnswer)
@apart
def test_campaign(request: Request, campaign_id: int, given: CampaignTrial) -> dict[str, Any]:
    """Send a variant to colleagues at once, as a person would get it; nothing of it is counted, and its links change nothing."""
    own = settings()
    around = Surroundings(request.keys, urlsplit(own.base_url).hostname or "localhost", read_networks(own.private_networks))
    with request.open() as ws:
        definition = get_campaign(ws, campaign_id).definition
        variant = definition.variants[0] if given.variant is None else definition.variant(given.variant)
        addresses = check_recipients(ws, request.actor, given.to)
        found = _show(ws, variant, given, request.now, own.base_url)
        if found.get("reason"):
            return {"items": [], "reason": found["reason"], "detail": found["detail"]}
        route = trials.find_route(ws, around, get_workspace(ws), request.now)
        if variant.sender_name is not None:
            route = replace(route, shown=mailbox_of(variant.sender_name, route.address))
        shown = trials.Shown(variant.template, found["language"], found["subject"], found["html"], found["text"])
        mails = [trials.write(shown, route, address, request.now) for address in addresses]
        record_audit(ws, request.now, request.actor, "campaign.test", f"campaign:{campaign_id}", to=addresses, variant=variant.name)
        if route.way is None and not own.smtp_url:
            trials.keep_in_mailbox(ws, mails, request.now)
            return {"items": [{"address": address, "end": "mailbox"} for address in addresses]}
    told = trials.send(mails, route, around, lambda: Smtp(Server.from_url(own.smtp_url or ""), around.name))
    items = [{"address": address, "end": one.end, "code": one.code, "text": one.text} for address, one in zip(addresses, told, strict=True)]
    return {"items": items}


def _show(ws: Scope, variant: Variant, given: CampaignTrial, now: datetime, base_url: str) -> dict[str, Any]:
    """Return language, subject, html and text of a variant as somebody would get it; or `reason` and `detail`. Raises `NotFound`, `TemplateError`."""
    found: dict[str, Any] = content.preview(
        ws, shared(), variant.template, base_url=base_url, person_id=given.person_id, language=given.language, event={}
    )
    if variant.subject is None or found.get("reason") or found["language"] not in variant.subject:
        return found
    copy = Copy(variant.subject[found["language"]], BODY)
    said = try_out(ws, shared(), copy, found["language"], As(given.person_id), {}, now, base_url=base_url)
    return said if said.get("reason") else {**found, "subject": said["subject"]}
