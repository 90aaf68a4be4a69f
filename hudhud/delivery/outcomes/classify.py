"""One classifier for all that is said about a mail: replies of SMTP servers, providers' webhooks, mails of DSN and ARF.

What is certain decides first: that a machine answers for somebody, a provider's own vocabulary, the action of a DSN; then the enhanced status
(RFC 3463 and IANA's registry), then the reply's code (RFC 5321 4.2), and words last. Words never take back what a specific status says, except
where servers are known to mean something else by that status (`MEANT`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hudhud.delivery.outcomes.types import FAILED, Evidence, Kind, Verdict

STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
CODE = re.compile(r"(?<![\d.])([245]\d\d)[ -]")

# Detail of a permanent status → what it means. What is not here is decided by words, then by the class.
PERMANENT: dict[str, Kind] = {
    "1.1": Kind.HARD_BOUNCE,  # bad destination mailbox
    "1.2": Kind.HARD_BOUNCE,  # bad destination system
    "1.3": Kind.HARD_BOUNCE,  # bad syntax
    "1.4": Kind.SOFT_BOUNCE,  # ambiguous
    "1.6": Kind.HARD_BOUNCE,  # moved, no forwarding
    "1.7": Kind.BLOCK,  # sender's address
    "1.8": Kind.BLOCK,
    "1.10": Kind.HARD_BOUNCE,  # null MX (RFC 7505)
    "2.1": Kind.HARD_BOUNCE,  # disabled
    "2.2": Kind.MAILBOX_FULL,
    "2.3": Kind.SOFT_BOUNCE,  # too long for this mailbox
    "2.4": Kind.SOFT_BOUNCE,
    "3.1": Kind.SOFT_BOUNCE,
    "3.2": Kind.SOFT_BOUNCE,
    "3.4": Kind.SOFT_BOUNCE,
    "4.1": Kind.SOFT_BOUNCE,
    "4.4": Kind.SOFT_BOUNCE,
    "4.6": Kind.SOFT_BOUNCE,
    "4.7": Kind.SOFT_BOUNCE,  # tried until its time was over
    "6.0": Kind.BLOCK,
    "6.1": Kind.BLOCK,
}
NOBODY = (
    r"(user|mailbox|recipient|account|address|addressee)\b.{0,40}\b(unknown|not found|does ?n[o']t exist|no longer|disabled|invalid|inactive|rejected: (?:user|access))"
    r"|(no such|unknown|invalid|non-?existent) (user|mailbox|recipient|address|account|person)|\bno mailbox (here )?by that name|\buser doesn't have a .{1,40} account"
)
FULL = r"(mail ?box|inbox|account|quota|storage)\b.{0,30}\b(is )?(full|exceeded|over ?quota|out of storage)|\bover ?quota|\bexceeded .{0,30}quota|insufficient (disk|system) (space|storage)"
POLICY = (
    r"\bspam\b|\bspamhaus|\bblock(ed|list)|\bblack ?list|\bdnsbl|\brbl\b|\breputation|\bpolicy|\bunsolicited|\bdmarc\b|\bspf\b|\bdkim\b|\bauthenticat|\babus"
    r"|\bgr[ea]y ?list|\brate limit|\btoo many (connections|messages|recipients)|\bbulk mail|\bvirus|\bmalware|\bbanned|\bnot allowed|\brelay(ing)? (access )?denied"
)
GONE_PLACE = r"(domain|host|name).{0,40}(not found|does ?n[o']t exist|unknown|nxdomain|no such)|\bname service error|\bunrouteable|\bno mx\b|\bnull mx"


class Words(NamedTuple):
    """Words that mean something."""

    rule: str
    pattern: re.Pattern[str]
    kind: Kind


# In this order: "mailbox full" would be a mailbox that is "not available".
WORDS = tuple(
    Words(rule, re.compile(pattern, re.IGNORECASE), kind)
    for rule, pattern, kind in (
        ("text_full", FULL, Kind.MAILBOX_FULL),
        ("text_policy", POLICY, Kind.BLOCK),
        ("text_nobody", NOBODY, Kind.HARD_BOUNCE),
        ("text_no_such_place", GONE_PLACE, Kind.HARD_BOUNCE),
    )
)
# Servers in wide use that mean something else by a status: the status and the words together are theirs alone.
MEANT = tuple(
    Words(rule, re.compile(pattern, re.IGNORECASE), kind)
    for rule, pattern, kind in (
        ("5.4.1_edge_blocking", r"^5\.4\.1\0.*recipient address rejected", Kind.HARD_BOUNCE),  # Exchange Online
        ("5.5.0_unavailable", r"^5\.5\.0\0.*mailbox unavailable", Kind.HARD_BOUNCE),  # Outlook.com
        ("5.4.4_no_such_host", rf"^5\.4\.4\0.*(?:{GONE_PLACE})", Kind.HARD_BOUNCE),  # Postfix
        ("5.4.4_null_mx", r"^5\.4\.4\0.*null mx", Kind.HARD_BOUNCE),
        ("5.2.0_full", rf"^5\.2\.0\0.*(?:{FULL})", Kind.MAILBOX_FULL),
    )
)
# Replies that may be about the recipient; of a refused MAIL or greeting the recipient never heard.
ABOUT_RECIPIENT = frozenset({"", "RCPT", "DATA", "DOT"})
NO_MAILBOX = frozenset({550, 551, 553})
FULL_CODE = 552
LONGEST_READ = 4_000


def classify(evidence: Evidence) -> Verdict:
    """Say what a report means and by which rule. Never raises; the same evidence gives the same answer."""
    if certain := _certain(evidence):
        return certain
    text = evidence.text[:LONGEST_READ]
    status, code = status_of(evidence), code_of(evidence)
    if evidence.said is Kind.HARD_BOUNCE:
        return _as_said(status, text)
    if _is_not_about_recipient(evidence, status, code):
        return Verdict(Kind.BLOCK, f"refused_at_{evidence.verb.lower()}")
    gave_up = evidence.action.strip().lower() == "failed" or evidence.said is not None
    return (_by_status(status, text, gave_up=gave_up) if status else None) or _by_code(code, text, evidence, gave_up=gave_up)


def _certain(evidence: Evidence) -> Verdict | None:
    """What needs no reading: an answer by a machine, a provider's plain word, a DSN that is no failure."""
    if evidence.is_reply:
        return Verdict(Kind.AUTO_REPLY, "auto_reply")
    if evidence.said is not None and evidence.said not in FAILED:
        return Verdict(evidence.said, "provider_word" if evidence.said is not Kind.UNKNOWN else "unknown_word")
    action = evidence.action.strip().lower()
    if action in ("delayed", "delivered", "relayed", "expanded"):
        return Verdict(Kind.DEFERRED if action == "delayed" else Kind.DELIVERED, f"dsn_{action}")
    return None


