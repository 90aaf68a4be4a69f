"""What came by mail: delivery status notifications (RFC 3464), abuse reports (RFC 5965), odd bounces, and what answers by itself (RFC 3834).

Whom it is about is told by our return path (VERP) in the envelope, or by our Message-ID in what was returned; never by an address in the text. All of
it is bounded: bytes, parts, depth, and how much of each part is looked at.
"""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

import structlog
from flufl.bounce import all_failures

from hudhud.delivery.outcomes.types import MOST_RAW, Evidence, Kind, Read, Report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

log = structlog.get_logger()
SOURCE = "mail"
MOST_BYTES = 2 * 1024 * 1024
MOST_PARTS, MOST_DEPTH, MOST_TEXT, MOST_FIELDS = 200, 12, 20_000, 200
# Who answers by machine says so (RFC 3834 5; the others are what is in use besides).
AUTO = re.compile(r"auto-(replied|generated)", re.IGNORECASE)
REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-response-suppress")
AWAY = re.compile(
    r"\b(out of (the )?office|vacation|auto(matic|mated)?[ -]?(reply|response|answer)|away from (my|the) (mail|office|desk)|abwesenheit|absence du bureau|automaatvastus)\b",
    re.IGNORECASE,
)
ODD_SENDER = re.compile(r"\b(mailer-daemon|postmaster|mail delivery (sub)?system)\b", re.IGNORECASE)
BROKEN_POLICY = email.policy.compat32
# A boundary is a line that begins with two hyphens: a mail with more of them than parts that we look at is not taken apart at all.
BOUNDARY = re.compile(rb"^--", re.MULTILINE)
MOST_BOUNDARIES = 2_000


def read_mail(body: bytes, recipient: str, received_at: datetime) -> Read:
    """Read one mail; `recipient` is whom the envelope named. What says nothing of a message is no report and no problem."""
    if len(body) > MOST_BYTES or len(BOUNDARY.findall(body)) > MOST_BOUNDARIES:
        return Read(problems=["the mail is too large to be read"])
    try:
        mail = email.message_from_bytes(body, policy=BROKEN_POLICY)
        parts = list(_walk(mail))
        return Read(_reports(mail, parts, recipient, received_at, _fingerprint(body)))
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        return Read(problems=[f"not read: {type(error).__name__}: {error}"[:300]])


def _fingerprint(body: bytes) -> str:
    return blake2b(body, digest_size=12).hexdigest()


def _walk(mail: Message) -> Iterator[Message]:
    """Yield the parts in their order, up to so many and so deep."""
    waiting, count = [(mail, 0)], 0
    while waiting and count < MOST_PARTS:
        part, depth = waiting.pop(0)
        count += 1
        yield part
        payload = part.get_payload()
        if isinstance(payload, list) and depth < MOST_DEPTH:
            waiting[:0] = [(one, depth + 1) for one in payload if isinstance(one, Message)]


def _reports(mail: Message, parts: list[Message], recipient: str, received_at: datetime, key: str) -> list[Report]:
    tokens = (recipient, *_ids(parts))
    at = _date(mail) or received_at
    raw = _shown(mail, parts)
    if feedback := next((part for part in parts if part.get_content_type() == "message/feedback-report"), None):
        return [_complaint(feedback, parts, (key, at, tokens, raw))]
    status = next(
        (part for part in parts if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")), None
    )
    if status is not None and (found := _from_status(status, (key, at, tokens, raw))):
        return found
    if _answers_itself(mail, parts):
        return [Report(SOURCE, key, Evidence(text=_head(mail, "Subject"), is_reply=True), at, tokens, raw=raw)]
    return _odd(mail, parts, (key, at, tokens, raw))


def _from_status(status: Message, common: tuple[str, datetime, tuple[str, ...], str]) -> list[Report]:
    """One report for each recipient that the notification names (RFC 3464 2.3); the first group of fields is about the message."""
    key, at, tokens, raw = common
    found = []
    for number, fields in enumerate(_groups(status)):
        action = _head(fields, "Action").partition(";")[0].partition(" ")[0]
        if not action and not _head(fields, "Status"):
            continue
        evidence = Evidence(
            text=_typed(_head(fields, "Diagnostic-Code")),
            status=_head(fields, "Status"),
            action=action or "failed",
        )
        address = _typed(_head(fields, "Original-Recipient") or _head(fields, "Final-Recipient"))
        found.append(Report(SOURCE, f"{key}:{number}", evidence, at, tokens, address, raw))
    # Our mails have one recipient each: where the notification names several (an alias that was expanded), one that failed while another arrived is no bounce of ours.
    arrived = [one for one in found if one.evidence.action.lower() in ("delivered", "relayed", "expanded")]
    return arrived[:1] or found[:1]


def _groups(status: Message) -> list[Message]:
    """The groups of fields: as parts that the parser made of them, or within a text."""
    payload = status.get_payload()
    known = [one for one in payload[:MOST_PARTS] if isinstance(one, Message)] if isinstance(payload, list) else []
    if len(known) > 1:
        return known
    # The parser knows the groups of one type only; those of its sister are the body of the first.
    blocks = re.split(r"\r?\n\s*\r?\n", "\n\n".join(map(_text, known)) if known else _text(status))
    return [*known, *_parsed(blocks)]


def _parsed(blocks: list[str]) -> list[Message]:
    return [email.message_from_string(block.strip() + "\n\n", policy=BROKEN_POLICY) for block in blocks[:MOST_PARTS] if block.strip()]


def _complaint(feedback: Message, parts: list[Message], common: tuple[str, datetime, tuple[str, ...], str]) -> Report:
    """An abuse report; "not-spam" is the opposite of one, and others (auth-failure, virus) are about us (RFC 5965 3.1, 7.3)."""
    key, at, tokens, raw = common
    fields = feedback
    payload = feedback.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        fields = payload[0]
    elif not _head(fields, "Feedback-Type"):
        fields = email.message_from_string(_text(feedback).strip() + "\n\n", policy=BROKEN_POLICY)
    kind = _head(fields, "Feedback-Type").strip().lower()
    said = Kind.COMPLAINT if kind in ("abuse", "fraud", "") else Kind.UNSUBSCRIBED if kind in ("opt-out", "opt-out-list") else Kind.UNKNOWN
    texts = (*tokens, _head(fields, "Original-Mail-From"), *_ids(parts))
    return Report(SOURCE, key, Evidence(text=f"{kind} by {_head(fields, 'User-Agent')}", said=said), at, texts, raw=raw)


def _answers_itself(mail: Message, parts: list[Message]) -> bool:
    """Say whether a machine answers for a person: it says so, or it sounds so and returns nothing of ours."""
    if AUTO.search(_head(mail, "Auto-Submitted")) and not any(part.get_content_type() == "multipart/report" for part in parts):
        return True
    if any(mail.get(name) is not None for name in REPLY_HEADERS) or _head(mail, "Precedence").strip().lower() == "auto_reply":
        return True
    return AWAY.search(_head(mail, "Subject")) is not None


def _odd(mail: Message, parts: list[Message], common: tuple[str, datetime, tuple[str, ...], str]) -> list[Report]:
    """Bounces of no standard's form: what flufl.bounce knows, and what a postmaster wrote. A person's answer is none."""
    key, at, tokens, raw = common
    temporary, permanent = _known_form(mail)
    text = next((_text(part) for part in parts if part.get_content_type() == "text/plain"), "")
    if permanent or temporary:
        evidence = Evidence(text=_reply_in(text), action="failed" if permanent else "delayed")
    elif ODD_SENDER.search(_head(mail, "From")):
        evidence = Evidence(text=_reply_in(text), action="failed" if _reply_in(text) else "")
    else:
        return []
    return [Report(SOURCE, key, evidence, at, tokens, raw=raw)]


def _known_form(mail: Message) -> tuple[object, object]:
    """Ask flufl.bounce; it expects a sender, and a mail that is mauled may break one of its detectors."""
    try:
        return all_failures(mail) if mail.get("From") else ((), ())
    except (AttributeError, LookupError, TypeError, ValueError):
        log.info("reports.odd_mail_not_read")
        return (), ()


# Where a server's reply is quoted: best with its status, then with its code, then a line that speaks of a mailbox.
REPLIES = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"\b[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b[^\n]{0,300}",
        r"\b5\d\d[ -][^\n]{5,300}",
        r"^.{0,80}\b(?:user|mailbox|quota)\b[^\n]{0,200}",
    )
)


