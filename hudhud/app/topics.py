"""Routes about consent that need more than one module: topics that confirm (their mail), the page where people choose, as they see it."""

from __future__ import annotations

from dataclasses import asdict
from importlib import resources
from typing import Any, Literal

import msgspec
from ninja import Router, Schema

from hudhud.accounts.queries import get_workspace
from hudhud.consent import actions, queries
from hudhud.consent.types import CONFIRM_TEMPLATE
from hudhud.content import actions as content
from hudhud.content import queries as templates
from hudhud.content.sandbox import shared
from hudhud.edge import pages
from hudhud.edge.look import looks_of
from hudhud.kit.errors import InvalidInput
from hudhud.kit.http import Request, needs

router = Router(tags=["consent"])


class Confirming(Schema):
    """Whether who asks for a topic confirms by mail first."""

    is_on: bool


class PageAsked(Schema):
    """Which page, in which language; `texts`: a wording that is being written, in place of the one that counts."""

    page: Literal["preferences", "confirm", "unsubscribe"] = "preferences"
    language: Literal["en", "et", "fa", "ar"] = "en"
    texts: dict[str, str] | None = None


@router.put("/topics/{key}/confirmation")
@needs("admin")
def set_confirmation(request: Request, key: str, change: Confirming) -> dict[str, Any]:
    """Let who asks for a topic confirm by mail first (double opt-in), or not any more; the mail is the template `confirm_subscription`."""
    if change.is_on:
        if queries.find_service_topic(request.scope) is None:
            raise InvalidInput("is_on", True, "make a transactional topic first: the mail that asks is of such a one")
        _install_mail(request)
    return asdict(actions.set_confirms(request.scope, key, confirms=change.is_on))


def _install_mail(request: Request) -> None:
    """Publish the ready mail, unless there is one of that name: then it stays as it was written."""
    names, languages = content.read_ready(resources.files("hudhud.content.ready").joinpath(CONFIRM_TEMPLATE))
    content.publish_ready(request.scope, shared(), CONFIRM_TEMPLATE, names, languages, actor=request.actor, now=request.now)


@router.post("/consent/page")
@needs("viewer")
def preview_page(request: Request, asked: PageAsked) -> dict[str, str]:
    """Show a page behind the links in a mail's footer as people see it, in a language."""
    workspace = get_workspace(request.scope)
    wordings = queries.find_wordings(request.scope, 1)
    texts = asked.texts if asked.texts is not None else wordings[0].texts if wordings else {}
    given = {language: text for language, text in texts.items() if text.strip()}
    looks = looks_of(msgspec.to_builtins(templates.get_brand(request.scope)))
    frame = pages.Frame(asked.language, workspace.name, "preview", looks, workspace.postal_address, given)
    topics: list[dict[str, Any]] = [
        {"key": one.key, "names": one.names, "state": "subscribed"}
        for one in queries.find_topics(request.scope)
        if one.stream == "marketing"
    ]
    if asked.page == "confirm":
        return {"html": pages.confirm(frame, "name@example.com", topics[:1])}
    if asked.page == "unsubscribe":
        return {"html": pages.ask(frame, pages.name_in(topics[0]["names"], asked.language) if topics else workspace.name)}
    return {"html": pages.preferences(frame, pages.Choices(topics), request.now, saved=False)}
