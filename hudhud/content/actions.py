"""Writes about templates: publish a version, install the ready ones."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.accounts.actions import record_audit
from hudhud.content.brand import read_brand
from hudhud.content.copies import check_key, check_names, read_copies, write
from hudhud.content.queries import load_look
from hudhud.content.types import LANGUAGES, TemplateError, TemplateNotFound
from hudhud.kit import sql

if TYPE_CHECKING:
    from datetime import datetime
    from importlib.resources.abc import Traversable

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.content")


def publish(
    ws: Scope,
    sandbox: Sandbox,
    key: str,
    names: dict[str, str],
    languages: dict[str, dict[str, Any]],
    *,
    actor: str,
    now: datetime,
    is_ready: bool = False,
) -> int:
    """Check, compile and publish a template; return the version's id (the present one when nothing changed).

    `is_ready`: it is as it comes with Hudhud, nobody has written it here (`publish_ready`).

    Raises `TemplateError` that names part, line and remedy, and `InvalidInput` for the frame around it.
    """
    check_key(key)
    check_names(names)
    copies = read_copies(languages)
    look = load_look(ws, copies.values())
    source, named = write({language: copy.source() for language, copy in copies.items()}, "languages"), json.dumps(names)
    same = ws.value(QUERIES.same_source, key=key, source=source, look=look.fingerprint(), names=named)
    if same is not None:
        return int(same)
    compiled = sandbox.publish(copies, look)
    template_id = ws.value(QUERIES.put_template, key=key, names=named, now=now)
    version_id = ws.value(
        QUERIES.add_version,
        template_id=template_id,
        source=source,
        look=look.fingerprint(),
        compiled=json.dumps({language: asdict(one) for language, one in compiled.items()}),
        now=now,
        actor=actor,
        is_ready=is_ready,
    )
    ws.run(QUERIES.use_version, template_id=template_id, version_id=version_id)
    return int(version_id)


def publish_ready(
    ws: Scope, sandbox: Sandbox, key: str, names: dict[str, str], languages: dict[str, dict[str, Any]], *, actor: str, now: datetime
) -> None:
    """Publish a ready template, unless somebody has written one of that key or begun to change it: that stays as it is.

    Names that were given here stay, too; what was put away is taken out again, as it is needed. Raises as `publish` does.
    """
    found = ws.one(QUERIES.lock_ready, key=key)
    if found is not None and found["archived_at"] is not None:
        ws.run(QUERIES.take_out, key=key, now=now)
        record_audit(ws, now, actor, "template.restore", f"template:{key}")
    # Nothing published yet (a draft alone) could not be sent; the draft stays beside it.
    if found is None or not found["is_written"]:
        publish(ws, sandbox, key, names if found is None else found["names"], languages, actor=actor, now=now, is_ready=True)


def put_brand(ws: Scope, kit: dict[str, Any], *, by: str, now: datetime) -> None:
    """Keep the brand kit; what is published already stays as it is until it is published again. Raises `InvalidInput`."""
    write(kit, "brand")
    brand = read_brand(kit)
    ws.run(QUERIES.put_brand, kit=msgspec.json.encode(brand).decode(), by=by, now=now)
    record_audit(ws, now, by, "brand.update", f"workspace:{ws.workspace_id}")


def install_ready(ws: Scope, sandbox: Sandbox, *, actor: str, now: datetime) -> list[str]:
    """Publish every ready template that is new or has changed, but none that was written here; return their keys."""
    keys = []
    for folder in sorted(_ready_folders(), key=lambda folder: folder.name):
        names, languages = read_ready(folder)
        publish_ready(ws, sandbox, folder.name, names, languages, actor=actor, now=now)
        keys.append(folder.name)
    return keys


def _ready_folders() -> list[Traversable]:
    root = resources.files("hudhud.content.ready")
    return [folder for folder in root.iterdir() if folder.is_dir() and folder.joinpath("template.json").is_file()]


def find_ready() -> list[tuple[str, dict[str, str]]]:
    """Return keys and names of the ready templates."""
    folders = sorted(_ready_folders(), key=lambda folder: folder.name)
    return [(folder.name, json.loads(folder.joinpath("template.json").read_text("utf-8"))["names"]) for folder in folders]


def read_ready_template(key: str) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Return names and copies of a ready template; raises `TemplateNotFound`."""
    folder = next((folder for folder in _ready_folders() if folder.name == key), None)
    if folder is None:
        raise TemplateNotFound(f"There is no ready template {key!r}.", key=key)
    return read_ready(folder)


def read_ready(folder: Traversable) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Read one ready template (format: content/types.py)."""
    names = json.loads(folder.joinpath("template.json").read_text("utf-8"))["names"]
    languages: dict[str, dict[str, Any]] = {}
    for language in LANGUAGES:
        file = folder.joinpath(f"{language}.mjml")
        if file.is_file():
            languages[language] = _read_copy(file.read_text("utf-8"), f"{folder.name}/{language}.mjml")
            text = folder.joinpath(f"{language}.txt")
            languages[language]["text"] = text.read_text("utf-8") if text.is_file() else ""
    return names, languages


def _read_copy(content: str, place: str) -> dict[str, Any]:
    head, _, body = content.replace("\r\n", "\n").partition("\n\n")
    copy: dict[str, Any] = {"mjml": body.strip() + "\n"}
    for line in head.splitlines():
        name, colon, value = line.partition(":")
        if not colon or name.strip() not in ("subject", "preheader"):
            raise TemplateError(place, f"{line[:60]!r} is no head line", "begin with subject: and preheader:, then a blank line")
        copy[name.strip()] = value.strip()
    return copy
