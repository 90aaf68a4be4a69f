"""Questions to DNS, all of a domain's records at once. What it does not answer is unknown, and not missing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import dns.asyncresolver
import dns.exception
import dns.rdata
import dns.rdtypes.ANY.TXT
import dns.resolver

from hudhud.delivery.domains.records import judge
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.delivery.domains.records import Check, Record

ANSWER_S = 5.0


def open_resolver(servers: str) -> dns.asyncresolver.Resolver:
    """Return what asks `servers` (`9.9.9.9, 127.0.0.1:5353`; empty: the system's); raises `InvalidInput`."""
    resolver = dns.asyncresolver.Resolver(configure=not servers)
    if servers:
        try:
            resolver.nameservers = [_server(part.strip()) for part in servers.split(",") if part.strip()]
        except (ValueError, dns.exception.DNSException) as error:
            raise InvalidInput("HUDHUD_DNS", servers, "give addresses with commas between them, e.g. 9.9.9.9, 127.0.0.1:5353") from error
    resolver.lifetime = ANSWER_S
    return resolver


def _server(text: str) -> dns.nameserver.Do53Nameserver:
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "53")
    return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))


async def check(records: Sequence[Record], resolver: dns.asyncresolver.Resolver) -> list[Check]:
    """Ask about all records, and judge the answers."""
    answers = await asyncio.gather(*(ask(resolver, record.name, record.type) for record in records))
    checks = [judge(record, answer) for record, answer in zip(records, answers, strict=True)]
    return [await _by_parent(one, record, resolver) for one, record in zip(checks, records, strict=True)]


async def _by_parent(one: Check, record: Record, resolver: dns.asyncresolver.Resolver) -> Check:
    """A domain without a DMARC record of its own has that of the domain above it (RFC 7489 6.6.3)."""
    labels = record.name.split(".")
    if one.kind != "dmarc" or one.state != "missing" or len(labels) <= len(("_dmarc", "example", "com")):
        return one
    above = ".".join(["_dmarc", *labels[2:]])
    found = judge(record, await ask(resolver, above, "TXT"))
    return replace(found, problem="of_parent") if found.state == "good" else one


async def ask(resolver: dns.asyncresolver.Resolver, name: str, kind: str) -> list[str] | None:
    """Return the texts of the records of a name, none if there are none; None: no answer."""
    try:
        answer = await resolver.resolve(name, kind, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [_text(one) for one in answer] if answer.rrset is not None else []


def _text(one: dns.rdata.Rdata) -> str:
    """Write one record; a TXT comes in pieces that belong together (RFC 7208 3.3)."""
    if isinstance(one, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(one.strings).decode("utf-8", "replace")
    return one.to_text()
