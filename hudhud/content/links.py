"""Addresses in one mail: `BOOK` is what the render process fills while it writes a message.

Click tokens are signed with a key of that one message which the worker derives and hands in, so the render process never
holds the signing keys.
"""

from __future__ import annotations

import html
import re

from liquid import Markup

from hudhud.kit.crypto import numbered_token

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


class Book:
    """The links of the message that is being written. Without a prefix (preview) links lead straight to their targets."""

    def __init__(self) -> None:
        """Start empty."""
        self.prefix, self._safe = "", True
        self.open_message(0, b"", "", "", [])

    def open_message(self, message_id: int, key: bytes, prefix: str, pixel: str, static: list[str]) -> None:
        """Begin a message; `static` are the targets that everybody gets."""
        self.message_id, self.key, self.pixel, self._static = message_id, key, pixel, static
        if prefix != self.prefix:
            self.prefix, self._safe = prefix, prefix == html.escape(prefix)
        self.targets: dict[str, int] = {}
        self._addresses: dict[int, tuple[str, str]] = {}

    def _address(self, number: int, *, escaped: bool) -> str:
        if number not in self._addresses:
            address = self.prefix + numbered_token(self.key, self.message_id, number)
            self._addresses[number] = (address, Markup(address) if self._safe else markup(address))
        return self._addresses[number][escaped]

    def static(self, number: int, *, escaped: bool) -> str:
        """Address of a link that is the same for everybody; `escaped` for HTML."""
        if self.prefix:
            return self._address(number, escaped=escaped)
        return markup(self._static[number]) if escaped else self._static[number]

    def dynamic(self, url: str, *, escaped: bool) -> str:
        """Address of a link whose target is this person's; raises `BadLink`."""
        url = url.strip()
        if not is_page(url) and url.partition(":")[0].lower() not in PLAIN_SCHEMES:
            message = f"{url[:80]!r} is not an http(s) address"
            raise BadLink(message)
        if not self.prefix or not is_page(url):
            return markup(url) if escaped else url
        number = self.targets.setdefault(url, len(self._static) + len(self.targets))
        if number > MOST_LINKS:
            message = f"more than {MOST_LINKS} links"
            raise BadLink(message)
        return self._address(number, escaped=escaped)


BOOK = Book()
