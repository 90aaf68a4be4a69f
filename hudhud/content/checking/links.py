"""Whether the pages that a copy links to are there: each is asked once, for its head alone, and only where somebody wants to know."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from hudhud.kit.egress import Egress, Failed, Refused
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.kit.egress import Network

MOST, AT_ONCE, PATIENCE_S = 50, 8, 8.0
HEADERS = {"User-Agent": "Hudhud (link check)", "Accept": "*/*"}
# Gone for good, or nobody there; what asks to sign in, or does not like programs, is there.
GONE = frozenset({400, 404, 410, 414, 421, 451})
SERVER_ERROR = 500


class Asked(NamedTuple):
    """What became of a link: `works`, `broken`, or `unknown` (it may not be asked from here); `status`: what it answered."""

    url: str
    verdict: str
    status: int | None
    detail: str


def ask_links(urls: Sequence[str], networks: tuple[Network, ...]) -> list[Asked]:
    """Ask the pages behind constant links, the first fifty; a person's own links are nobody else's to open."""
    return asyncio.run(_ask_all(urls[:MOST], networks))


async def _ask_all(urls: Sequence[str], networks: tuple[Network, ...]) -> list[Asked]:
    egress, gate = Egress(networks), asyncio.Semaphore(AT_ONCE)
    try:
        return await asyncio.gather(*(_ask(egress, gate, url) for url in urls))
    finally:
        await egress.close()


async def _ask(egress: Egress, gate: asyncio.Semaphore, url: str) -> Asked:
    async with gate:
        try:
            answer = await egress.request("HEAD", url, HEADERS, b"", limit=0, total_s=PATIENCE_S)
        except Refused as error:
            return Asked(url, "unknown", None, error.message)
        except Failed as error:
            return Asked(url, "broken", None, error.message)
        except (InvalidInput, ValueError):
            return Asked(url, "unknown", None, "this address cannot be asked")
    is_broken = answer.status in GONE or answer.status >= SERVER_ERROR
    return Asked(url, "broken" if is_broken else "works", answer.status, "")
