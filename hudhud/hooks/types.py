"""Inbound webhooks: sources with a secret address, the bodies that come in, and what a mapping makes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- read at run time by the schemas
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from hudhud.events.types import PUBLIC
from hudhud.hooks.protocol import Given as Given
from hudhud.hooks.protocol import Said as Said
from hudhud.kit.errors import Conflict, NotFound, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BODY_BYTES = 2 * 1024 * 1024
# Of bodies that wait or failed, a source may have so many, and so many bytes; then it is answered 429.
MOST_BODIES, MOST_BYTES = 50_000, 1024**3
MAX_MAPPING_LENGTH = 20_000
# The id under which a sender repeats the same thing: Standard Webhooks' name, and what is in use besides.
ID_HEADERS = ("webhook-id", "idempotency-key", "x-shopify-webhook-id", "x-github-delivery")
State = Literal["waiting", "mapped", "failed"]


class HookNotFound(NotFound):
    """There is no such webhook."""

    code = "hook_not_found"


class WrongSignature(Unauthenticated):
    """The signature does not fit the body; check the secret and the header in the source's settings."""

    code = "wrong_signature"


class NoMapping(Conflict):
    """Write the mapping first: without one, bodies wait."""

    code = "no_mapping"


@dataclass(frozen=True, slots=True)
class Signature:
    """How a body is signed: an HMAC in a header (hex or base64, behind `prefix`), or as Standard Webhooks 1.0 say."""

    kind: Literal["hmac", "standard"] = "hmac"
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,100}$")] = ""
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    prefix: Annotated[str, Field(max_length=20)] = ""


@dataclass(frozen=True, slots=True)
class HookBody:
    """One body on its way to disk."""

    workspace_id: int
    hook_id: int
    headers: dict[str, str]
    body: bytes

    @property
    def fingerprint(self) -> str:
        """Return 128 bits (hex) that are the same for a repeat: of the sender's id and the body."""
        return blake2b(f"{delivery_id(self.headers)}\0".encode() + self.body, digest_size=16).hexdigest()


def delivery_id(headers: dict[str, str]) -> str:
    """Return the id by which the sender repeats this, or an empty text."""
    return next((headers[name] for name in ID_HEADERS if headers.get(name)), "")


@dataclass(frozen=True, slots=True)
class Hook:
    """A source; its address and its signing secret are not in it."""

    id: int
    name: str
    prefix: str
    items: str
    mapping: str
    signature: dict[str, Any] | None
    is_trusted: bool
    events: list[str] | None
    created_at: datetime
    seen_at: datetime | None
    received: int
    messages: int
    refused: int
    refused_at: datetime | None
    refusal: str
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One body that came in, and what became of it."""

    id: int
    received_at: datetime
    headers: dict[str, str]
    body: bytes
    repeats: int
    state: State
    messages: int
    problems: int
    detail: str


def source_of(hook_id: int, *, is_trusted: bool) -> str:
    """Return the source of a row in the log: one that is not trusted is treated as a key that stands in a page."""
    return f"hook:{hook_id}" if is_trusted else PUBLIC


def columns(bodies: Sequence[HookBody]) -> dict[str, Any]:
    """Return the columns of bodies for the query `keep_bodies`."""
    return {
        "workspace_ids": [one.workspace_id for one in bodies],
        "hook_ids": [one.hook_id for one in bodies],
        "fingerprints": [one.fingerprint for one in bodies],
        "headers": [json.dumps(one.headers) for one in bodies],
        "bodies": [one.body for one in bodies],
    }
