"""Addresses in one mail: `BOOK` is what the render process fills while it writes a message.

Addresses are signed with a key of that one message which the worker derives and hands in, so the render process never
holds the signing keys.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from liquid import Markup

from hudhud.content.types import FIRST_LINK, PIXEL
from hudhud.kit.crypto import numbered_seals

if TYPE_CHECKING:
    from collections.abc import Sequence

# What no address holds: browsers leave it out, and a database may not keep it.
UNSEEN = re.compile("[\x00-\x1f\x7f]+")
# Targets that are neither pages nor dangerous: they stay as they are, there is nothing to count.
PLAIN_SCHEMES = frozenset({"mailto", "tel", "sms"})
MOST_LINKS = 500
PAGE = re.compile(r"https?://(?:[^/?#\s\\@]*@)?(?:[^/?#\s\\@:\[\]]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#]|$)", re.IGNORECASE)


class BadLink(ValueError):
    """A target that is no web page, no address and no phone number."""


def markup(address: str) -> str:
    """Escape an address for an HTML attribute."""
    return Markup(html.escape(address))


def is_page(url: str) -> bool:
    """Whether `url` is an absolute http(s) address with a host."""
    return PAGE.match(url) is not None


def click_start(base_url: str, number: int) -> str:
    """What stands before the seal (with the message's number) in the address of link `number` of a mail."""
    return f"{base_url}/t/c/{number + FIRST_LINK}-"


def pixel_start(base_url: str) -> str:
    """What stands before the seal (with the message's number) in the address of the picture; `.gif` stands behind it."""
    return f"{base_url}/t/o/{PIXEL}-"


class Book:
    """The links of the message that is being written. Without a base address (preview) they lead straight to their targets."""

    def __init__(self) -> None:
        """Start empty."""
        self.open_message("", [])

    def open_message(self, base_url: str, static: Sequence[str], key: bytes = b"", message_id: int = 0, spare: int = 0) -> None:
        """Begin a message; `static` are the targets that everybody gets, `spare` says how many of its own it may have."""
        self.base_url, self.static_targets, self._key, self.message = base_url, static, key, f"{message_id}-"
        self.targets: dict[str, int] = {}
        self.seals = numbered_seals(key, FIRST_LINK + len(static) + spare) if base_url else []

    def _seal(self, number: int) -> str:
        if number >= len(self.seals):
            self.seals = numbered_seals(self._key, 2 * number)
        return self.message + self.seals[number]

    def pixel(self) -> str:
        """Address of the picture that tells that the mail was opened."""
        return f"{pixel_start(self.base_url)}{self._seal(PIXEL)}.gif" if self.base_url else "about:blank"

    def static(self, number: int, *, escaped: bool) -> str:
        """Address of a link that is the same for everybody; `escaped` for HTML."""
        address = click_start(self.base_url, number) + self._seal(number + FIRST_LINK) if self.base_url else self.static_targets[number]
        return markup(address) if escaped else address

    def dynamic(self, url: str, *, escaped: bool) -> str:
        """Address of a link whose target is this person's; raises `BadLink`."""
        url = UNSEEN.sub("", url).strip()
        number = self.targets.get(url)
        if number is None and (number := self._number(url)) is None:
            return markup(url) if escaped else url
        address = click_start(self.base_url, number) + self._seal(number + FIRST_LINK)
        return markup(address) if escaped else address

    def _number(self, url: str) -> int | None:
        """Number a target; None if it is not counted."""
        is_counted = is_page(url)
        if not is_counted and url.partition(":")[0].lower() not in PLAIN_SCHEMES:
            message = f"{url[:80]!r} is not an http(s) address"
            raise BadLink(message)
        if not is_counted or not self.base_url:
            return None
        number = self.targets[url] = len(self.static_targets) + len(self.targets)
        if number >= MOST_LINKS:
            message = f"more than {MOST_LINKS} links"
            raise BadLink(message)
        return number

    def forget_targets(self, kept: int) -> None:
        """Keep only the first targets: what came after them is written again."""
        while len(self.targets) > kept:
            self.targets.popitem()


BOOK = Book()
