"""Writes about templates: publish a version, install the ready ones."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib import resources
from typing import TYPE_CHECKING, Any

from hudhud.content.types import LANGUAGES, Copy, TemplateError
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime
    from importlib.resources.abc import Traversable

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.content")
KEY = re.compile(r"[a-z0-9_]{1,64}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
COPY_FIELDS = frozenset({"subject", "preheader", "mjml", "text"})


def publish(
    ws: Scope, sandbox: Sandbox, key: str, names: dict[str, str], languages: dict[str, dict[str, Any]], *, actor: str, now: datetime
) -> int:
    """Check, compile and publish a template; return the version's id (the present one when nothing changed).

    Raises `TemplateError` that names part, line and remedy, and `InvalidInput` for the frame around it.
    """
    copies = _checked(key, names, languages)
    source = json.dumps({language: asdict(copy) for language, copy in copies.items()})
    same = ws.value(QUERIES.same_source, key=key, source=source, names=json.dumps(names))
    if same is not None:
        return int(same)
    compiled = sandbox.publish(copies)
    template_id = ws.value(QUERIES.put_template, key=key, names=json.dumps(names), now=now)
    version_id = ws.value(
        QUERIES.add_version,
        template_id=template_id,
        source=source,
        compiled=json.dumps({language: asdict(one) for language, one in compiled.items()}),
        now=now,
        actor=actor,
    )
    ws.run(QUERIES.use_version, template_id=template_id, version_id=version_id)
    return int(version_id)


def _checked(key: str, names: dict[str, str], languages: dict[str, dict[str, Any]]) -> dict[str, Copy]:
    if not KEY.fullmatch(key):
        raise InvalidInput("key", key, "use up to 64 letters a-z, digits and _")
    if not names or not all(isinstance(name, str) and name.strip() for name in names.values()):
        raise InvalidInput("names", names, 'give at least one name, e.g. {"en": "Welcome"}')
    if not languages:
        raise InvalidInput("languages", languages, 'give at least one, e.g. {"en": {"subject": …, "mjml": …}}')
    for language, copy in languages.items():
        if not LANGUAGE.fullmatch(language):
            raise InvalidInput("languages", language, "use a language code such as en or fa")
        if unknown := set(copy) - COPY_FIELDS:
            raise InvalidInput(f"languages.{language}", min(unknown), f"known parts are {', '.join(sorted(COPY_FIELDS))}")
        if wrong := [name for name, text in copy.items() if not isinstance(text, str) or "\0" in text]:
            raise InvalidInput(f"languages.{language}.{wrong[0]}", copy[wrong[0]], "give a text without NUL characters")
        if missing := {"subject", "mjml"} - set(copy):
            raise InvalidInput(f"languages.{language}", min(missing), "it is missing; give subject and mjml")
    return {language: Copy(**copy) for language, copy in languages.items()}


def install_ready(ws: Scope, sandbox: Sandbox, *, actor: str, now: datetime) -> list[str]:
    """Publish every ready template that is new or has changed; return their keys."""
    keys = []
    for folder in sorted(_ready_folders(), key=lambda folder: folder.name):
        names, languages = read_ready(folder)
        publish(ws, sandbox, folder.name, names, languages, actor=actor, now=now)
        keys.append(folder.name)
    return keys


def _ready_folders() -> list[Traversable]:
    root = resources.files("hudhud.content.ready")
    return [folder for folder in root.iterdir() if folder.is_dir() and folder.joinpath("template.json").is_file()]


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
