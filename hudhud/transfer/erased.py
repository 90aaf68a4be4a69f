"""Rows about people who were erased here: left out, and told without a word of what they say.

A list, or a database, that somebody keeps elsewhere does not know that they are gone; with its next change it would bring them back. Whoever is
to come back all the same, because they ask for it, is let in by the plan (types.py `takes_erased`). Decision 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hudhud.people.identifiers import NORMAL
from hudhud.people.queries import find_erased
from hudhud.people.types import ADDRESS_NAMESPACES, BadIdentifier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.consent.types import Refusal
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

Identifier = tuple[str, str]
REASON = "erased: whom this row is about was erased here on {:%Y-%m-%d}; nothing of it is taken or kept. Erase them there, too"
NOTHING = b"[]"


class Made(NamedTuple):
    """A row that became a message (empty: there is nothing to tell), or says which address must not be written to."""

    line: int
    key: str
    body: bytes
    refusal: Refusal | None = None


class Chunk(NamedTuple):
    """What became of some rows: messages, and the bad ones with line, reason and cells; `line` is the last row's, 0 when there was none."""

    made: list[Made]
    bad: list[tuple[int, str, bytes]]
    line: int


class _Traits(msgspec.Struct):
    email: Any = None
    phone: Any = None


class _Named(msgspec.Struct, rename="camel"):
    """Of a message, only whom it names."""

    user_id: Any = None
    anonymous_id: Any = None
    traits: _Traits | None = None


_read = msgspec.json.Decoder(_Named).decode


def without_erased(ws: Scope, keys: Keys, chunk: Chunk) -> Chunk:
    """Move rows about erased people to the bad ones; free as long as nobody was erased in this workspace."""
    dates: dict[int, datetime] = find_erased(ws, keys, lambda: [_names(one) for one in chunk.made])
    if not dates:
        return chunk
    told = [(chunk.made[index].line, REASON.format(at), NOTHING) for index, at in dates.items()]
    bad = sorted([*chunk.bad, *told])
    return Chunk([one for index, one in enumerate(chunk.made) if index not in dates], bad, chunk.line)


def _names(one: Made) -> Sequence[Identifier]:
    if not one.body:
        return [(one.refusal.channel, one.refusal.address)] if one.refusal else []
    found = _read(one.body)
    return identifiers_of(
        found.user_id, found.anonymous_id, {"email": found.traits.email, "phone": found.traits.phone} if found.traits else {}
    )


def identifiers_of(user_id: Any, anonymous_id: Any, traits: dict[str, Any]) -> list[Identifier]:  # noqa: ANN401 -- any JSON
    """Return what a message names somebody by, in the order in which the intake asks."""
    found = [(name, str(value)) for name, value in (("user_id", user_id), ("anonymous_id", anonymous_id)) if value]
    for namespace in ADDRESS_NAMESPACES:
        if value := traits.get(namespace):
            try:
                found.append((namespace, NORMAL[namespace](str(value))))
            except BadIdentifier:
                continue
    return found
