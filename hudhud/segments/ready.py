"""Ready segments (`ready.json`): names and descriptions in four languages, and conditions to take as they are or to change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from hudhud.kit import sql
from hudhud.segments.asking.ask import QUERIES, ask, find_atoms
from hudhud.segments.types import Condition, canonical, from_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope


@dataclass(frozen=True, slots=True)
class Ready:
    """A segment that anybody may need; `group`: lifecycle, value, intent, engagement."""

    key: str
    group: str
    names: dict[str, str]
    texts: dict[str, str]
    tree: Condition


@lru_cache(maxsize=1)
def find_ready() -> Sequence[Ready]:
    """Return the ready segments in the order in which they are shown."""
    raw = json.loads(resources.files("hudhud.segments").joinpath("ready.json").read_bytes())
    return tuple(Ready(one["key"], one["group"], one["names"], one["texts"], from_json(one["tree"])) for one in raw)


def count_ready(ws: Scope, ch: Client, now: datetime) -> dict[str, int]:
    """Return how many people each ready segment would have, by key: one statement for all of them."""
    assert ws.workspace_id is not None
    ready = find_ready()
    facts = ask(ch, ws.workspace_id, find_atoms([one.tree for one in ready], {}), now)
    return {one.key: len(facts.people(one.tree, {})) for one in ready}


def find_installed(ws: Scope) -> dict[str, int]:
    """Return which ready segments there are already, by key: the oldest segment with the same conditions, whatever it is called."""
    ready = find_ready()
    trees = sql.texts(canonical(one.tree).decode() for one in ready)
    return dict(ws.rows(QUERIES.find_same, keys=[one.key for one in ready], definitions=trees))
