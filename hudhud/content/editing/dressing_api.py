"""Routes of what mails are dressed with: the brand kit and snippets."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 -- read at run time by the schemas
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from ninja import Field, Router, Schema, Status

from hudhud.accounts.queries import get_workspace
from hudhud.content import actions
from hudhud.content.editing import snippets
from hudhud.content.queries import get_brand
from hudhud.content.sandbox import shared

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["templates"])


class BrandKit(Schema):
    """Colours by what they are (`colours`, and `dark` for dark screens), `font`, `radius` in pixels, `logo`, `footer` by language, `social` (content/brand.py)."""

    colours: dict[str, str]
    dark: dict[str, str]
    font: str
    radius: int
    logo: dict[str, Any] | None
    footer: dict[str, str]
    social: list[dict[str, str]]


class BrandShown(BrandKit):
    """The brand kit, and what stands in every footer, which is changed with the workspace."""

    name: str
    postal_address: str


class SnippetGiven(Schema):
    """Blocks by language, and the revision that was worked on (0: there was none)."""

    names: dict[str, str]
    languages: dict[str, list[Any]]
    revision: Annotated[int, Field(ge=0)] = 0


class SnippetShown(Schema):
    """Saved blocks; `uses`: how many templates name them."""

    key: str
    names: dict[str, str]
    languages: dict[str, list[Any]]
    revision: int
    updated_at: datetime
    updated_by: str
    uses: int


class SnippetsShown(Schema):
    """All of them."""

    items: list[SnippetShown]


class SnippetUse(Schema):
    """A template that names a snippet; `is_published`: in what is sent, not in its draft alone."""

    key: str
    names: dict[str, str]
    is_published: bool


class SnippetUses(Schema):
    """All that name it."""

    items: list[SnippetUse]


class TemplateDressed(Schema):
    """What became of a template that was to be published with the brand and the snippets as they are now; `problem`: why it was not."""

    key: str
    number: int | None
    is_new: bool
    problem: str


class TemplatesDressed(Schema):
    """What became of each."""

    items: list[TemplateDressed]


@router.get("/brand", response=BrandShown)
def get_brand_kit(request: Request) -> dict[str, Any]:
    """Return the brand kit."""
    workspace = get_workspace(request.scope)
    kit: dict[str, Any] = msgspec.to_builtins(get_brand(request.scope))
    return {**kit, "name": workspace.name, "postal_address": workspace.postal_address}


@router.put("/brand", response=BrandShown)
def put_brand_kit(request: Request, given: BrandKit) -> dict[str, Any]:
    """Keep the brand kit: what is published from now on is dressed in it (and what is republished)."""
    actions.put_brand(request.scope, given.dict(), by=request.actor, now=request.now)
    return get_brand_kit(request)


@router.post("/templates/{key}/republish", response=TemplateDressed)
def republish_template(request: Request, key: str) -> dict[str, Any]:
    """Publish what is published once more, with the brand and the snippets as they are now; nothing happens where that changes nothing."""
    return snippets.dress_again(request.scope, shared(), key, request.now, by=request.actor)


@router.get("/snippets", response=SnippetsShown)
def find_snippets(request: Request) -> dict[str, Any]:
    """List snippets with their blocks."""
    return {"items": snippets.find_snippets(request.scope)}


@router.get("/snippets/{key}", response=SnippetShown)
def get_snippet(request: Request, key: str) -> dict[str, Any]:
    """Return one snippet."""
    return snippets.get_snippet(request.scope, key)


@router.put("/snippets/{key}", response=SnippetShown)
def put_snippet(request: Request, key: str, given: SnippetGiven) -> dict[str, Any]:
    """Save blocks. 409 `draft_changed` where somebody else has saved them meanwhile."""
    snippets.put_snippet(request.scope, shared(), key, given.names, given.languages, given.revision, request.now, by=request.actor)
    return snippets.get_snippet(request.scope, key)


@router.delete("/snippets/{key}", response={204: None})
def delete_snippet(request: Request, key: str) -> Status[None]:
    """Forget a snippet that no template names."""
    snippets.delete_snippet(request.scope, key, request.now, by=request.actor)
    return Status(204, None)


@router.get("/snippets/{key}/uses", response=SnippetUses)
def find_snippet_uses(request: Request, key: str) -> dict[str, Any]:
    """Tell which templates name a snippet."""
    return {"items": snippets.find_uses(request.scope, key)}


@router.post("/snippets/{key}/republish", response=TemplatesDressed)
def republish_snippet(request: Request, key: str) -> dict[str, Any]:
    """Publish the templates that name it once more, with the blocks as they are now."""
    return {"items": snippets.republish(request.scope, shared(), key, request.now, by=request.actor)}
