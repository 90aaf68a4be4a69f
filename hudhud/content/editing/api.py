"""Routes of a template's life: begin one, its draft, its versions, put away, forgotten."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 -- read at run time by the schemas
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.content import actions
from hudhud.content.editing import drafts, keeping
from hudhud.content.queries import get_template
from hudhud.content.sandbox import shared

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["templates"])
Limit = Annotated[int, Field(ge=1, le=200)]


class TemplateCopied(Schema):
    """What the copy is called; without names those of the template."""

    key: str | None = None
    names: dict[str, str] | None = None


class TemplateNames(Schema):
    """What a template is called, by language."""

    names: dict[str, str]


class TemplateDraftGiven(Schema):
    """Copies by language as they are for now, and the revision that was worked on (0: there was none)."""

    languages: dict[str, Any]
    revision: Annotated[int, Field(ge=0)]
    names: dict[str, str] | None = None


class TemplateDraftRevision(Schema):
    """Which revision to publish."""

    revision: int


class TemplateDraft(Schema):
    """What is being worked on. `number`: what is published now; `begun_at`: what was when the draft was begun."""

    key: str
    names: dict[str, str]
    languages: dict[str, Any]
    revision: int
    number: int | None
    begun_at: int | None
    updated_at: datetime | None
    updated_by: str | None


class TemplatePublished(Schema):
    """The version that is sent from now on."""

    key: str
    version_id: int | None
    number: int | None


class TemplateReady(Schema):
    """A ready template to begin with."""

    key: str
    names: dict[str, str]


class TemplatesReady(Schema):
    """All of them."""

    items: list[TemplateReady]


class TemplateVersion(Schema):
    """A version: when and by whom it was published, and how each language is written."""

    number: int
    published_at: datetime
    published_by: str
    is_current: bool
    modes: dict[str, str]


class TemplateVersions(Schema):
    """A page of them, the newest first."""

    items: list[TemplateVersion]
    next: int | None
    total: int | None


class TemplateSource(Schema):
    """The copies of one version, as they were saved."""

    key: str
    number: int
    languages: dict[str, Any]


class TemplateUse(Schema):
    """What sends a template."""

    kind: str
    key: str
    names: dict[str, str]


class TemplateUses(Schema):
    """All that sends it."""

    items: list[TemplateUse]


def _published(request: Request, key: str) -> dict[str, Any]:
    found = get_template(request.scope, key)
    return {"key": key, "version_id": found.version_id, "number": found.number}


@router.get("/templates/ready", response=TemplatesReady)
def find_ready(request: Request) -> dict[str, Any]:  # noqa: ARG001 -- the same for everybody
    """List the ready templates to begin with."""
    return {"items": [{"key": key, "names": names} for key, names in actions.find_ready()]}


@router.put("/templates/{key}/names", response=TemplateDraft)
def rename_template(request: Request, key: str, given: TemplateNames) -> dict[str, Any]:
    """Give a template other names; nothing is published by that."""
    drafts.rename(request.scope, key, given.names, request.now, by=request.actor)
    return drafts.get_draft(request.scope, key)


@router.get("/templates/{key}/draft", response=TemplateDraft)
def get_template_draft(request: Request, key: str) -> dict[str, Any]:
    """Return the draft; before there is one, what is published as revision 0."""
    return drafts.get_draft(request.scope, key)


@router.put("/templates/{key}/draft", response=TemplateDraft)
def put_template_draft(request: Request, key: str, given: TemplateDraftGiven) -> dict[str, Any]:
    """Save the draft, sound or not. 409 `draft_changed` where somebody else has saved it meanwhile."""
    drafts.put_draft(request.scope, key, given.languages, given.revision, request.now, by=request.actor, names=given.names)
    return drafts.get_draft(request.scope, key)


@router.delete("/templates/{key}/draft", response={204: None})
def drop_template_draft(request: Request, key: str, revision: int) -> Status[None]:
    """Forget the draft at this revision, and a template that was nothing else."""
    drafts.drop_draft(request.scope, key, revision, request.now, by=request.actor)
    return Status(204, None)


@router.post("/templates/{key}/draft/publish", response=TemplatePublished)
def publish_template_draft(request: Request, key: str, given: TemplateDraftRevision) -> dict[str, Any]:
    """Publish the draft at this revision: from now on it is what is sent."""
    drafts.publish_draft(request.scope, shared(), key, given.revision, request.now, by=request.actor)
    return _published(request, key)


@router.get("/templates/{key}/versions", response=TemplateVersions)
def find_template_versions(request: Request, key: str, after: int | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List versions, newest first."""
    items = keeping.find_versions(request.scope, key, after=after, limit=limit)
    return {"items": items, "next": items[-1]["number"] if len(items) == limit else None, "total": None}


@router.get("/templates/{key}/versions/{int:number}", response=TemplateSource)
def get_template_version(request: Request, key: str, number: int) -> dict[str, Any]:
    """Return the copies of one version."""
    return {"key": key, "number": number, "languages": keeping.get_version(request.scope, key, number)}


@router.post("/templates/{key}/versions/{int:number}/publish", response=TemplatePublished)
def publish_template_again(request: Request, key: str, number: int) -> dict[str, Any]:
    """Publish an older version once more: it becomes the newest."""
    keeping.publish_again(request.scope, shared(), key, number, request.now, by=request.actor)
    return _published(request, key)


@router.post("/templates/{key}/duplicate", response={201: TemplateDraft})
def duplicate_template(request: Request, key: str, given: TemplateCopied) -> Status[dict[str, Any]]:
    """Make a draft of a new template out of what is being worked on in this one."""
    names = given.names or drafts.get_draft(request.scope, key)["names"]
    made = drafts.create(request.scope, given.key, names, drafts.Start("template", key), request.now, by=request.actor)
    return Status(201, drafts.get_draft(request.scope, made))


@router.get("/templates/{key}/uses", response=TemplateUses)
def find_template_uses(request: Request, key: str) -> dict[str, Any]:
    """Tell what sends a template."""
    get_template(request.scope, key)
    return {"items": keeping.find_uses(request.scope, key)}


@router.post("/templates/{key}/archive", response={204: None})
def archive_template(request: Request, key: str) -> Status[None]:
    """Put a template away that nothing sends."""
    keeping.archive(request.scope, key, request.now, by=request.actor)
    return Status(204, None)


@router.post("/templates/{key}/restore", response={204: None})
def restore_template(request: Request, key: str) -> Status[None]:
    """Take a template out again."""
    keeping.restore(request.scope, key, request.now, by=request.actor)
    return Status(204, None)
