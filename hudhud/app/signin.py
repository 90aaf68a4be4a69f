"""How allauth is bent to our rules: no open sign-up, TOTP secrets encrypted at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from hudhud.app.user_mail import reset_mail, send_aside
from hudhud.app.wiring import wiring
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Users come by first-run setup, by an admin or by the command line, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- allauth's signature
        """Refuse to sign strangers up."""
        return False

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, str]) -> None:  # noqa: ARG002 -- allauth's signature
        """Send the link in the language of the request."""
        send_aside(reset_mail(email, context["password_reset_url"], settings.PASSWORD_RESET_TIMEOUT // 3600))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the edge saw (waitress took it from `X-Forwarded-For`); without an edge, our own."""
        address = str(request.META.get("REMOTE_ADDR", ""))
        return "127.0.0.1" if address in ("", "localhost") else address


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; who reads the database does not get them."""

    def encrypt(self, text: str) -> str:
        """Encrypt a TOTP secret or recovery seed with the newest signing key."""
        return cipher(wiring().keys, "mfa").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt with any key that is still listed."""
        return cipher(wiring().keys, "mfa").decrypt(encrypted_text.encode()).decode()
