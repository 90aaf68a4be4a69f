"""How much one sender may bring, so that nobody takes the door from the others: a token bucket for each write key and each client address.

In memory, for one edge process: after a restart everybody starts with a full bucket. What is refused was not taken, and the sender is told when
to come again. How: the generic cell rate algorithm (ITU-T I.371), one number for each sender: until when what they brought fills their bucket.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

import structlog

from hudhud.events.types import MAX_BATCH_MESSAGES, PUBLIC
from hudhud.kit.errors import HudhudError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from starlette.types import Scope

    from hudhud.edge.holder import Holder
    from hudhud.kit.config import Settings

# So many seconds' worth fits a bucket: a shop's busiest moment passes.
BURST_S = 10.0
# Unknown keys and addresses of webhooks that one client may name: each is a question to the database.
GUESSES_PER_S = 10
# So many senders are remembered, twice; with more, those who were quiet longest start with a full bucket.
REMEMBERED = 100_000
TELL_EVERY_S = 60.0
# Whoever comes from here is one of the operator's own machines, or stands behind a proxy that nobody has named: no single visitor.
OURS = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1", "fc00::/7", "fe80::/10"))
)  # fmt: skip

log = structlog.get_logger()


class RateLimited(HudhudError):
    """More comes in than this sender may bring; nothing of this was taken."""

    code = "rate_limited"
    status = 429

    def __init__(self, limit: str, what: str, wait_s: float) -> None:
        """Name the limit, and when to come again."""
        self.retry_after_s = math.ceil(wait_s)
        super().__init__(
            f"{limit}: {what}; nothing of this was taken, send it again in {self.retry_after_s} s",
            limit=limit,
            retry_after_s=self.retry_after_s,
        )


@dataclass
class Rate:
    """`burst` at once and `per_s` a second for each name; 0 a second: no limit. Whoever has any left may bring a whole batch, and owes the rest."""

    per_s: float
    burst: float
    most: float = 1  # that is taken at once
    _full_until: dict[Hashable, float] = field(default_factory=dict)
    _before: dict[Hashable, float] = field(default_factory=dict)
    _turned_at: float = -math.inf

    def wait_s(self, name: Hashable, now: float) -> float:
        """Return how many seconds until `name` may bring something; 0.0: now."""
        if not self.per_s:
            return 0.0
        return max(0.0, self._at(name) - now - (self.burst - 1) / self.per_s)

    def spend(self, name: Hashable, count: int, now: float) -> None:
        """Note what `name` brings."""
        if not self.per_s:
            return
        if now - self._turned_at > (self.burst + self.most) / self.per_s or len(self._full_until) >= REMEMBERED:
            # Whoever brought nothing for that long has a full bucket, which is what being unknown means.
            self._before, self._full_until, self._turned_at = self._full_until, {}, now
        self._full_until[name] = max(self._at(name), now) + count / self.per_s

    def _at(self, name: Hashable) -> float:
        found = self._full_until.get(name)
        return self._before.get(name, 0.0) if found is None else found


class Rates:
    """All limits of this process; `refused` counts by limit."""

    def __init__(self, settings: Settings) -> None:
        """Start with full buckets."""

        def rate(per_s: float) -> Rate:
            return Rate(per_s, per_s * BURST_S, MAX_BATCH_MESSAGES)

        self._keys = {True: rate(settings.public_key_per_s), False: rate(settings.server_key_per_s)}
        self._clients = rate(settings.client_per_s)
        self._guesses = rate(GUESSES_PER_S)
        self.refused: Counter[str] = Counter({"public_key": 0, "server_key": 0, "client": 0, "unknown": 0})
        self._told_at: dict[str, float] = {}

    def take(self, holder: Holder, client: str, count: int = 1) -> None:
        """Let so many messages in, or raise `RateLimited`. Clients (see `client_of`) are told apart for public keys only: a server is one client."""
        now = time.monotonic()
        is_public = holder.source == PUBLIC
        keys = self._keys[is_public]
        if wait_s := keys.wait_s(holder.key_id, now):
            limit = "public_key" if is_public else "server_key"
            raise self._refuse(limit, f"this key may bring {keys.per_s:.0f} messages a second (HUDHUD_{limit.upper()}_PER_S)", wait_s)
        if is_public and client:
            if wait_s := self._clients.wait_s(client, now):
                what = f"one client address may bring {self._clients.per_s:.0f} messages a second (HUDHUD_CLIENT_PER_S)"
                raise self._refuse("client", what, wait_s)
            self._clients.spend(client, count, now)
        keys.spend(holder.key_id, count, now)

    def guess(self, client: str) -> None:
        """Let a client name a key, or an address of a webhook, that nobody knows yet; raises `RateLimited`."""
        now = time.monotonic()
        if client and (wait_s := self._guesses.wait_s(client, now)):
            raise self._refuse("unknown", "too many keys or addresses that nobody knows came from one client address", wait_s)
        if client:
            self._guesses.spend(client, 1, now)

    def _refuse(self, limit: str, what: str, wait_s: float) -> RateLimited:
        self.count(limit)
        return RateLimited(limit, what, wait_s)

    def count(self, limit: str) -> None:
        """Count what a limit has refused; the log is told once a minute."""
        now = time.monotonic()
        self.refused[limit] += 1
        if now - self._told_at.get(limit, -math.inf) > TELL_EVERY_S:
            self._told_at[limit] = now
            log.warning("limit reached", limit=limit, refused=self.refused[limit])


def client_in(scope: Scope) -> str:
    """Return whom limits count a request's sender as (the address is that which trusted proxies tell, see main.py)."""
    return client_of(scope["client"][0]) if scope.get("client") else ""


@lru_cache(maxsize=16_384)
def client_of(address: str) -> str:
    """Return whom limits count an address as: itself, the /64 that one household has of IPv6, or nobody (an empty text) for one of `OURS`."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if any(found.version == ours.version and found in ours for ours in OURS):
        return ""
    return str(ip_network((found.packed, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)
