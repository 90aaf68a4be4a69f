"""A template to colleagues: shown as a person would get it, and sent to members alone, as anybody else must have agreed to get mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from ninja import Field, Router, Schema

from hudhud.accounts.actions import record_audit
from hudhud.accounts.queries import find_members, get_workspace
from hudhud.consent.queries import find_suppressed
from hudhud.content.copies import LANGUAGE, read_copy
from hudhud.content.editing.drafts import get_draft
from hudhud.content.sandbox import shared
from hudhud.content.trying import As, try_out
from hudhud.delivery import trials
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.senders.kinds import Surroundings
from hudhud.kit.config import settings
from hudhud.kit.egress import read_networks
from hudhud.kit.errors import InvalidInput
from hudhud.kit.http import apart

if TYPE_CHECKING:
    from hudhud.kit.db import Scope
    from hudhud.kit.http import Request

router = Router(tags=["templates"])
MOST = 10


class TemplateTest(Schema):
    """Members' addresses, or `me`; as whom it is written; a copy that is not saved, else what is being worked on in this language."""

    to: Annotated[list[str], Field(min_length=1, max_length=MOST)]
    language: str
    person_id: int | None = None
    event: Annotated[dict[str, Any], Field(default_factory=dict)]
    copy_: Annotated[dict[str, Any] | None, Field(alias="copy")] = None


class TemplateTestSent(Schema):
    """What the server said to one of them: accepted, or why not; `mailbox`: it is in the built-in mailbox."""

    address: str
    end: str
    code: int | None = None
    text: str = ""


class TemplateTestAnswer(Schema):
    """What became of each; or `reason` and `detail`, why this person would be skipped: then nothing was sent."""

    items: list[TemplateTestSent]
    reason: str = ""
    detail: str = ""


@router.post("/templates/{key}/test", response=TemplateTestAnswer)
@apart
def test_template(request: Request, key: str, given: TemplateTest) -> dict[str, Any]:
    """Send a copy to colleagues at once, as a person would get it; nothing of it is counted, and its links change nothing."""
    own = settings()
    around = Surroundings(request.keys, urlsplit(own.base_url).hostname or "localhost", read_networks(own.private_networks))
    if not LANGUAGE.fullmatch(given.language):
        raise InvalidInput("language", given.language, "use a language code such as en or fa")
    with request.open() as ws:
        addresses = check_recipients(ws, request.actor, given.to)
        raw = get_draft(ws, key)["languages"].get(given.language) if given.copy_ is None else given.copy_
        if raw is None:
            raise InvalidInput("language", given.language, "there is no copy in it")
        copy = read_copy(raw, f"languages.{given.language}")
        found = try_out(ws, shared(), copy, given.language, As(given.person_id), given.event, request.now, base_url=own.base_url)
        if found.get("reason"):
            return {"items": [], "reason": found["reason"], "detail": found["detail"]}
        route = trials.find_route(ws, around, get_workspace(ws), request.now)
        shown = trials.Shown(key, given.language, found["subject"], found["html"], found["text"])
        mails = [trials.write(shown, route, address, request.now) for address in addresses]
        record_audit(ws, request.now, request.actor, "template.test", f"template:{key}", to=addresses, language=given.language)
        if route.way is None and not own.smtp_url:
            trials.keep_in_mailbox(ws, mails, request.now)
            return {"items": [{"address": address, "end": "mailbox"} for address in addresses]}
    told = trials.send(mails, route, around, lambda: Smtp(Server.from_url(own.smtp_url or ""), around.name))
    return {
        "items": [
            {"address": address, "end": one.end, "code": one.code, "text": one.text} for address, one in zip(addresses, told, strict=True)
        ]
    }


def check_recipients(ws: Scope, actor: str, wanted: list[str]) -> list[str]:
    """Return the addresses, each once; raises `InvalidInput` for whoever is no active member, or wants no mail any more."""
    members = {member.email.lower(): member.email for member in find_members(ws) if member.active}
    mine = next((member.email for member in find_members(ws) if actor == f"user:{member.user_id}"), None)
    chosen: dict[str, None] = {}
    for one in wanted:
        address = mine if one == "me" else members.get(one.strip().lower())
        if address is None:
            raise InvalidInput("to", one, "tests go to members of this workspace: choose one of them, or `me` where you are signed in")
        chosen[address] = None
    if suppressed := find_suppressed(ws, [("email", address) for address in chosen]):
        raise InvalidInput(
            "to", min(suppressed)[1], "mail to this address came back, or its owner complained: take it off the suppression list first"
        )
    return list(chosen)
