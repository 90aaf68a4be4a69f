"""What the readers of providers' webhooks share: bodies to items, and values as they are, whatever a sender made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.delivery.outcomes.types import MOST_RAW, Kind, Read, Report

if TYPE_CHECKING:
    from collections.abc import Callable

Item = dict[str, Any]
# A provider's word → what it means; None: known, and nothing for us (opens and clicks we see ourselves).
Words = dict[str, Kind | None]
MOST_ITEMS = 20_000
LATEST_S = 4_102_444_800  # 2100


def items_of(body: bytes) -> list[Any]:
    """Return what a JSON body holds: a list's entries, or the one object. Raises `ValueError`."""
    try:
        found = msgspec.json.decode(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    items = found if isinstance(found, list) else [found]
    if len(items) > MOST_ITEMS:
        raise ValueError(f"more than {MOST_ITEMS} items")
    return items


def read_each(body: bytes, read: Callable[[Item], list[Report]]) -> Read:
    """Read item by item: a bad one costs itself."""
    done = Read()
    for number, item in enumerate(items_of(body)):
        try:
            if not isinstance(item, dict):
                raise TypeError("not an object")  # noqa: TRY301 -- told like everything else that is wrong with an item
            done.reports.extend(read(item))
        except (AttributeError, KeyError, LookupError, TypeError, ValueError, OverflowError) as error:
            done.problems.append(f"item {number + 1}: {type(error).__name__}: {error}"[:300])
    return done


def part(item: Item, name: str) -> Item:
    """Return an object within an object; an empty one where there is none (some senders write [] or null for it)."""
    found = item.get(name)
    return found if isinstance(found, dict) else {}


def word(value: object) -> str:
    """Return a text, or an empty one."""
    return value if isinstance(value, str) else "" if value is None or isinstance(value, (dict, list, bool)) else str(value)


def code(value: object) -> int | None:
    """Return a reply code of SMTP, if it is one."""
    text = word(value).strip()
    return int(text) if text.isascii() and text.isdigit() and 200 <= int(text) < 600 else None  # noqa: PLR2004 -- RFC 5321 4.2


def instant(value: object) -> datetime | None:
    """Return when it was: seconds or milliseconds since 1970, or ISO 8601; None where it cannot be told."""
    text = word(value).strip()
    try:
        if isinstance(value, (int, float)) or text.replace(".", "", 1).isdigit():
            seconds = float(text)
            return datetime.fromtimestamp(seconds if seconds < LATEST_S else seconds / 1000, UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def raw(item: Item) -> str:
    """Return the item as text, to be kept: without null characters, and no more than is reasonable."""
    return msgspec.json.encode(item).decode(errors="replace").replace("\\u0000", " ")[:MOST_RAW]


def digest(*parts: object) -> str:
    """Return a key for a report whose provider gives none: the same for the same parts."""
    return blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def metadata(*places: object) -> tuple[str, ...]:
    """Return texts in which our name of the message may stand, in this order; lists and objects are looked through one level deep."""
    texts: list[str] = []
    for place in places:
        inner = list(place.values()) if isinstance(place, dict) else place if isinstance(place, list) else [place]
        for one in inner:
            flat = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else [one]
            texts += [text for text in map(word, flat) if text]
    return tuple(texts[:40])
