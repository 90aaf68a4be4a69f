"""How allauth is bent to our rules: no open sign-up, TOTP secrets encrypted at rest."""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.core.mail.backends.base import BaseEmailBackend

from hudhud.app.wiring import wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.mail import EmailMessage
    from django.http import HttpRequest

log = structlog.get_logger()


class NoMail(BaseEmailBackend):
    """Without an SMTP server no mail goes to users; not into the built-in mailbox either, where colleagues would read each other's reset links."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Say in the log what to do instead."""
        for message in email_messages:
            log.warning("user_mail_not_sent", to=", ".join(message.to), remedy="set HUDHUD_SMTP_URL, or use `hudhud owner password`")
        return 0


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Users come by first-run setup, by an admin or by the command line, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- allauth's signature
        """Refuse to sign strangers up."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the edge saw (waitress took it from `X-Forwarded-For`); without an edge, our own."""
        address = str(request.META.get("REMOTE_ADDR", ""))
        return "127.0.0.1" if address in ("", "localhost") else address


@lru_cache(maxsize=1)
def _cipher() -> MultiFernet:
    secrets = wiring().keys.secrets
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hmac.digest(secret, b"mfa", "sha256"))) for secret in secrets])


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; who reads the database does not get them."""

    def encrypt(self, text: str) -> str:
        """Encrypt a TOTP secret or recovery seed with the newest signing key."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt with any key that is still listed."""
        return _cipher().decrypt(encrypted_text.encode()).decode()
