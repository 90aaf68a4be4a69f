"""Reads about templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.content.brand import Brand, Look
from hudhud.content.copies import snippets_in
from hudhud.content.types import Compiled, Template, TemplateNotFound, TemplateSummary
from hudhud.content.values import choose_language, person_values, sample_values, workspace_values
from hudhud.kit import sql
from hudhud.kit.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hudhud.content.sandbox import Sandbox
    from hudhud.content.types import Copy
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.content")


def find_templates(ws: Scope, *, archived: bool = False) -> list[TemplateSummary]:
    """Every template, by key; those that were put away apart."""
    return ws.into(TemplateSummary, QUERIES.find_templates, archived=archived)


def get_template(ws: Scope, key: str) -> Template:
    """One template with the source that is published, if any is; raises `TemplateNotFound`."""
    found = ws.into(Template, QUERIES.get_template, key=key)
    if not found:
        raise TemplateNotFound(f"There is no template {key!r}.", key=key)
    return found[0]


def get_brand(ws: Scope) -> Brand:
    """The workspace's brand kit, or the usual one."""
    kit = ws.value(QUERIES.get_brand)
    return Brand() if kit is None else msgspec.convert(kit, Brand)


def load_look(ws: Scope, copies: Iterable[Copy]) -> Look:
    """What these copies are dressed with when they are compiled now."""
    keys = snippets_in(copies)
    saved = {row[0]: row[1] for row in ws.rows(QUERIES.find_saved, keys=keys)} if keys else {}
    workspace = ws.one(QUERIES.get_workspace) or {}
    return Look(get_brand(ws), saved, workspace.get("language") or "en")


def find_compiled(scope: Scope, version_ids: Sequence[int]) -> dict[int, dict[str, Compiled]]:
    """What was compiled, by version and language."""
    rows = scope.rows(QUERIES.find_compiled, version_ids=list(version_ids))
    return {version_id: _languages(compiled) for version_id, compiled in rows}


def get_compiled(ws: Scope, version_id: int) -> dict[str, Compiled]:
    """One version's compiled copies, by language; raises `NotFound`."""
    compiled = ws.value(QUERIES.get_compiled, version_id=version_id)
    if compiled is None:
        raise NotFound(f"There is no template version {version_id}.")
    return _languages(compiled)


def _languages(compiled: dict[str, dict[str, Any]]) -> dict[str, Compiled]:
    return {language: Compiled(**fields) for language, fields in compiled.items()}


def preview(  # noqa: PLR0913 -- what a mail is made of
    ws: Scope,
    sandbox: Sandbox,
    key: str,
    *,
    base_url: str,
    person_id: int | None,
    language: str | None,
    event: dict[str, Any],
    attributes: dict[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Show a template as a person (or with only `event`) would get it: language, subject, html, text; or `reason` and `detail`.

    `attributes`: what was known of the person at another time. `given`: what a journey was answered and gave (`run`, `coupon`); None: samples.
    """
    version_id = get_template(ws, key).version_id
    if version_id is None:
        raise TemplateNotFound(f"Nothing of {key!r} is published yet.", key=key)
    compiled = get_compiled(ws, version_id)
    workspace = ws.one(QUERIES.get_workspace) or {}
    person = ws.one(QUERIES.get_person, person_id=person_id) if person_id else None
    if person_id and person is None:
        raise NotFound(f"There is no person {person_id}.")
    chosen = choose_language(language or (person["language"] if person else None), workspace["language"], compiled)
    values = {
        "person": person_values(person["id"], person["attributes"] if attributes is None else attributes, chosen) if person else {},
        "event": event,
        **(sample_values(compiled[chosen]) if given is None else given),
        "workspace": workspace_values(workspace, base_url),
        "unsubscribe_url": f"{base_url}/u/preview",
        "preferences_url": f"{base_url}/u/preview/preferences",
    }
    return {"language": chosen, **sandbox.preview(compiled[chosen], values)}
