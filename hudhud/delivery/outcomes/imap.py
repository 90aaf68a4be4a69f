"""Mails that come back into a mailbox of the operator's, fetched by IMAP (RFC 9051). What was kept is marked as seen, and stays there."""

from __future__ import annotations

import email
import imaplib
import re
import ssl
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import structlog

from hudhud.delivery.outcomes.inbound import MAIL, keep_mails
from hudhud.delivery.outcomes.mails import MOST_BYTES
from hudhud.delivery.outcomes.types import ReportBody

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Database

log = structlog.get_logger()
CONNECT_S = 30.0
IMAP_PORT, IMAPS_PORT = 143, 993
MOST_A_LOOK = 200
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
# Where servers note whom the envelope named.
ENVELOPE = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
FAILURES = (imaplib.IMAP4.error, OSError, ValueError)


def fetch(db: Database, url: str, now: datetime) -> int:
    """Keep what has not been seen yet, so many at most, and mark it as seen; return how many. Raises what `FAILURES` names."""
    parts = urlsplit(url)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    with _connect(parts.scheme == "imaps", parts.hostname or "", parts.port) as box:
        box.login(unquote(parts.username or ""), unquote(parts.password or ""))
        box.select(_quoted(folder))
        _, found = box.uid("SEARCH", "UNSEEN")
        return sum(_take(db, box, uid, now) for uid in (found[0] or b"").split()[:MOST_A_LOOK])


def _connect(is_tls: bool, host: str, port: int | None) -> imaplib.IMAP4:  # noqa: FBT001 -- what the URL's scheme says
    if is_tls:
        return imaplib.IMAP4_SSL(host, port or IMAPS_PORT, ssl_context=ssl.create_default_context(), timeout=CONNECT_S)
    return imaplib.IMAP4(host, port or IMAP_PORT, timeout=CONNECT_S)


def _take(db: Database, box: imaplib.IMAP4, uid: bytes, now: datetime) -> bool:
    """Keep one mail, then mark it: killed between the two it comes again, and is the same row."""
    name = uid.decode("ascii")
    _, told = box.uid("FETCH", name, "(RFC822.SIZE)")
    size = SIZE.search(told[0] if told and isinstance(told[0], bytes) else b"")
    if size is None or int(size[1]) > MOST_BYTES:
        log.warning("inbound.mail_too_large", bytes=int(size[1]) if size else None)
    else:
        _, data = box.uid("FETCH", name, "(BODY.PEEK[])")
        body = next((part[1] for part in data if isinstance(part, tuple)), b"")
        if not body or not keep_mails(db, [ReportBody(0, 0, MAIL, body, recipient_of(body))], now):
            return False
    box.uid("STORE", name, "+FLAGS", r"(\Seen)")
    return True


def recipient_of(body: bytes) -> str:
    """Return whom the envelope named, as far as a server has noted it in the head."""
    head = email.message_from_bytes(body[:65_536].partition(b"\n\n")[0] + b"\n\n")
    return next((str(head[name]).strip()[:320] for name in ENVELOPE if head.get(name)), "")


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
