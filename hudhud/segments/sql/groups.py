"""Companies that people are in, as ClickHouse expressions on a row of the mirror of people: those of the workspace that pass are looked up once."""
# ruff: noqa: S608 -- texts of users are parameters; only our own words and integers are written

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.segments.sql.items import ITEM

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE = "company"


def passing(workspace_id: int, tests: Sequence[str]) -> str:
    """Return the condition that the company `company` (its key) passes these tests, which see its attributes as an item, and its key as `key`."""
    known = f"SELECT key, attributes AS {ITEM} FROM company FINAL WHERE workspace_id = {workspace_id:d}"
    return f"{ONE} IN (SELECT key FROM ({known}) WHERE {' AND '.join(tests)})" if tests else "1"


def company_test(workspace_id: int, tests: Sequence[str]) -> str:
    """Return the condition that somebody is in such a company."""
    return f"arrayExists({ONE} -> {passing(workspace_id, tests)}, companies)" if tests else "notEmpty(companies)"


def told(workspace_id: int, tests: Sequence[str]) -> str:
    """Return the keys of such companies as JSON."""
    return f"toJSONString(arraySort(arrayFilter({ONE} -> {passing(workspace_id, tests)}, companies)))"
