"""Saying yes to Amazon: SNS reports nothing before somebody has called the address that its first message names. Only for our own topic."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import msgspec

from hudhud.delivery.outcomes.types import is_amazon
from hudhud.kit.egress import Egress, Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

OK = 200


def subscribe_url(body: bytes, topic: str) -> str:
    """Return the address by which a subscription to `topic` is confirmed, else an empty text: another topic, another host, something else."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ""
    if not isinstance(found, dict) or found.get("Type") != "SubscriptionConfirmation" or not topic or found.get("TopicArn") != topic:
        return ""
    url = str(found.get("SubscribeURL") or "")
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
    is_right = (
        is_amazon(url) and parts.path in ("", "/") and query.get("Action") == ["ConfirmSubscription"] and query.get("TopicArn") == [topic]
    )
    return url if is_right else ""


def confirm(url: str, call: Callable[[str], int] | None = None) -> str:
    """Call it; return what went wrong, or an empty text."""
    try:
        status = (call or _call)(url)
    except (Failed, Refused) as error:
        return f"the subscription was not confirmed: {error.message}"
    return "" if status == OK else f"the subscription was not confirmed: Amazon answered {status}"


def _call(url: str) -> int:
    async def get() -> int:
        egress = Egress()
        try:
            return (await egress.request("GET", url, {}, b"", limit=1_000)).status
        finally:
            await egress.close()

    return asyncio.run(get())
