"""The kinds of senders: the settings of each as a typed model, whose JSON schema is the form, and the channel that comes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from cryptography.fernet import InvalidToken
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hudhud.delivery.channels.posted import Posted
from hudhud.delivery.channels.providers import mailgun, sendgrid, sparkpost
from hudhud.delivery.channels.providers.brevo import Brevo
from hudhud.delivery.channels.providers.mailersend import Mailersend
from hudhud.delivery.channels.providers.mailgun import Mailgun
from hudhud.delivery.channels.providers.mailjet import Mailjet
from hudhud.delivery.channels.providers.postmark import Postmark
from hudhud.delivery.channels.providers.resend import Resend
from hudhud.delivery.channels.providers.sendgrid import Sendgrid
from hudhud.delivery.channels.providers.ses import Ses
from hudhud.delivery.channels.providers.sparkpost import Sparkpost
from hudhud.delivery.channels.server import CROWD, PORTS, Server, Smtp
from hudhud.kit.egress import Egress, check_url
from hudhud.kit.errors import InvalidInput
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.delivery.channels.base import Channel
    from hudhud.delivery.channels.posted import Provider
    from hudhud.delivery.channels.server import StartTls
    from hudhud.delivery.senders.types import Way
    from hudhud.kit.crypto import Keys
    from hudhud.kit.egress import Network

PURPOSE = "sender"
# Keys travel in headers.
VISIBLE = r"^[!-~]+$"
SECRET: dict[str, Any] = {"format": "password", "writeOnly": True}


class Settings(BaseModel):
    """What one kind of sender needs; `lines`: so many mails at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: int = Field(CROWD, ge=1, le=50)


class SmtpSettings(Settings):
    """A server for outgoing mail (RFC 5321)."""

    host: str = Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "starttls_if_offered", "none"] = "starttls"
    username: str = Field("", max_length=320)
    password: str = Field("", max_length=1000, json_schema_extra=SECRET)
    auth: Literal["best", "plain", "login", "cram-md5"] = "best"


class KeySettings(Settings):
    """An account, by its key."""

    api_key: str = Field(min_length=1, max_length=1000, pattern=VISIBLE, json_schema_extra=SECRET)


