"""Mails of the kind that come back: notifications, complaints, odd bounces and answers by machines, each with what it is. `{ref}` is our Message-ID."""

from __future__ import annotations

from typing import NamedTuple

from hudhud.delivery.outcomes.types import Kind


class Animal(NamedTuple):
    """A mail and what it is; `kind` None: no report at all."""

    name: str
    kind: Kind | None
    mail: str
    rule: str = ""


HEAD = "From: MAILER-DAEMON@mx.a.example (Mail Delivery System)\nTo: bounce@b.example\nSubject: Undelivered Mail Returned to Sender\nDate: Sun, 1 Mar 2026 12:05:00 +0000\nMIME-Version: 1.0\n"


def dsn(
    status: str, *, action: str = "failed", diagnostic: str = "", returned: str = "message/rfc822", head: str = HEAD, more: str = ""
) -> str:
    """Write a notification as RFC 3464 says."""
    code = f"Diagnostic-Code: smtp; {diagnostic}\n" if diagnostic else ""
    return (
        f'{head}Content-Type: multipart/report; report-type=delivery-status; boundary="b"\nAuto-Submitted: auto-replied\n\n'
        f"--b\nContent-Type: text/plain\n\nThis is the mail system. Your message could not be delivered.\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.a.example\nArrival-Date: Sun, 1 Mar 2026 12:00:00 +0000\n\n"
        f"Final-Recipient: rfc822; ann@a.example\nAction: {action}\nStatus: {status}\n{code}{more}\n"
        f"--b\nContent-Type: {returned}\n\nMessage-ID: {{ref}}\nSubject: Spring\nTo: ann@a.example\n\nHi\n--b--\n"
    )


def plain(subject: str, text: str, head: str = "", sender: str = "MAILER-DAEMON@mx.a.example") -> str:
    """Write a mail of one part."""
    return f"From: {sender}\nTo: bounce@b.example\nSubject: {subject}\n{head}Date: Sun, 1 Mar 2026 12:05:00 +0000\n\n{text}\n"


def arf(fields: str, *, returned: str = "Message-ID: {ref}\nTo: [redacted]\n") -> str:
    """Write an abuse report as RFC 5965 says."""
    return (
        'From: fbl@provider.example\nTo: fbl@b.example\nSubject: FW: Spring\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n"
        f"--b\nContent-Type: message/feedback-report\n\n{fields}Version: 1\nUser-Agent: SomeGenerator/1.0\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{returned}\nHi\n--b--\n"
    )


AWAY = "I am out of the office until Monday.\n\n> Message-ID: {ref}\n"
QUOTED = "\n------ This is a copy of your message. ------\n\nReturn-path: <x@y>\nMessage-ID: {ref}\nSubject: Spring\n"

