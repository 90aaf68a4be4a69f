"""Saved blocks: templates name them, and get them as they are when they are published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hudhud.accounts.actions import record_audit
from hudhud.content import actions
from hudhud.content.blocks.types import MOST_BLOCKS, read_saved
from hudhud.content.copies import LANGUAGE, check_key, check_names, check_numbers, write
from hudhud.content.queries import get_template, load_look
from hudhud.content.types import Copy, DraftChanged, SnippetInUse, SnippetNotFound, TemplateError
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

SNIPPETS = sql.load("hudhud.content.editing", "snippets.sql")


def find_snippets(ws: Scope) -> list[dict[str, Any]]:
    """Return every snippet by key, with its blocks and how many templates name it."""
    return ws.all(SNIPPETS.find_snippets, key=None)


def get_snippet(ws: Scope, key: str) -> dict[str, Any]:
    """Return one snippet; raises `SnippetNotFound`."""
    found = ws.one(SNIPPETS.find_snippets, key=key)
    if found is None:
        raise SnippetNotFound(f"There is no snippet {key!r}.", key=key)
    return found


def put_snippet(
    ws: Scope, sandbox: Sandbox, key: str, names: dict[str, str], languages: dict[str, Any], revision: int, now: datetime, *, by: str
) -> None:
    """Save blocks by language; `revision` is the one that was worked on (0: there was none).

    What is published already stays as it is. Raises `TemplateError` for blocks that are not sound, `InvalidInput`, `DraftChanged`.
    """
    check_key(key)
    check_names(names)
    text = write(languages, "languages")
    check_numbers(languages, "languages")
    check_languages(ws, sandbox, languages)
    known = ws.one(SNIPPETS.lock_snippet, key=key)
    made = None
    if (known["revision"] if known else 0) == revision:
        made = ws.value(SNIPPETS.put_snippet, key=key, names=json.dumps(names), languages=text, revision=revision, now=now, by=by)
    if made is None:
        found = ws.one(SNIPPETS.lock_snippet, key=key) or {"revision": 0, "updated_by": ""}
        message = f"{found['updated_by']} has saved revision {found['revision']} of {key}; load it again and bring your changes in."
        raise DraftChanged(message, key=key, revision=found["revision"], updated_by=found["updated_by"])
    record_audit(ws, now, by, "snippet.save", f"snippet:{key}", revision=made)


def check_languages(ws: Scope, sandbox: Sandbox, languages: dict[str, Any]) -> None:
    """Check the blocks of each language as those of a mail; raises `TemplateError`, `InvalidInput`."""
    if not languages:
        raise InvalidInput("languages", languages, 'give at least one, e.g. {"en": [block…]}')
    copies = {}
    for language, blocks in languages.items():
        if not LANGUAGE.fullmatch(language):
            raise InvalidInput("languages", language, "use a language code such as en or fa")
        if not 0 < len(read_saved(blocks, f"languages.{language}")) <= MOST_BLOCKS:
            raise InvalidInput(f"languages.{language}", len(blocks), f"give 1 to {MOST_BLOCKS} blocks")
        copies[language] = Copy("snippet", mode="blocks", document={"version": 1, "blocks": blocks})
    sandbox.publish(copies, load_look(ws, copies.values()))


def find_uses(ws: Scope, key: str) -> list[dict[str, Any]]:
    """Return the templates that name a snippet: `{"key", "names", "is_published"}`; raises `SnippetNotFound`."""
    get_snippet(ws, key)
    return ws.all(SNIPPETS.find_templates, key=key)


def delete_snippet(ws: Scope, key: str, now: datetime, *, by: str) -> None:
    """Forget a snippet that no template names; raises `SnippetNotFound`, `SnippetInUse`."""
    uses = find_uses(ws, key)
    if uses:
        where = ", ".join(use["key"] for use in uses)
        raise SnippetInUse(f"{key!r} is named by the templates {where}; take it out there first.", key=key, uses=uses)
    ws.run(SNIPPETS.drop_snippet, key=key)
    record_audit(ws, now, by, "snippet.delete", f"snippet:{key}")


def republish(ws: Scope, sandbox: Sandbox, key: str, now: datetime, *, by: str) -> list[dict[str, Any]]:
    """Publish the templates that name a snippet once more, with the blocks as they are now; return what became of each."""
    return [dress_again(ws, sandbox, use["key"], now, by=by) for use in find_uses(ws, key) if use["is_published"]]


def dress_again(ws: Scope, sandbox: Sandbox, key: str, now: datetime, *, by: str) -> dict[str, Any]:
    """Publish what is published of a template once more, with the brand and the snippets as they are now; `problem`: why that cannot be."""
    template = get_template(ws, key)
    if template.version_id is None:
        return {"key": key, "number": None, "is_new": False, "problem": "nothing is published"}
    try:
        version_id = actions.publish(ws, sandbox, key, template.names, template.languages, actor=by, now=now)
    except (TemplateError, InvalidInput) as error:
        return {"key": key, "number": template.number, "is_new": False, "problem": error.message}
    return {"key": key, "number": get_template(ws, key).number, "is_new": version_id != template.version_id, "problem": ""}
