"""New addresses that public keys bring: so many from one client, at one domain, in one mailbox, by one key (A-25, list bombing).

Whoever reads a website's key can say `identify` with the addresses of thousands who never heard of the shop, or with one address spelt in a
hundred ways; whatever a journey sends to a newcomer goes there. An address counts once: one that the database has, or that was let in here
lately, is nobody new. What is refused is kept among the rejects, so that an honest rush is not lost and somebody sees the other kind.
"""

from __future__ import annotations

import time
import unicodedata
from typing import TYPE_CHECKING

import structlog

from hudhud.edge.rates import Rate, RateLimited
from hudhud.events.types import PUBLIC, email_of
from hudhud.kit import sql
from hudhud.kit.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from hudhud.edge.holder import Holder
    from hudhud.edge.state import EdgeState
    from hudhud.events.types import Message

QUERIES = sql.load("hudhud.edge")
HOUR_S, DAY_S = 3_600.0, 86_400.0
# Spellings of one mailbox (ann+1@, a.nn@ at Gmail) in a day: nobody has more.
SPELLINGS = 5
# Refused addresses of one key that are kept in an hour; those beyond are told to come again.
KEPT = 1_000
# So many addresses are remembered, twice, so that the database is asked about each once.
REMEMBERED = 100_000
# No longer text is an address (RFC 5321, 4.5.3.1): it would be refused as one, and must not fill our memory.
LONGEST = 320
GMAIL = frozenset({"gmail.com", "googlemail.com"})

log = structlog.get_logger()


class TooManyAddresses(Forbidden):
    """Too many new addresses come by a website's key; this one is kept among the rejects."""

    code = "too_many_addresses"

    def __init__(self, limit: str, what: str) -> None:
        """Name the limit."""
        super().__init__(
            f"traits.email: {what}; it is kept under Data → Rejects, where it can be sent again", field="traits.email", limit=limit
        )


class Newcomers:
    """Decides which new addresses come in."""

    def __init__(self, state: EdgeState) -> None:
        """Start with full buckets."""
        self.state = state
        settings = state.settings
        self._rates = {
            "new_mailbox": (Rate(SPELLINGS / DAY_S, SPELLINGS), f"{SPELLINGS} spellings of one mailbox a day"),
            "new_client": _hourly(settings.new_addresses_per_client, "from one client address", "CLIENT"),
            "new_domain": _hourly(settings.new_addresses_per_domain, "at one domain", "DOMAIN"),
            "new_key": _hourly(settings.new_addresses_per_key, "by one website's key", "KEY"),
        }
        self._kept = Rate(KEPT / HOUR_S, KEPT)
        self._known: set[tuple[int, str]] = set()
        self._known_before: set[tuple[int, str]] = set()

    async def refused(self, holder: Holder, client: str, addresses: Sequence[str]) -> dict[str, TooManyAddresses]:
        """Return which of the addresses in a request are too many; raises `RateLimited` when no more of them are kept, or `Unavailable`."""
        unseen = list(dict.fromkeys(address for address in addresses if not self._is_known(holder.workspace_id, address)))
        if not unseen:
            return {}
        there = await self._find(holder.workspace_id, unseen)
        now = time.monotonic()
        refused: dict[str, TooManyAddresses] = {}
        for address in unseen:
            if address in there or not (limit := self._over(holder, client, address, now)):
                self._remember(holder.workspace_id, address)
            else:
                self.state.rates.count(limit)
                refused[address] = TooManyAddresses(limit, f"more than {self._rates[limit][1]}")
        if refused and (wait_s := self._kept.wait_s(holder.key_id, now)):
            raise RateLimited("new_addresses", "too many new addresses come by this key", wait_s)
        if refused:
            self._kept.spend(holder.key_id, len(refused), now)
        return refused

    def _over(self, holder: Holder, client: str, address: str, now: float) -> str:
        """Return the limit that a new address goes beyond; within all of them it is counted, and the text is empty."""
        box = mailbox(address)
        names: dict[str, Hashable] = {
            "new_mailbox": (holder.workspace_id, box),
            "new_client": client,
            "new_domain": (holder.workspace_id, box.partition("@")[2]),
            "new_key": holder.key_id,
        }
        if not client:
            del names["new_client"]
        for limit, name in names.items():
            if self._rates[limit][0].wait_s(name, now):
                return limit
        for limit, name in names.items():
            self._rates[limit][0].spend(name, 1, now)
        return ""

    async def _find(self, workspace_id: int, addresses: list[str]) -> set[str]:
        """Return those that the database has."""
        written = {normal(address): address for address in addresses}
        async with self.state.workspace(workspace_id) as conn:
            cursor = await conn.execute(QUERIES.find_addresses.text, {"workspace_id": workspace_id, "addresses": list(written)})
            return {written[row[0]] for row in await cursor.fetchall()}

    def _is_known(self, workspace_id: int, address: str) -> bool:
        return (workspace_id, address) in self._known or (workspace_id, address) in self._known_before

    def _remember(self, workspace_id: int, address: str) -> None:
        if len(self._known) >= REMEMBERED:
            self._known_before, self._known = self._known, set()
        self._known.add((workspace_id, address))


def brought_by(message: Message, holder: Holder) -> str:
    """Return the address that a message brings by a public key; empty for all others: who holds a secret key may bring whom they like."""
    if holder.source != PUBLIC or message.type != "identify":
        return ""
    address = email_of(message)
    return address if len(address) <= LONGEST else ""


def normal(address: str) -> str:
    """Return the address as the database has it (people/identifiers.py), for all but the odd ones: those count as new once more."""
    local, _, domain = address.strip().rpartition("@")
    return f"{local}@{_domain(domain)}"


def mailbox(address: str) -> str:
    """Return where mail to this address arrives; the same as `hudhud_mailbox` in the database, whose domains are ASCII."""
    local, _, domain = address.strip().lower().partition("@")
    local, domain = local.partition("+")[0], _domain(domain.partition("@")[0])
    return f"{local.replace('.', '')}@gmail.com" if domain in GMAIL else f"{local}@{domain}"


def _domain(text: str) -> str:
    """Return a domain in the one form that it has for us (ASCII, small letters): ｇmail。com is gmail.com, õ.ee begins with xn--."""
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()
    try:
        return plain if plain.isascii() else plain.encode("idna").decode()
    except UnicodeError:
        return plain


def _hourly(count: int, whose: str, name: str) -> tuple[Rate, str]:
    return Rate(count / HOUR_S, count), f"{count} new addresses an hour {whose} (HUDHUD_NEW_ADDRESSES_PER_{name})"
