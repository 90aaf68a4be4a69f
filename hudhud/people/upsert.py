"""What becomes of a value where there is one already: the rules that a list of people comes with, field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.kit.errors import InvalidInput
from hudhud.people.types import Upsert

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_IN_LIST = 1_000  # that rows may fill a list up to; one that is longer stays as it is


@lru_cache(maxsize=64)
def upsert_in(context: bytes) -> Upsert | None:
    """Read the rules that a list of people came with: the same bytes in all its rows. Raises `InvalidInput`."""
    said = msgspec.json.decode(context).get("upsert") if b'"upsert"' in context else None
    try:
        return None if said is None else msgspec.convert(said, Upsert)
    except msgspec.ValidationError:
        raise InvalidInput("context.upsert", said, 'leave it out, or write {"rules": {"city": "if_empty"}}') from None


def admitted(upsert: Upsert, known: Mapping[str, Any], said: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    """Return what of a claim is to be written over what is known; `is_new`: the claim has just made the person. Applying it again changes nothing."""
    is_newer = _is_newer(known.get(upsert.newest_by), said.get(upsert.newest_by))
    result = {
        name: value
        for name, value in said.items()
        if _is_admitted(upsert.rules.get(name), known.get(name), is_new=is_new, is_newer=is_newer)
    }
    for name, rule in upsert.rules.items():
        if rule == "append" and name in result:
            result[name] = _appended(known.get(name), result[name])
    if not is_newer:
        result.pop(upsert.newest_by, None)
    return result


def _is_admitted(rule: str | None, known: object, *, is_new: bool, is_newer: bool) -> bool:
    if rule == "new_only":
        return is_new
    is_empty = known is None or known in ("", [])
    return is_empty or rule not in {"if_empty", "newest"} or (rule == "newest" and is_newer)


def _is_newer(known: object, said: object) -> bool:
    """Say whether a list's row is at least as new as what is known; a date that nobody can read is older than any."""
    ours, theirs = _instant(known), _instant(said)
    return ours is None or (theirs is not None and theirs >= ours)


def _instant(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _appended(known: object, said: object) -> list[Any]:
    """Return what was there, whole, and behind it what was said and is not in it, up to the most that a list may have."""
    result = list(_list_of(known))
    there = {_print(one) for one in result}
    for one in _list_of(said):
        if len(result) >= MOST_IN_LIST:
            break
        if (mark := _print(one)) not in there:
            there.add(mark)
            result.append(one)
    return result


def _print(value: object) -> bytes:
    # By JSON, not by ==: to Python, 1 is True.
    return msgspec.json.encode(value, order="sorted")


def _list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None or value == "" else [value]