class SesSettings(Settings):
    """Amazon SES; `endpoint`: of a service that speaks the same protocol."""

    region: str = Field("eu-west-1", pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")
    access_key_id: str = Field(min_length=1, max_length=200, pattern=VISIBLE)
    secret_access_key: str = Field(min_length=1, max_length=1000, pattern=VISIBLE, json_schema_extra=SECRET)
    configuration_set: str = Field("", max_length=64, pattern=r"^[A-Za-z0-9_-]*$")
    endpoint: str = Field("", max_length=500)


class PostmarkSettings(Settings):
    """Postmark, one server; its own streams are named there."""

    server_token: str = Field(min_length=1, max_length=1000, pattern=VISIBLE, json_schema_extra=SECRET)
    message_stream: str = Field("outbound", min_length=1, max_length=100, pattern=r"^[a-z0-9-]+$")


class MailgunSettings(KeySettings):
    """Mailgun, one domain."""

    domain: str = Field(min_length=3, max_length=253, pattern=r"^[A-Za-z0-9.-]+$")
    region: Literal["us", "eu"] = "eu"


class SendgridSettings(KeySettings):
    """SendGrid."""

    region: Literal["global", "eu"] = "global"


class SparkpostSettings(KeySettings):
    """SparkPost."""

    region: Literal["us", "eu"] = "eu"


class MailjetSettings(KeySettings):
    """Mailjet."""

    secret_key: str = Field(min_length=1, max_length=1000, pattern=VISIBLE, json_schema_extra=SECRET)


@dataclass
class Surroundings:
    """What channels are opened with: the keys that unseal, the name we greet with, the private networks that may be reached."""

    keys: Keys
    name: str
    networks: tuple[Network, ...] = ()
    _egress: Egress | None = field(default=None, init=False)

    @property
    def egress(self) -> Egress:
        """The client for HTTP, shared by all channels of one event loop."""
        if self._egress is None:
            self._egress = Egress(self.networks)
        return self._egress

    async def close(self) -> None:
        """Let go of connections."""
        if self._egress is not None:
            client, self._egress = self._egress, None
            await client.close()


def _open_smtp(settings: SmtpSettings, around: Surroundings) -> Channel:
    starttls: StartTls = (
        "required" if settings.security == "starttls" else "offered" if settings.security == "starttls_if_offered" else "never"
    )
    server = Server(
        settings.host,
        settings.port,
        settings.security == "tls",
        starttls,
        settings.username or None,
        settings.password,
        settings.auth,
        networks=around.networks,
    )
    return Smtp(server, around.name, settings.lines)


def _check_smtp(settings: SmtpSettings, around: Surroundings) -> None:
    if settings.port not in PORTS and not around.networks:
        raise InvalidInput("port", settings.port, f"use one of {', '.join(map(str, sorted(PORTS)))}")
    if settings.security not in ("starttls", "tls") and settings.username and not around.networks:
        # "If offered": whoever stands between takes the offer away.
        raise InvalidInput("security", settings.security, "use TLS: the password could be sent in the clear")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its settings, what opens its channel, what is checked besides; `signs`: mail by it is signed by us (DKIM)."""

    model: type[Settings]
    open: Callable[[Any, Surroundings], Channel]
    check: Callable[[Any, Surroundings], None] = lambda _settings, _around: None
    signs: bool = False


def _check_ses(settings: SesSettings, around: Surroundings) -> None:
    if settings.endpoint:
        check_url("endpoint", settings.endpoint, around.networks)


def _posted(make: Callable[[Any], Provider]) -> Callable[[Any, Surroundings], Channel]:
    return lambda settings, around: Posted(make(settings), around.egress, settings.lines)


KINDS: dict[str, Kind] = {
    "smtp": Kind(SmtpSettings, _open_smtp, _check_smtp, signs=True),
    "ses": Kind(
        SesSettings,
        _posted(lambda own: Ses(own.region, own.access_key_id, own.secret_access_key, own.configuration_set, own.endpoint)),
        _check_ses,
    ),
    "postmark": Kind(PostmarkSettings, _posted(lambda own: Postmark(own.server_token, own.message_stream))),
    "mailgun": Kind(MailgunSettings, _posted(lambda own: Mailgun(own.api_key, own.domain, mailgun.BASES[own.region]))),
    "sendgrid": Kind(SendgridSettings, _posted(lambda own: Sendgrid(own.api_key, sendgrid.BASES[own.region]))),
    "brevo": Kind(KeySettings, _posted(lambda own: Brevo(own.api_key))),
    "mailjet": Kind(MailjetSettings, _posted(lambda own: Mailjet(own.api_key, own.secret_key))),
    "sparkpost": Kind(SparkpostSettings, _posted(lambda own: Sparkpost(own.api_key, sparkpost.BASES[own.region]))),
    "resend": Kind(KeySettings, _posted(lambda own: Resend(own.api_key))),
    "mailersend": Kind(KeySettings, _posted(lambda own: Mailersend(own.api_key))),
}


def kind_of(name: str) -> Kind:
    """Return a kind; raises `InvalidInput`."""
    if name not in KINDS:
        raise InvalidInput("kind", name, f"use one of {', '.join(KINDS)}")
    return KINDS[name]


def secrets_of(kind: Kind) -> list[str]:
    """Return the names of settings that are never shown."""
    return [name for name, field in kind.model.model_fields.items() if field.json_schema_extra == SECRET]


def read_settings(name: str, given: dict[str, Any], around: Surroundings) -> Settings:
    """Check what was given for a kind; raises `InvalidInput` with the field that is wrong."""
    kind = kind_of(name)
    try:
        settings = kind.model.model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = str(problem["loc"][0]) if problem["loc"] else "settings"
        raise InvalidInput(where, "…" if where in secrets_of(kind) else given.get(where), problem["msg"]) from None
    kind.check(settings, around)
    return settings


def seal(keys: Keys, secrets: dict[str, str]) -> bytes:
    """Encrypt what is secret."""
    return cipher(keys, PURPOSE).encrypt(msgspec.json.encode(secrets))


def unseal(keys: Keys, sealed: bytes) -> dict[str, str]:
    """Return what is secret; raises `InvalidInput` where the key that sealed it is gone."""
    try:
        return msgspec.json.decode(cipher(keys, PURPOSE).decrypt(sealed), type=dict[str, str])
    except InvalidToken:
        raise InvalidInput("settings", "…", "the key that sealed its secrets is not in HUDHUD_SECRET_KEYS; enter them anew") from None


def open_channel(way: Way, around: Surroundings) -> Channel:
    """Open a sender's channel; raises `InvalidInput`."""
    settings = read_settings(way.kind, {**way.settings, **unseal(around.keys, way.sealed)}, around)
    return KINDS[way.kind].open(settings, around)
