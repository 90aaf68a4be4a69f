"""One frozen `Settings`: the only reader of the environment."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hudhud.kit.errors import InvalidInput

HOPS = re.compile(r"\*[1-9]?")


class Settings(BaseSettings):
    """Everything that can be set from outside. Names in the environment are the field names with `HUDHUD_` before them."""

    model_config = SettingsConfigDict(env_prefix="HUDHUD_", frozen=True, extra="ignore")

    data: Path = Field(Path(".hudhud"), description="Folder for databases, keys and logs.")
    host: str = Field("127.0.0.1", description="Address of the one public port.")
    port: int = Field(8000, description="The one public port.")
    public_url: str = Field("", description="Where people reach us, e.g. https://mail.example.com; empty = http://host:port.")
    database_url: str = Field("", validation_alias="DATABASE_URL", description="PostgreSQL; empty = the embedded one.")
    clickhouse_url: str = Field("", validation_alias="CLICKHOUSE_URL", description="ClickHouse HTTP; empty = the embedded one.")
    web_socket: str = Field("", description="Unix socket of the web process; empty = DATA/web.sock.")
    smtp_url: str = Field("", description="smtp://user:pass@host:port or smtps://…; empty = the built-in mailbox.")
    dns: str = Field(
        "", description="Name servers that are asked about the domains mail is from, with commas, e.g. 9.9.9.9; empty = the system's."
    )
    bounce_listen: str = Field(
        "", description="lmtp://host:port or smtp://host:port where mails that come back are taken; empty = nowhere."
    )
    bounce_imap: str = Field(
        "", description="imaps://user:pass@host:port/FOLDER to which mails come back, asked every minute; empty = none."
    )
    secret_keys: str = Field("", description="Comma-separated signing keys, newest first; empty = DATA/secret.key, made on first start.")
    clock: str = Field("", description="live, lapse:…, or file:PATH (kit/clock.py).")
    clickhouse_password: str = Field("", description="Password of the embedded ClickHouse server (set by the supervisor).")
    geoip: str = Field(
        "", description="Country or city file in MaxMind's format (.mmdb), brought by you; empty = no place from an address."
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses of reverse proxies, with commas: their X-Forwarded-For and -Proto are believed; *2 = of whoever connects, with two proxies in a row.",
    )
    private_networks: str = Field(
        "", description="Private networks that users' connections may lead to, with commas, e.g. 10.0.0.0/8; empty = public addresses only."
    )
    intake_limit_mb: int = Field(
        8192,
        ge=1,
        description="So much of the intake log may stand on disk while events wait; more is answered 429 until the workers have caught up.",
    )
    keep_log_days: int = Field(
        7, ge=0, description="So many days what was taken in stays in PostgreSQL, to fill a ClickHouse that was lost; 0 = not at all."
    )
    public_key_per_s: int = Field(
        10_000, ge=0, description="Messages a second that a website's key may bring; more is answered 429; 0 = no limit."
    )
    server_key_per_s: int = Field(20_000, ge=0, description="The same for an API key.")
    client_per_s: int = Field(
        500, ge=0, description="Messages a second that one client address (of IPv6: its /64) may bring with websites' keys; 0 = no limit."
    )
    new_addresses_per_client: int = Field(
        60, ge=0, description="New e-mail addresses an hour that one client address may bring with websites' keys; 0 = no limit."
    )
    new_addresses_per_domain: int = Field(1_000, ge=0, description="The same at one domain, in one workspace.")
    new_addresses_per_key: int = Field(5_000, ge=0, description="The same by one website's key.")
    log_level: str = Field("info", description="debug, info, warning or error.")
    failpoint: str = Field("", description="name:n = kill this process at the n-th pass of a named point (tests only).")

    @field_validator("smtp_url")
    @classmethod
    def _check_smtp(cls, url: str) -> str:
        if url and not _is_address(url, ("smtp", "smtps")):
            raise ValueError("write smtp://user:pass@host:port or smtps://user:pass@host:port")
        return url

    @field_validator("bounce_listen")
    @classmethod
    def _check_bounce_listen(cls, url: str) -> str:
        if url and (not _is_address(url, ("lmtp", "smtp")) or not urlsplit(url).port):
            raise ValueError("write lmtp://host:port or smtp://host:port")
        return url

    @field_validator("bounce_imap")
    @classmethod
    def _check_bounce_imap(cls, url: str) -> str:
        if url and (not _is_address(url, ("imap", "imaps")) or not urlsplit(url).username):
            raise ValueError("write imaps://user:pass@host:port/FOLDER")
        return url

    @field_validator("public_url")
    @classmethod
    def _check_public(cls, url: str) -> str:
        if url and (not _is_address(url, ("http", "https")) or urlsplit(url).path not in ("", "/")):
            raise ValueError("write scheme and host, such as https://mail.example.com")
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, addresses: str) -> str:
        named = list(filter(None, map(str.strip, addresses.split(","))))
        if any(one.startswith("*") for one in named):
            if len(named) > 1 or not HOPS.fullmatch(named[0]):
                raise ValueError("write * alone (or *2: two proxies in a row, whoever connects), or addresses and networks")
            return named[0]
        # The server takes 10.0.0.5/8 for the name of somebody: all visitors would be the proxy.
        return ",".join(str(ip_network(one, strict=False)) if "/" in one else str(ip_address(one)) for one in named)

    @field_validator("log_level")
    @classmethod
    def _check_level(cls, level: str) -> str:
        if level not in ("debug", "info", "warning", "error"):
            raise ValueError("write debug, info, warning or error")
        return level

    @property
    def trusted_hops(self) -> int:
        """How many proxies stand before us, whatever their addresses (*2); 0 = they are known by their addresses, or there are none."""
        return int(self.trusted_proxies[1:] or 1) if self.trusted_proxies.startswith("*") else 0

    @property
    def base_url(self) -> str:
        """The address in links, without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def web_socket_path(self) -> Path:
        """Where the web process listens."""
        return Path(self.web_socket) if self.web_socket else self.data / "web.sock"


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Say whether a URL has one of these schemes and a host; raises `ValueError` for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings, read once; raises `InvalidInput` that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0])
        remedy = problem["msg"].removeprefix("Value error, ")
        shown = re.sub(r"://[^@]*@", "://…@", str(problem["input"]))
        raise InvalidInput(name if name.isupper() else f"HUDHUD_{name.upper()}", shown, f"{remedy[:1].lower()}{remedy[1:]}") from None
