"""Drafts of templates: what is being worked on beside what is published, kept at every change, sound or not."""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hudhud.accounts.actions import record_audit
from hudhud.content import actions
from hudhud.content.copies import LANGUAGE, check_key, check_names, write
from hudhud.content.types import DraftChanged, DraftNotFound, TemplateExists, TemplateNotFound
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

DRAFTS = sql.load("hudhud.content.editing", "drafts.sql")
MOST_BYTES = 4 * 1024 * 1024
MOST_LANGUAGES = 50
LONGEST_STEM = 40


class Start(NamedTuple):
    """What a new template begins with: nothing (`language`, `mode`), a ready template or another one (`key`)."""

    kind: Literal["blank", "ready", "template"]
    key: str = ""
    language: str = "en"
    mode: Literal["blocks", "mjml", "html"] = "blocks"


def get_draft(ws: Scope, key: str) -> dict[str, Any]:
    """Return what is being worked on; before anybody has begun that is what is published, as revision 0. Raises `TemplateNotFound`."""
    found = ws.one(DRAFTS.get_draft, key=key)
    if found is None:
        raise TemplateNotFound(f"There is no template {key!r}.", key=key)
    return found


def put_draft(
    ws: Scope, key: str, languages: dict[str, Any], revision: int, now: datetime, *, by: str, names: dict[str, str] | None = None
) -> None:
    """Save a draft; `revision` is the one that was worked on (0: none).

    Raises `TemplateNotFound`, `DraftChanged` if somebody has saved another since, `InvalidInput` for what cannot be kept.
    """
    source = _checked(languages)
    get_draft(ws, key)
    known = ws.one(DRAFTS.lock_draft, key=key)
    if (known["revision"] if known else 0) == revision:
        if ws.value(DRAFTS.put_draft, key=key, source=source, revision=revision, now=now, by=by) is not None:
            if names is not None:
                rename(ws, key, names, now, by=by)
            return
        known = ws.one(DRAFTS.lock_draft, key=key)
    raise _changed(key, known)


def rename(ws: Scope, key: str, names: dict[str, str], now: datetime, *, by: str) -> None:
    """Give a template other names; raises `InvalidInput`, `TemplateNotFound`."""
    check_names(names)
    if get_draft(ws, key)["names"] == names:
        return
    ws.run(DRAFTS.name_template, key=key, names=json.dumps(names), now=now)
    record_audit(ws, now, by, "template.rename", f"template:{key}", names=names)


def drop_draft(ws: Scope, key: str, revision: int, now: datetime, *, by: str) -> None:
    """Forget a draft, and a template that was nothing else; raises `DraftNotFound`, `DraftChanged`."""
    _lock(ws, key, revision)
    ws.run(DRAFTS.drop_draft, key=key)
    ws.run(DRAFTS.drop_empty, key=key)
    record_audit(ws, now, by, "template.drop_draft", f"template:{key}", revision=revision)


def publish_draft(ws: Scope, sandbox: Sandbox, key: str, revision: int, now: datetime, *, by: str) -> int:
    """Publish a draft as it is at this revision, and forget it; return the version's id.

    Raises `DraftNotFound`, `DraftChanged`, and what `actions.publish` raises.
    """
    draft = _lock(ws, key, revision)
    version_id = actions.publish(ws, sandbox, key, draft["names"], draft["languages"], actor=by, now=now)
    ws.run(DRAFTS.drop_draft, key=key)
    record_audit(ws, now, by, "template.publish", f"template:{key}", revision=revision)
    return version_id


def create(ws: Scope, key: str | None, names: dict[str, str], start: Start, now: datetime, *, by: str) -> str:
    """Make a template that has nothing but a draft; return its key, which is made of a name where none is given.

    Raises `InvalidInput`, `TemplateExists`, `TemplateNotFound` for what it shall begin with.
    """
    check_names(names)
    if key is not None and ws.value(DRAFTS.has_template, key=check_key(key)):
        raise TemplateExists(f"There is a template {key!r} already; choose another key.", key=key)
    languages = _begin(ws, start)
    made = key or _free_key(ws, names)
    ws.run(DRAFTS.make_template, key=made, names=json.dumps(names), now=now)
    put_draft(ws, made, languages, 0, now, by=by)
    record_audit(ws, now, by, "template.create", f"template:{made}", start=start.kind, of=start.key)
    return made


def _begin(ws: Scope, start: Start) -> dict[str, Any]:
    if start.kind == "ready":
        return {language: {"mode": "mjml", **copy} for language, copy in actions.read_ready_template(start.key)[1].items()}
    if start.kind == "template":
        languages: dict[str, Any] = get_draft(ws, start.key)["languages"]
        return languages
    if not LANGUAGE.fullmatch(start.language):
        raise InvalidInput("start.language", start.language, "use a language code such as en or fa")
    empty: dict[str, Any] = {"document": {"version": 1, "blocks": []}} if start.mode == "blocks" else {start.mode: ""}
    return {start.language: {"mode": start.mode, "subject": "", "preheader": "", **empty, "text": ""}}


def _free_key(ws: Scope, names: dict[str, str]) -> str:
    """Make a key of the first name that has letters for one; what that leaves out does not matter, names are free."""
    stems = (re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:LONGEST_STEM] for name in names.values())
    stem = next((stem for stem in stems if len(stem) > 1), "mail")
    key = stem
    while not _is_free(ws, key):
        key = f"{stem}_{secrets.token_hex(3)}"
    return key


def _is_free(ws: Scope, key: str) -> bool:
    try:
        return not ws.value(DRAFTS.has_template, key=check_key(key))
    except InvalidInput:
        return False


def _checked(languages: dict[str, Any]) -> str:
    if len(languages) > MOST_LANGUAGES:
        raise InvalidInput("languages", len(languages), f"use at most {MOST_LANGUAGES}")
    for language, copy in languages.items():
        if not LANGUAGE.fullmatch(language) or not isinstance(copy, dict):
            raise InvalidInput("languages", language, "give an object for each language code such as en or fa")
    text = write(languages, "languages")
    if len(text.encode()) > MOST_BYTES:
        raise InvalidInput("languages", f"{len(text)} characters", f"use at most {MOST_BYTES} bytes")
    return text


def _lock(ws: Scope, key: str, revision: int) -> dict[str, Any]:
    draft = ws.one(DRAFTS.lock_draft, key=key)
    if draft is None:
        raise DraftNotFound(f"{key}: there is no draft; save one first.", key=key)
    if draft["revision"] != revision:
        raise _changed(key, draft)
    return draft


def _changed(key: str, known: dict[str, Any] | None) -> DraftChanged:
    if known is None:
        return DraftChanged(f"{key}: the draft was published or dropped meanwhile; load it again.", key=key, revision=0)
    said = f"{known['updated_by']} has saved revision {known['revision']} of {key} at {known['updated_at'].isoformat()}"
    return DraftChanged(
        f"{said}; load it again and bring your changes in.",
        key=key,
        revision=known["revision"],
        updated_by=known["updated_by"],
        updated_at=known["updated_at"].isoformat(),
    )
