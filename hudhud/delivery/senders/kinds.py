"""The kinds of senders: the settings of each as a typed model, whose JSON schema is the form, and the channel that comes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from cryptography.fernet import InvalidToken
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hudhud.delivery.channels.server import CROWD, PORTS, Server, Smtp
from hudhud.kit.egress import Egress
from hudhud.kit.errors import InvalidInput
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.delivery.channels.base import Channel
    from hudhud.delivery.channels.server import StartTls
    from hudhud.delivery.senders.types import Way
    from hudhud.kit.crypto import Keys
    from hudhud.kit.egress import Network

PURPOSE = "sender"
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
            await self._egress.close()


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
    if settings.security == "none" and settings.username and not around.networks:
        raise InvalidInput("security", settings.security, "use TLS: the password would be sent in the clear")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its settings, what opens its channel, what is checked besides; `signs`: mail by it is signed by us (DKIM)."""

    model: type[Settings]
    open: Callable[[Any, Surroundings], Channel]
    check: Callable[[Any, Surroundings], None] = lambda _settings, _around: None
    signs: bool = False


KINDS: dict[str, Kind] = {"smtp": Kind(SmtpSettings, _open_smtp, _check_smtp, signs=True)}


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
