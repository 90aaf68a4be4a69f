"""Routes of templates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from ninja import Field, Router, Schema

from hudhud.content import actions, queries
from hudhud.content.sandbox import shared
from hudhud.kit.config import settings
from hudhud.kit.http import Request, needs

router = Router(tags=["templates"])


class TemplateBody(Schema):
    """Names by language and, for each language, `subject`, `preheader`, `mjml`, `text` (content/types.py)."""

    names: dict[str, str]
    languages: dict[str, dict[str, Any]]


class PreviewBody(Schema):
    """As whom, in which language (default: the person's), with which trigger."""

    person_id: int | None = None
    language: str | None = None
    event: Annotated[dict[str, Any], Field(default_factory=dict)]


@router.get("/templates")
def find_templates(request: Request, archived: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 -- a parameter of the address
    """List templates by key, or those that were put away."""
    found = [{**asdict(one), "languages": one.languages} for one in queries.find_templates(request.scope, archived=archived)]
    return {"items": found, "next": None, "total": len(found)}


@router.get("/templates/{key}")
def get_template(request: Request, key: str) -> dict[str, Any]:
    """Return a template with its source."""
    return asdict(queries.get_template(request.scope, key))


@router.put("/templates/{key}")
def publish_template(request: Request, key: str, body: TemplateBody) -> dict[str, Any]:
    """Check, compile and publish; an error names part, line and remedy."""
    actions.publish(request.scope, shared(), key, body.names, body.languages, actor=request.actor, now=request.now)
    return asdict(queries.get_template(request.scope, key))


@router.post("/templates/{key}/preview")
@needs("viewer")
def preview_template(request: Request, key: str, body: PreviewBody) -> dict[str, str]:
    """Show subject, html and text as a person would get them; or `reason` and `detail` why that person would be skipped."""
    return queries.preview(
        request.scope, shared(), key, base_url=settings().base_url, person_id=body.person_id, language=body.language, event=body.event
    )
