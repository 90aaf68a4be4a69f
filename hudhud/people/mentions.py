"""Does a logged text speak of somebody? Ids count only where a message names its person, addresses wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from hudhud.people.types import ADDRESS_NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hudhud.people.types import Identifier

NAMING = frozenset({"userId", "anonymousId", "previousId", "user_id", "anonymous_id", "previous_id"})


class Mentions:
    """What somebody was known by, ready to be looked for."""

    def __init__(self, known: Iterable[Identifier]) -> None:
        """Take identifiers in their normal forms."""
        pairs = list(known)
        self.addresses = tuple({value.casefold() for namespace, value in pairs if namespace in ADDRESS_NAMESPACES})
        self.ids = frozenset(value for namespace, value in pairs if namespace not in ADDRESS_NAMESPACES)

    def in_text(self, text: str) -> bool:
        """Say whether one of the addresses stands in a text."""
        folded = text.casefold()
        return any(address in folded for address in self.addresses)

    def in_message(self, body: bytes) -> bool:
        """Say whether a message, whole or broken, is about them or names an address of theirs."""
        text = body.decode(errors="replace")
        if self.in_text(text):
            return True
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return any(f'"{one}"' in text for one in self.ids)
        return self._names(found)

    def in_line(self, body: bytes) -> bool:
        """Say whether a line of a file (a JSON list of cells, or a message) is about them: a cell that equals an id is enough."""
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return self.in_message(body)
        return self.in_message(body) or (isinstance(found, list) and any(str(cell) in self.ids for cell in found))

    def in_foreign(self, body: bytes) -> bool:
        """Say whether what another tool sent, JSON or a form, is about them: any value that equals an id is enough."""
        if self.in_message(body):
            return True
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            values = [value for _, value in parse_qsl(body.decode(errors="replace"), keep_blank_values=True)]
            return any(value in self.ids or self.in_text(value) for value in values)
        return any(str(leaf) in self.ids for leaf in _leaves(found))

    def _names(self, found: Any) -> bool:  # noqa: ANN401 -- any JSON
        """Look at every id that a message names, and at every text of it for addresses that its bytes spell with escapes."""
        waiting = [found]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                if any(str(one[name]) in self.ids for name in NAMING & one.keys()):
                    return True
                waiting += one.values()
            elif isinstance(one, list):
                waiting += one
            elif isinstance(one, str) and self.in_text(one):
                return True
        return False


def _leaves(found: Any) -> Iterator[Any]:  # noqa: ANN401 -- any JSON
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            yield one
