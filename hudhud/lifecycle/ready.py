"""The seven ready stages (`ready.json`): names and descriptions in four languages, and rules to start with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from hudhud.segments.types import Condition, from_json

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ReadyStage:
    """A stage to begin with."""

    key: str
    names: dict[str, str]
    texts: dict[str, str]
    colour: str
    rule: Condition


@lru_cache(maxsize=1)
def find_ready() -> Sequence[ReadyStage]:
    """Return the seven stages, the first one first."""
    raw = json.loads(resources.files("hudhud.lifecycle").joinpath("ready.json").read_bytes())
    return tuple(ReadyStage(one["key"], one["names"], one["texts"], one["colour"], from_json(one["rule"])) for one in raw)
