"""A copy that is not saved yet, as a person would get it: compiled and written by what writes the mails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hudhud.content.layout import direction_of
from hudhud.content.queries import QUERIES, load_look
from hudhud.content.values import person_values, sample_values, workspace_values
from hudhud.kit import sql
from hudhud.kit.errors import NotFound
from hudhud.people.history import get_portrait

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.content.types import Compiled, Copy
    from hudhud.kit.db import Scope

TRYING = sql.load("hudhud.content", "trying.sql")
# So many people who came last are looked at: enough to find a long name, few enough to wait for.
SAMPLE = 5_000
Worst = Literal["longest", "missing"]


class Extreme(NamedTuple):
    """Of an attribute among the people who came last: how many people, how many without one, the longest."""

    people: int
    without: int
    longest: Any


class As(NamedTuple):
    """As whom: a person (as known at an instant), or one made of the worst there is: every attribute the longest, or missing where some lack it."""

    person_id: int | None = None
    at: datetime | None = None
    worst: Worst | None = None


def try_out(
    ws: Scope, sandbox: Sandbox, copy: Copy, language: str, who: As, event: dict[str, Any], now: datetime, *, base_url: str
) -> dict[str, Any]:
    """Return subject, preheader, html and text of a copy; or `reason` and `detail` why this person would be skipped. Raises `TemplateError`, `NotFound`."""
    look = load_look(ws, [copy])
    compiled = sandbox.publish({language: copy}, look)[language]
    workspace = ws.one(QUERIES.get_workspace) or {}
    values = {
        "person": _person(ws, compiled, language, who, now),
        "event": event,
        **sample_values(compiled),
        "workspace": workspace_values(workspace, base_url),
        "unsubscribe_url": f"{base_url}/u/preview",
        "preferences_url": f"{base_url}/u/preview/preferences",
    }
    shown: dict[str, Any] = sandbox.preview(compiled, values, copy.preheader)
    if "html" in shown:
        shown["size"] = len(shown["html"].encode())
    reads = [".".join(path) for path in compiled.paths if len(path) > 1]
    return {"language": language, "direction": direction_of(language), "person_id": who.person_id, "reads": reads, **shown}


def _person(ws: Scope, compiled: Compiled, language: str, who: As, now: datetime) -> dict[str, Any]:
    if who.worst is not None:
        names = [path[1] for path in compiled.paths if path[0] == "person" and len(path) > 1]
        return _worst(find_extremes(ws, names), who.worst, language)
    if who.person_id is None:
        return {}
    if who.at is not None:
        return person_values(who.person_id, get_portrait(ws, who.person_id, who.at, now).attributes, language)
    person = ws.one(QUERIES.get_person, person_id=who.person_id)
    if person is None:
        raise NotFound(f"There is no person {who.person_id}.")
    return person_values(person["id"], person["attributes"], language)


def find_extremes(ws: Scope, names: Iterable[str]) -> dict[str, Extreme]:
    """Look at these attributes among the people who came last."""
    wanted = sorted(set(names) - {"id", "language"})
    if not wanted:
        return {}
    rows = ws.rows(TRYING.find_extremes, names=wanted, limit=SAMPLE)
    return {name: Extreme(people, without, json.loads(longest) if longest is not None else None) for name, people, without, longest in rows}


def _worst(extremes: dict[str, Extreme], worst: Worst, language: str) -> dict[str, Any]:
    """Make a person: id 0, and of the attributes the longest that there is; of `missing` those alone that nobody lacks."""
    known = {name: one.longest for name, one in extremes.items() if one.longest is not None and (worst == "longest" or not one.without)}
    return person_values(0, known, language)
