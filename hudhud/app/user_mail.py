"""Mail to users (a forgotten password): their language, the configured SMTP server; people's mail goes through `delivery`."""

from __future__ import annotations

import json
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import TYPE_CHECKING, Any

import structlog
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import get_language

if TYPE_CHECKING:
    from collections.abc import Sequence

log = structlog.get_logger()
TEXTS: dict[str, dict[str, str]] = json.loads(resources.files("hudhud.app").joinpath("user_mail.json").read_text("utf-8"))


def reset_mail(email: str, url: str, hours: int) -> EmailMessage:
    """Write the mail with the link to a new password, in the language of the request."""
    text = TEXTS.get((get_language() or "en").partition("-")[0], TEXTS["en"])
    return EmailMessage(text["subject"], text["text"].format(url=url, hours=hours), to=[email])


_aside = ThreadPoolExecutor(1, "user-mail")


def send_aside(message: EmailMessage) -> None:
    """Send it while the answer goes out: how long that takes would tell a stranger who has an account, and a slow server would hold a thread."""
    _aside.submit(_send, message)


def _send(message: EmailMessage) -> None:
    """Nobody waits for the answer: whatever goes wrong is for the log."""
    try:
        message.send()
    except Exception:
        log.exception("user_mail_failed")


class NoMail(BaseEmailBackend):
    """Without an SMTP server no mail goes to users; not into the built-in mailbox either, where colleagues would read each other's reset links."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Say in the log what to do instead."""
        for message in email_messages:
            log.warning("user_mail_not_sent", to=", ".join(message.to), remedy="set HUDHUD_SMTP_URL, or use `hudhud owner password`")
        return 0


class _Line(smtplib.SMTP):
    """A line that is encrypted as soon as the server offers it, as those of `delivery` are."""

    def __init__(self, host: str, port: int, **options: Any) -> None:  # noqa: ANN401 -- smtplib's own
        """Connect and encrypt."""
        super().__init__(host, port, **options)
        self.ehlo_or_helo_if_needed()
        if self.has_extn("starttls"):
            self.starttls(context=ssl.create_default_context())


class SmtpMail(EmailBackend):
    """The configured server: `smtp://` (STARTTLS when offered) or `smtps://`. A server that is down is noted, never told to strangers."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """How to talk to the server."""
        return smtplib.SMTP_SSL if self.use_ssl else _Line

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Hand the messages over; what fails stands in the log."""
        try:
            return super().send_messages(email_messages) or 0
        except OSError as error:
            log.warning("user_mail_failed", error=str(error), remedy="check HUDHUD_SMTP_URL")
            return 0
