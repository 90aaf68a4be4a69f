"""What DNS should say about a domain that mail is from, and what an answer of DNS means for it.

SPF: RFC 7208. DKIM: RFC 6376, 8463. DMARC: RFC 7489. TLS reporting: RFC 8460. BIMI: draft-brand-indicators-for-message-identification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

RecordKind = Literal["dkim", "dkim_ed25519", "spf", "dmarc", "mx", "return_path", "return_path_spf", "bimi", "tls_rpt"]
# What has to stand in SPF for mail by a provider.
INCLUDES = {
    "ses": "include:amazonses.com",
    "mailgun": "include:mailgun.org",
    "sendgrid": "include:sendgrid.net",
    "postmark": "include:spf.mtasv.net",
    "sparkpost": "include:sparkpostmail.com",
    "mailjet": "include:spf.mailjet.com",
    "brevo": "include:spf.brevo.com",
    "mailersend": "include:_spf.mailersend.net",
    "resend": "include:amazonses.com",
}
# Terms of SPF that cost a look-up, of which there may be so many (RFC 7208 4.6.4).
LOOK_UPS, COSTLY = 10, re.compile(r"^[+~?-]?(include:|a(?=[:/]|$)|mx(?=[:/]|$)|ptr|exists:|redirect=)", re.IGNORECASE)
TAGS = re.compile(r"\s*([A-Za-z0-9_]+)\s*=\s*([^;]*?)\s*(?:;|$)")
PATCHY = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One record to publish: its name, type and value; without `is_needed` mail is delivered as well."""

    kind: RecordKind
    name: str
    type: Literal["TXT", "MX"]
    value: str
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """A record beside what DNS said: `unknown` when it did not answer; `problem`: a word for what is wrong."""

    kind: RecordKind
    name: str
    type: str
    value: str
    is_needed: bool
    state: Literal["good", "weak", "missing", "wrong", "unknown"]
    problem: str = ""
    found: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a domain: its keys by selector, the ways its mail takes (kind and host), the domains that its bounces go to, our own host."""

    domain: str
    rsa: tuple[str, str] | None = None
    ed25519: tuple[str, str] | None = None
    ways: tuple[tuple[str, str], ...] = ()
    bounce_domains: tuple[str, ...] = ()
    host: str = ""


def wanted(plan: Plan) -> list[Record]:
    """Return the records that a domain should have, the ones that matter most first."""
    domain = plan.domain
    keys: list[Record] = []
    if plan.rsa is not None:
        keys.append(Record("dkim", f"{plan.rsa[0]}._domainkey.{domain}", "TXT", plan.rsa[1]))
    if plan.ed25519 is not None:
        keys.append(Record("dkim_ed25519", f"{plan.ed25519[0]}._domainkey.{domain}", "TXT", plan.ed25519[1], is_needed=False))
    spf = _spf(plan.ways)
    returning = [
        one
        for name in plan.bounce_domains
        for one in (Record("return_path", name, "MX", f"10 {plan.host}"), Record("return_path_spf", name, "TXT", spf))
    ]
    return [
        *keys,
        Record("spf", domain, "TXT", spf),
        Record("dmarc", f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"),
        Record("mx", domain, "MX", f"10 mail.{domain}"),
        *returning,
        Record("tls_rpt", f"_smtp._tls.{domain}", "TXT", f"v=TLSRPTv1; rua=mailto:tls@{domain}", is_needed=False),
        Record("bimi", f"default._bimi.{domain}", "TXT", f"v=BIMI1; l=https://{domain}/logo.svg; a=", is_needed=False),
    ]


def _spf(ways: Sequence[tuple[str, str]]) -> str:
    terms = dict.fromkeys(INCLUDES.get(kind) or (_server(host) if host else "mx") for kind, host in ways)
    return " ".join(["v=spf1", *(terms or ["mx"]), "~all"])


def _server(host: str) -> str:
    """Name a server by its name, or by its address where that is what we have."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"a:{host}"
    return f"ip{address.version}:{address}"


def judge(record: Record, found: Sequence[str] | None) -> Check:
    """Compare a record with what DNS said; None: it did not answer."""
    about = (record.kind, record.name, record.type, record.value, record.is_needed)
    if found is None:
        return Check(*about, "unknown", "no_answer")
    mine = [text for text in found if _is_about(record, text)]
    if not mine:
        return Check(*about, "missing", found=list(found)[:5] if record.type == "TXT" and not record.kind.endswith("spf") else [])
    state, problem = _JUDGES[record.kind](record, mine)
    return Check(*about, state, problem, mine)


def _is_about(record: Record, text: str) -> bool:
    """Say whether a record is of this kind: other ones may stand at the same name."""
    begins = {"spf": "v=spf1", "return_path_spf": "v=spf1", "dmarc": "v=dmarc1", "bimi": "v=bimi1", "tls_rpt": "v=tlsrptv1"}.get(
        record.kind, ""
    )
    low = text.strip().lower()
    return low == begins or low.startswith((f"{begins} ", f"{begins};")) if begins else True


Verdict = tuple[Literal["good", "weak", "missing", "wrong"], str]


def _tags(text: str) -> dict[str, str]:
    return {name.lower(): value for name, value in TAGS.findall(text)}


def _judge_key(record: Record, found: list[str]) -> Verdict:
    said = [re.sub(r"\s+", "", _tags(text).get("p", "")) for text in found]
    if _tags(record.value)["p"] not in said:
        return "wrong", "revoked_key" if "" in said else "other_key"
    return ("good", "") if len(found) == 1 else ("wrong", "several")


def _judge_spf(record: Record, found: list[str]) -> Verdict:
    if len(found) > 1:
        return "wrong", "several"
    terms = found[0].lower().split()[1:]
    if "+all" in terms or "all" in terms:
        return "wrong", "lets_all"
    if sum(COSTLY.match(term) is not None for term in terms) > LOOK_UPS:
        return "wrong", "too_many_look_ups"
    lacking = [term for term in record.value.lower().split()[1:-1] if term not in terms]
    return ("weak", "lacks_sender") if lacking else ("good", "")


def _judge_dmarc(_record: Record, found: list[str]) -> Verdict:
    if len(found) > 1:
        return "wrong", "several"
    tags = _tags(found[0])
    if tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        return "wrong", "no_policy"
    percent = tags.get("pct", "100")
    if tags["p"].lower() == "none":
        return "good", "only_watches"
    return ("weak", "partly") if percent.isdigit() and int(percent) < PATCHY else ("good", "")


def _judge_mx(_record: Record, found: list[str]) -> Verdict:
    return ("wrong", "takes_no_mail") if any(text.split()[-1] in (".", "") for text in found) else ("good", "")


def _judge_return_path(record: Record, found: list[str]) -> Verdict:
    hosts = {text.split()[-1].rstrip(".").lower() for text in found}
    return ("good", "") if record.value.split()[-1].lower() in hosts else ("wrong", "goes_elsewhere")


def _judge_one(_record: Record, found: list[str]) -> Verdict:
    return ("good", "") if len(found) == 1 else ("wrong", "several")


_JUDGES = {
    "dkim": _judge_key,
    "dkim_ed25519": _judge_key,
    "spf": _judge_spf,
    "return_path_spf": _judge_spf,
    "dmarc": _judge_dmarc,
    "mx": _judge_mx,
    "return_path": _judge_return_path,
    "tls_rpt": _judge_one,
    "bimi": _judge_one,
}