def _reply_in(text: str) -> str:
    """Return the line in which a server's reply is quoted, else an empty text."""
    found = next(filter(None, (pattern.search(text[:MOST_TEXT]) for pattern in REPLIES)), None)
    return found[0].strip() if found else ""


def _ids(parts: list[Message]) -> tuple[str, ...]:
    """Texts in which our Message-ID may stand: the head of what was returned, and what refers to it. Of the mail's own head only what refers."""
    texts = []
    for number, part in enumerate(parts):
        if number:
            texts += [_head(part, "Message-ID"), _head(part, "Return-Path")]
        texts += [
            _head(part, "In-Reply-To"),
            *re.findall(r"<[^<>]{10,300}>", _head(part, "References"))[-3:],
            _head(part, "X-Failed-Message-ID"),
        ]
        if number and part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers", "text/plain", "message/rfc822"):
            texts += re.findall(r"^\s*(?:>\s*)?message-id:\s*(<[^<>\s]{10,300}>)", _text(part), re.IGNORECASE | re.MULTILINE)[:3]
    if len(parts) == 1:
        texts += re.findall(r"^\s*(?:>\s*)?message-id:\s*(<[^<>\s]{10,300}>)", _text(parts[0]), re.IGNORECASE | re.MULTILINE)[:3]
    return tuple(text for text in texts if text)[:MOST_FIELDS]


def _text(part: Message) -> str:
    """Return the beginning of a part's text, decoded as well as it can be."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        payload = part.get_payload()
        return payload[:MOST_TEXT] if isinstance(payload, str) else ""
    try:
        return payload[: MOST_TEXT * 4].decode(part.get_content_charset() or "utf-8", "replace")[:MOST_TEXT]
    except LookupError:
        return payload[:MOST_TEXT].decode("utf-8", "replace")


def _head(part: Message, name: str) -> str:
    return str(part.get(name) or "")[:2_000]


def _typed(value: str) -> str:
    """Take the type off `rfc822; ann@example.com` and `smtp; 550 …`."""
    kind, mark, rest = value.partition(";")
    return rest.strip() if mark and kind.strip().replace("-", "").isalnum() else value.strip()


def _date(mail: Message) -> datetime | None:
    try:
        found = parsedate_to_datetime(_head(mail, "Date"))
    except (ValueError, TypeError, IndexError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _shown(mail: Message, parts: list[Message]) -> str:
    """Return what is kept of a mail: its head, and the beginnings of the parts that tell."""
    head = "\n".join(f"{name}: {str(value)[:500]}" for name, value in mail.items()[:40])
    told = [
        _text(part) for part in parts if part.get_content_type() in ("text/plain", "message/delivery-status", "message/feedback-report")
    ]
    status = [str(part)[:2_000] for part in parts if part.get_content_type() in ("message/delivery-status", "message/feedback-report")]
    return "\n\n".join([head, *(one[:3_000] for one in (*told[:2], *status[:1]) if one)])[:MOST_RAW]
