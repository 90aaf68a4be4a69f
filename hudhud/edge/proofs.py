"""Does this body come from the provider that its address was given to? One proof for each; of those that sign nothing it is the address alone.

SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. Mailgun: HMAC-SHA256 of timestamp and token. SendGrid: ECDSA over
P-256 of timestamp and body. Resend: Standard Webhooks 1.0. MailerSend: HMAC-SHA256 of the body. What proves itself and is old is refused where the
proof carries a time; what is repeated within that time changes nothing, as each report counts once.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hudhud.delivery.outcomes.types import is_amazon
from hudhud.edge.signature import check
from hudhud.hooks.types import Signature
from hudhud.hooks.types import WrongSignature as Unproved

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    Fetch = Callable[[str], Awaitable[bytes]]

# Who does not get an answer tries again with the same proof: Mailgun for 8 hours, SendGrid for a day, SNS for less.
PATIENCE_S = {"mailgun": 9 * 3600, "sendgrid": 25 * 3600, "ses": 25 * 3600}
AHEAD_S = 300
CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem")
NOTICE = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
KINDS = {"Notification": NOTICE, "SubscriptionConfirmation": CONFIRMATION, "UnsubscribeConfirmation": CONFIRMATION}
NO_KEY = "Nobody has said yet what these bodies are signed with: enter the provider's signing key in Settings → Bounces and complaints."


def check_mailgun(secret: bytes, _headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise `Unproved` unless the body's own signature is right and not old."""
    signed = _object(_object(body).get("signature"))
    at, token, given = (str(signed.get(name) or "") for name in ("timestamp", "token", "signature"))
    _check_time("mailgun", at, now)
    if not hmac.compare_digest(given.encode(), hmac.digest(secret, f"{at}{token}".encode(), "sha256").hex().encode()):
        raise Unproved


def check_sendgrid(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise `Unproved` unless the holder of SendGrid's key has signed time and body."""
    at = headers.get("x-twilio-email-event-webhook-timestamp", "")
    _check_time("sendgrid", at, now)
    try:
        key = load_der_public_key(base64.b64decode(secret))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise Unproved("The verification key is no key of SendGrid's; copy it anew.")
        signature = base64.b64decode(headers.get("x-twilio-email-event-webhook-signature", ""), validate=True)
        key.verify(signature, at.encode() + body, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError, binascii.Error):
        raise Unproved from None


def check_mailersend(secret: bytes, headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    """Raise `Unproved` unless the body is signed with the webhook's secret."""
    given = headers.get("signature", "")
    if not hmac.compare_digest(given.encode(), hmac.digest(secret, body, "sha256").hex().encode()):
        raise Unproved


def check_resend(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise `Unproved` unless it is signed as Standard Webhooks say; Svix names the headers after itself."""
    named = {
        f"webhook-{name}": headers.get(f"svix-{name}") or headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    }
    check(Signature("standard"), secret, named, body, now)


BY_SECRET: dict[str, Callable[[bytes, Mapping[str, str], bytes, datetime], None]] = {
    "mailgun": check_mailgun,
    "sendgrid": check_sendgrid,
    "mailersend": check_mailersend,
    "resend": check_resend,
}


async def check_sns(topic: str, body: bytes, now: datetime, fetch: Fetch) -> None:
    """Raise `Unproved` unless it comes from our topic, signed with a certificate that Amazon itself hands out."""
    notice = _object(body)
    if not topic:
        raise Unproved("Enter the topic's ARN in Settings → Bounces and complaints first: only that topic may report here.")
    if notice.get("TopicArn") != topic:
        raise Unproved("This comes from another topic of SNS than the one that may report here.")
    _check_time("ses", str(notice.get("Timestamp") or ""), now)
    certificate = await _certificate(str(notice.get("SigningCertURL") or ""), now, fetch)
    key = certificate.public_key()
    version = str(notice.get("SignatureVersion") or "")
    try:
        if not isinstance(key, rsa.RSAPublicKey) or version not in ("1", "2"):
            raise Unproved
        signature = base64.b64decode(str(notice.get("Signature") or ""), validate=True)
        # Version 1 is Amazon's default to this day; it is theirs to choose.
        key.verify(signature, _signed_by_sns(notice), padding.PKCS1v15(), SHA1() if version == "1" else SHA256())  # noqa: S303
    except (InvalidSignature, ValueError, binascii.Error):
        raise Unproved from None


def _signed_by_sns(notice: Mapping[str, Any]) -> bytes:
    names = KINDS.get(str(notice.get("Type") or ""))
    if names is None:
        raise Unproved("This is none of the messages of SNS.")
    return "".join(f"{name}\n{notice[name]}\n" for name in names if isinstance(notice.get(name), str)).encode()


async def _certificate(url: str, now: datetime, fetch: Fetch) -> x509.Certificate:
    if not is_amazon(url) or not CERTIFICATE_PATH.fullmatch(urlsplit(url).path):
        raise Unproved("The certificate does not lie at Amazon's: this is forged.")
    try:
        certificate = x509.load_pem_x509_certificate(await fetch(url))
    except ValueError:
        raise Unproved("What lies there is no certificate.") from None
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Unproved("The certificate is out of date.")
    return certificate


def _check_time(kind: str, text: str, now: datetime) -> None:
    """Raise `Unproved` for what is older than its sender's patience: somebody sends again what was overheard."""
    try:
        at = float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else _iso(text, now)
    except (ValueError, OverflowError):
        raise Unproved("Its time cannot be read.") from None
    if not -AHEAD_S <= now.timestamp() - at <= PATIENCE_S[kind]:
        raise Unproved("Its time is too long ago, or ahead: what was signed once may not be sent again for ever. Check the clocks.")


def _iso(text: str, now: datetime) -> float:
    found = type(now).fromisoformat(text)
    return found.timestamp() if found.tzinfo else found.replace(tzinfo=now.tzinfo).timestamp()


def _object(body: object) -> dict[str, Any]:
    if isinstance(body, dict):
        return body
    try:
        found = msgspec.json.decode(body) if isinstance(body, bytes) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unproved("This is no JSON object, so nothing in it is signed.")
    return found