def status_of(evidence: Evidence) -> str:
    """Return the enhanced status: as it was given, else as the text begins with it (after the code)."""
    found = STATUS.search(evidence.status) or STATUS.match(CODE.sub("", evidence.text[:200].lstrip(), count=1).lstrip())
    return f"{found[1]}.{int(found[2])}.{int(found[3])}" if found else ""


def code_of(evidence: Evidence) -> int | None:
    """Return the code of SMTP: as it was given, else as the text begins with it."""
    if evidence.code is not None:
        return evidence.code
    found = CODE.match(evidence.text[:200].lstrip())
    return int(found[1]) if found else None


def _as_said(status: str, text: str) -> Verdict:
    """A provider that says "permanent" may mean a block or a full mailbox: its report's own status tells, if there is a specific one."""
    known = PERMANENT.get(status[2:]) if status.startswith("5") else None
    if status.startswith("5.7.") and known is None and not _nobody(text):
        return Verdict(Kind.BLOCK, f"status_{status}")
    if known is not None and known is not Kind.HARD_BOUNCE:
        return _meant(status, text) or Verdict(known, f"status_{status}")
    return Verdict(Kind.HARD_BOUNCE, f"status_{status}" if known else "provider_word")


def _nobody(text: str) -> bool:
    return any(words.pattern.search(text) for words in WORDS if words.rule == "text_nobody")


def _meant(status: str, text: str) -> Verdict | None:
    joined = f"{status}\0{' '.join(text.split())}"
    return next((Verdict(one.kind, one.rule) for one in MEANT if one.pattern.search(joined)), None)


def _is_not_about_recipient(evidence: Evidence, status: str, code: int | None) -> bool:
    is_permanent = status.startswith("5") or (not status and code is not None and code >= 500)  # noqa: PLR2004 -- the classes of RFC 5321
    return is_permanent and evidence.verb not in ABOUT_RECIPIENT


def _by_status(status: str, text: str, *, gave_up: bool) -> Verdict | None:
    rule = f"status_{status}"
    if status.startswith("2"):
        return None if gave_up else Verdict(Kind.DELIVERED, rule)
    if status.startswith("4"):
        return _gave_up(status, text, rule) if gave_up else Verdict(Kind.DEFERRED, rule)
    if meant := _meant(status, text):
        return meant
    kind = PERMANENT.get(status[2:]) or (Kind.BLOCK if status.startswith("5.7.") else None)
    return Verdict(kind, rule) if kind else None


def _gave_up(status: str, text: str, rule: str) -> Verdict:
    """Somebody has tried for days: it is not a delay any more."""
    if status == "4.2.2":
        return Verdict(Kind.MAILBOX_FULL, rule)
    if status.startswith("4.7."):
        return Verdict(Kind.BLOCK, rule)
    words = _by_words(text, may_be_hard=False)
    return words or Verdict(Kind.SOFT_BOUNCE, rule)


def _by_code(code: int | None, text: str, evidence: Evidence, *, gave_up: bool) -> Verdict:
    is_permanent = gave_up or (code is not None and code >= 500)  # noqa: PLR2004 -- the classes of RFC 5321
    if not is_permanent:
        return _unfinished(code)
    if code == FULL_CODE and evidence.verb == "RCPT":
        return Verdict(Kind.MAILBOX_FULL, "code_552")
    # At the end of the content a server speaks of the content.
    may_be_hard = evidence.verb not in ("DATA", "DOT") and (code in NO_MAILBOX or (code is None and gave_up))
    said = Verdict(evidence.said, "provider_word") if evidence.said is not None else None
    return (
        _by_words(text, may_be_hard=may_be_hard) or said or Verdict(Kind.SOFT_BOUNCE, f"code_{code}" if code else "failed_without_reason")
    )


def _unfinished(code: int | None) -> Verdict:
    if code is None:
        return Verdict(Kind.UNKNOWN, "nothing_known")
    return Verdict(Kind.DEFERRED if code >= 400 else Kind.DELIVERED, f"code_{code}")  # noqa: PLR2004


def _by_words(text: str, *, may_be_hard: bool) -> Verdict | None:
    for words in WORDS:
        if words.pattern.search(text):
            if words.kind is Kind.HARD_BOUNCE and not may_be_hard:
                return None
            return Verdict(words.kind, words.rule)
    return None
