"""Routes of templates: begin, read, publish, preview; their drafts and versions are in editing/api.py."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Field, Router, Schema, Status
from pydantic import AwareDatetime  # noqa: TC002 -- read at run time by the schemas

from hudhud.content import actions, queries
from hudhud.content.checking.checks import check_copies
from hudhud.content.checking.links import ask_links
from hudhud.content.copies import LANGUAGE, read_copies, read_copy
from hudhud.content.editing import drafts, keeping
from hudhud.content.editing.api import TemplateDraft
from hudhud.content.sandbox import shared
from hudhud.content.trying import As, try_out
from hudhud.kit.config import settings
from hudhud.kit.egress import read_networks
from hudhud.kit.errors import InvalidInput
from hudhud.kit.http import apart, needs

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["templates"])


class TemplateBody(Schema):
    """Names by language and, for each language, a copy: `mode`, `subject`, `preheader`, `text` and the source (content/types.py)."""

    names: dict[str, str]
    languages: dict[str, dict[str, Any]]


class TemplateStart(Schema):
    """What a new template begins with: nothing, a ready template (`key`), or another template (`key`)."""

    kind: Literal["blank", "ready", "template"] = "blank"
    key: str = ""
    language: str = "en"
    mode: Literal["blocks", "mjml", "html"] = "blocks"


class TemplateMade(Schema):
    """A new template; without a key one is made of its name."""

    names: dict[str, str]
    key: str | None = None
    start: TemplateStart = TemplateStart()


class PreviewBody(Schema):
    """As whom, in which language (default: the person's), with which trigger."""

    person_id: int | None = None
    language: str | None = None
    event: Annotated[dict[str, Any], Field(default_factory=dict)]


class TemplateTried(Schema):
    """A copy that need not be saved, and as whom to show it: a person, as known at an instant; or the worst there is, every attribute the longest, or missing where some lack it."""

    copy_: Annotated[dict[str, Any], Field(alias="copy")]
    language: str
    person_id: int | None = None
    at: AwareDatetime | None = None
    worst: Literal["longest", "missing"] | None = None
    event: Annotated[dict[str, Any], Field(default_factory=dict)]


class TemplateShown(Schema):
    """The mail as it would be; or `reason` and `detail`, why this person would be skipped. `reads`: the values that it asks for; `size`: bytes of its HTML."""

    language: str
    direction: Literal["ltr", "rtl"]
    person_id: int | None = None
    reads: list[str]
    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    size: int = 0
    reason: str = ""
    detail: str = ""


class TemplateChecked(Schema):
    """Copies by language; `service`: they are about orders or accounts, and need offer no way to unsubscribe."""

    languages: dict[str, dict[str, Any]]
    service: bool = False


class TemplateFinding(Schema):
    """Something to look at; `code` is for programs, `place` is where, `detail` holds the figures of `problem`."""

    level: Literal["error", "warning"]
    code: str
    language: str
    place: str
    problem: str
    remedy: str
    detail: dict[str, Any]


class TemplateFindings(Schema):
    """All that was found."""

    items: list[TemplateFinding]


class TemplateLinked(Schema):
    """A copy that need not be saved."""

    copy_: Annotated[dict[str, Any], Field(alias="copy")]
    language: str


class TemplateLink(Schema):
    """A link, whether its page is there (`unknown`: it may not be asked from here), and what it answered."""

    url: str
    verdict: Literal["works", "broken", "unknown"]
    status: int | None
    detail: str


class TemplateLinks(Schema):
    """Each constant link of the copy, once; fifty at most."""

    items: list[TemplateLink]


@router.get("/templates")
def find_templates(request: Request, archived: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 -- a parameter of the address
    """List templates by key, or those that were put away."""
    found = [{**asdict(one), "languages": one.languages} for one in queries.find_templates(request.scope, archived=archived)]
    return {"items": found, "next": None, "total": len(found)}


@router.post("/templates", response={201: TemplateDraft})
def create_template(request: Request, given: TemplateMade) -> Status[dict[str, Any]]:
    """Begin a template: it has a draft, and nothing published yet."""
    start = drafts.Start(**given.start.dict())
    key = drafts.create(request.scope, given.key, given.names, start, request.now, by=request.actor)
    return Status(201, drafts.get_draft(request.scope, key))


@router.post("/templates/preview", response=TemplateShown)
@needs("viewer")
def try_template(request: Request, given: TemplateTried) -> dict[str, Any]:
    """Show a copy that is not saved as somebody would get it, made by what writes the mails."""
    if not LANGUAGE.fullmatch(given.language):
        raise InvalidInput("language", given.language, "use a language code such as en or fa")
    copy, who = read_copy(given.copy_, f"languages.{given.language}"), As(given.person_id, given.at, given.worst)
    return try_out(request.scope, shared(), copy, given.language, who, given.event, request.now, base_url=settings().base_url)


@router.post("/templates/check", response=TemplateFindings)
@needs("viewer")
def check_template(request: Request, given: TemplateChecked) -> dict[str, Any]:
    """Say what speaks against sending copies that need not be saved, errors first."""
    copies = read_copies(given.languages)
    found = check_copies(request.scope, shared(), copies, is_service=given.service)
    return {"items": [asdict(one) for one in found]}


@router.post("/templates/links", response=TemplateLinks)
@apart
def ask_template_links(request: Request, given: TemplateLinked) -> dict[str, Any]:
    """Ask the pages that a copy links to whether they are there; links that differ from person to person are not opened."""
    if not LANGUAGE.fullmatch(given.language):
        raise InvalidInput("language", given.language, "use a language code such as en or fa")
    copy = read_copy(given.copy_, f"languages.{given.language}")
    with request.open() as ws:
        look = queries.load_look(ws, [copy])
    links = shared().publish({given.language: copy}, look)[given.language].links
    return {"items": [one._asdict() for one in ask_links(links, read_networks(settings().private_networks))]}


@router.get("/templates/{key}")
def get_template(request: Request, key: str) -> dict[str, Any]:
    """Return a template with the source that is published; without any as long as nothing is."""
    return asdict(queries.get_template(request.scope, key))


@router.put("/templates/{key}")
def publish_template(request: Request, key: str, body: TemplateBody) -> dict[str, Any]:
    """Check, compile and publish; an error names part, line and remedy."""
    actions.publish(request.scope, shared(), key, body.names, body.languages, actor=request.actor, now=request.now)
    return asdict(queries.get_template(request.scope, key))


@router.delete("/templates/{key}", response={204: None})
def delete_template(request: Request, key: str) -> Status[None]:
    """Forget a template of which no message was ever made, and that nothing sends."""
    keeping.delete(request.scope, key, request.now, by=request.actor)
    return Status(204, None)


@router.post("/templates/{key}/preview")
@needs("viewer")
def preview_template(request: Request, key: str, body: PreviewBody) -> dict[str, str]:
    """Show subject, html and text as a person would get them; or `reason` and `detail` why that person would be skipped."""
    return queries.preview(
        request.scope, shared(), key, base_url=settings().base_url, person_id=body.person_id, language=body.language, event=body.event
    )