ZOO = [
    Animal(
        "postfix_unknown",
        Kind.HARD_BOUNCE,
        dsn("5.1.1", diagnostic="550 5.1.1 <ann@a.example>: Recipient address rejected: User unknown"),
        "status_5.1.1",
    ),
    Animal(
        "exchange_headers_only",
        Kind.HARD_BOUNCE,
        dsn("5.1.10", diagnostic="550 5.1.10 RESOLVER.ADR.RecipientNotFound", returned="text/rfc822-headers"),
    ),
    Animal("gmail_disabled", Kind.HARD_BOUNCE, dsn("5.2.1", diagnostic="550-5.2.1 The email account that you tried to reach is inactive.")),
    Animal("gmail_full", Kind.MAILBOX_FULL, dsn("5.2.2", diagnostic="552-5.2.2 The recipient's inbox is out of storage space")),
    Animal("edge_blocking", Kind.HARD_BOUNCE, dsn("5.4.1", diagnostic="550 5.4.1 Recipient address rejected: Access denied")),
    Animal("no_such_domain", Kind.HARD_BOUNCE, dsn("5.1.2", diagnostic="550 Host unknown")),
    Animal(
        "nxdomain_postfix",
        Kind.HARD_BOUNCE,
        dsn("5.4.4", diagnostic="550 Host or domain name not found. Name service error for name=a.example type=AAAA: Host not found"),
    ),
    Animal("spam_block", Kind.BLOCK, dsn("5.7.1", diagnostic="550 5.7.1 Message rejected due to content")),
    Animal(
        "dmarc_block",
        Kind.BLOCK,
        dsn("5.7.26", diagnostic="550-5.7.26 Unauthenticated email from b.example is not accepted due to domain's DMARC policy"),
    ),
    Animal("gave_up", Kind.SOFT_BOUNCE, dsn("4.4.1", diagnostic="451 4.4.1 connection timed out")),
    Animal("gave_up_full", Kind.MAILBOX_FULL, dsn("4.2.2", diagnostic="452 4.2.2 Mailbox full")),
    Animal(
        "delayed", Kind.DEFERRED, dsn("4.4.1", action="delayed", more="Will-Retry-Until: Thu, 5 Mar 2026 12:00:00 +0000\n"), "dsn_delayed"
    ),
    Animal("delivered", Kind.DELIVERED, dsn("2.1.5", action="delivered")),
    Animal("relayed", Kind.DELIVERED, dsn("2.0.0", action="relayed")),
    Animal("expanded", Kind.DELIVERED, dsn("2.0.0", action="expanded")),
    Animal(
        "forwarded",
        Kind.HARD_BOUNCE,
        dsn("5.1.1", diagnostic="550 no such user", more="Original-Recipient: rfc822;ann@a.example\nX-Forwarded-To: other@c.example\n"),
    ),
    Animal("commented_action", Kind.HARD_BOUNCE, dsn("5.1.1 (user unknown)", action="failed (gone)")),
    Animal("no_action", Kind.HARD_BOUNCE, dsn("5.1.1").replace("Action: failed\n", "")),
    Animal("utf8_status", Kind.HARD_BOUNCE, dsn("5.1.1").replace("message/delivery-status", "message/global-delivery-status")),
    Animal("too_large", Kind.SOFT_BOUNCE, dsn("5.2.3", diagnostic="552 5.2.3 message size exceeds limit")),
    Animal(
        "alias_partly",
        Kind.DELIVERED,
        dsn("5.1.1", more="\nFinal-Recipient: rfc822; bob@a.example\nAction: relayed\nStatus: 2.0.0\n"),
    ),
    Animal("arf_abuse", Kind.COMPLAINT, arf("Feedback-Type: abuse\n")),
    Animal(
        "arf_redacted",
        Kind.COMPLAINT,
        arf(
            "Feedback-Type: abuse\nOriginal-Rcpt-To: redacted@redacted.invalid\n",
            returned="Message-ID: {ref}\nTo: redacted@redacted.invalid\n",
        ),
    ),
    Animal("arf_fraud", Kind.COMPLAINT, arf("Feedback-Type: fraud\n")),
    Animal("arf_not_spam", Kind.UNKNOWN, arf("Feedback-Type: not-spam\n")),
    Animal("arf_authentication", Kind.UNKNOWN, arf("Feedback-Type: auth-failure\n")),
    Animal("arf_opt_out", Kind.UNSUBSCRIBED, arf("Feedback-Type: opt-out\n")),
    Animal("vacation", Kind.AUTO_REPLY, plain("Re: Spring", AWAY, "Auto-Submitted: auto-replied\nIn-Reply-To: {ref}\n", "ann@a.example")),
    Animal("vacation_without_word", Kind.AUTO_REPLY, plain("Out of Office: Spring", AWAY, "References: <a@b> {ref}\n", "ann@a.example")),
    Animal(
        "exchange_away",
        Kind.AUTO_REPLY,
        plain("Automatic reply: Spring", AWAY, "X-Auto-Response-Suppress: All\nIn-Reply-To: {ref}\n", "ann@a.example"),
    ),
    Animal("estonian_away", Kind.AUTO_REPLY, plain("Automaatvastus: Spring", "Olen puhkusel", "In-Reply-To: {ref}\n", "ann@a.example")),
    Animal(
        "away_speaks_of_mailboxes",
        Kind.AUTO_REPLY,
        plain(
            "Auto reply", "My mailbox is full, user unknown, I left.", "Auto-Submitted: auto-replied\nIn-Reply-To: {ref}\n", "ann@a.example"
        ),
    ),
    Animal(
        "exim",
        Kind.HARD_BOUNCE,
        plain(
            "Mail delivery failed: returning message to sender",
            "A message that you sent could not be delivered to one or more of its recipients.\nThis is a permanent error. The following address(es) failed:\n\n  ann@a.example\n    host mx.a.example [1.2.3.4]\n    SMTP error from remote mail server after RCPT TO:<ann@a.example>:\n    550 5.1.1 User unknown"
            + QUOTED,
            "X-Failed-Recipients: ann@a.example\n",
        ),
    ),
    Animal(
        "qmail",
        Kind.HARD_BOUNCE,
        plain(
            "failure notice",
            "Hi. This is the qmail-send program at a.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@a.example>:\n550 5.1.1 sorry, no mailbox here by that name\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <x@y>\nMessage-ID: {ref}\nSubject: Spring\n",
        ),
    ),
    Animal(
        "person_answers",
        None,
        plain("Re: Spring", "Thanks! Is my user account still unknown to you?\n", "In-Reply-To: {ref}\n", "ann@a.example"),
    ),
    Animal("newsletter", None, plain("Our news", "Buy!", "List-Id: <x>\n", "shop@c.example")),
    Animal("empty", None, "\n"),
]
