"""Whole templates: their versions and the way back to one, put away and taken out again, forgotten; and who sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hudhud.accounts.actions import record_audit
from hudhud.consent.types import CONFIRM_TEMPLATE
from hudhud.content import actions
from hudhud.content.queries import get_template
from hudhud.content.types import TemplateInUse, TemplateNotFound, VersionNotFound
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

KEEPING = sql.load("hudhud.content.editing", "keeping.sql")
NEWEST = 2**31 - 1


def find_versions(ws: Scope, key: str, *, after: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return a page of a template's versions, newest first; raises `TemplateNotFound`."""
    get_template(ws, key)
    return ws.all(KEEPING.find_versions, key=key, after=after or NEWEST, limit=limit)


def get_version(ws: Scope, key: str, number: int) -> dict[str, Any]:
    """Return the copies of one version by language, as they were saved; raises `TemplateNotFound`, `VersionNotFound`."""
    get_template(ws, key)
    source: dict[str, Any] | None = ws.value(KEEPING.get_version, key=key, number=number)
    if source is None:
        raise VersionNotFound(f"{key}: there is no version {number}.", key=key, number=number)
    return source


def publish_again(ws: Scope, sandbox: Sandbox, key: str, number: int, now: datetime, *, by: str) -> int:
    """Publish an older version as the newest; return the version's id. Raises as `actions.publish` does: what it names may be gone."""
    source, names = get_version(ws, key, number), get_template(ws, key).names
    version_id = actions.publish(ws, sandbox, key, names, source, actor=by, now=now)
    record_audit(ws, now, by, "template.publish_again", f"template:{key}", number=number)
    return version_id


def find_uses(ws: Scope, key: str) -> list[dict[str, Any]]:
    """Return what sends a template: `{"kind", "key", "names"}`."""
    rows = ws.rows(KEEPING.find_journeys, key=key, quoted=json.dumps(key))
    uses: list[dict[str, Any]] = [{"kind": "journey", "key": journey, "names": names or {}} for journey, names in rows]
    # A campaign has one name; whatever one's language is, it is that one.
    uses += [{"kind": "campaign", "key": str(one), "names": {"en": name}} for one, name in ws.rows(KEEPING.find_campaigns, key=key)]
    if key == CONFIRM_TEMPLATE:
        uses += [{"kind": "topic", "key": topic, "names": names} for topic, names in ws.rows(KEEPING.find_topics)]
    return uses


def archive(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Put a template away that nothing sends; what was sent keeps its copy. Raises `TemplateNotFound`, `TemplateInUse`."""
    _check_unused(ws, key)
    ws.run(KEEPING.set_archived, key=key, at=now, now=now)
    record_audit(ws, now, by, "template.archive", f"template:{key}")


def restore(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Take a template out again; raises `TemplateNotFound`."""
    _lock(ws, key)
    ws.run(KEEPING.set_archived, key=key, at=None, now=now)
    record_audit(ws, now, by, "template.restore", f"template:{key}")


def delete(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Forget a template of which no message was made and that nothing sends; raises `TemplateNotFound`, `TemplateInUse`."""
    _check_unused(ws, key)
    if ws.value(KEEPING.was_sent, key=key):
        raise TemplateInUse(f"Messages were made of {key!r}, and it explains what people got: archive it instead.", key=key, uses=[])
    ws.run(KEEPING.drop_template, key=key)
    record_audit(ws, now, by, "template.delete", f"template:{key}")


def _lock(ws: Scope, key: str) -> dict[str, Any]:
    found = ws.one(KEEPING.lock_template, key=key)
    if found is None:
        raise TemplateNotFound(f"There is no template {key!r}.", key=key)
    return found


def _called(use: dict[str, Any]) -> str:
    """Return what somebody calls it: a campaign's key is a number."""
    return str(use["names"]["en"] if use["kind"] == "campaign" else use["key"])


def _check_unused(ws: Scope, key: str) -> None:
    _lock(ws, key)
    if uses := find_uses(ws, key):
        where = ", ".join(f"the {use['kind']} “{_called(use)}”" for use in uses)
        raise TemplateInUse(f"{key!r} is sent by {where}; take it out there first.", key=key, uses=uses)
