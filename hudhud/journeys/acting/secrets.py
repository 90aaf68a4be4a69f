"""Secrets that requests of journeys carry in their headers: written and named, never shown again, and sent to one host only.

The host belongs to the secret: who may edit a journey, but does not know the secret, cannot have it sent to a server of theirs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cryptography.fernet import InvalidToken

from hudhud.accounts.actions import record_audit
from hudhud.journeys.nodes.webhook import ORIGIN
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput, NotFound
from hudhud.kit.seal import cipher

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.journeys.acting", "requests.sql")
PURPOSE = "journey_secret"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
LONGEST = 4_000


class SecretNotFound(NotFound):
    """There is no secret of this name."""

    code = "secret_not_found"


def find_secrets(ws: Scope) -> list[dict[str, Any]]:
    """Return the secrets by name, each with its host; not what they are."""
    return ws.all(QUERIES.find_secrets)


def put_secret(ws: Scope, keys: Keys, name: str, host: str, value: str, now: datetime, *, by: str) -> None:
    """Write a secret that may be sent to one host (`api.example.com`, with a port if it is not 443); raises `InvalidInput`."""
    if not NAME.fullmatch(name):
        raise InvalidInput("name", name, "use small letters, digits and _, beginning with a letter")
    if not HOST.fullmatch(host):
        raise InvalidInput("host", host, "give the host that it is for, such as api.example.com")
    if len(value) > LONGEST or not VALUE.fullmatch(value):
        raise InvalidInput("value", "…", f"use 1 to {LONGEST} characters of ASCII, without line breaks and spaces around it")
    found = ORIGIN.match(f"https://{host}")
    assert found is not None
    bare, _, port = host.lower().rpartition(":") if re.search(r":[0-9]{1,5}$", host) else (host.lower(), "", "443")
    sealed = cipher(keys, PURPOSE).encrypt(value.encode())
    ws.run(QUERIES.put_secret, name=name, host=f"{bare.strip('[]')}:{port}", sealed=sealed, now=now, by=by)
    record_audit(ws, now, by, "journey.put_secret", f"secret:{name}", host=host)


def drop_secret(ws: Scope, name: str, now: datetime, *, by: str) -> None:
    """Forget a secret; raises `SecretNotFound`."""
    if not ws.run(QUERIES.drop_secret, name=name):
        raise SecretNotFound(f"There is no secret {name!r}.", name=name)
    record_audit(ws, now, by, "journey.drop_secret", f"secret:{name}")


def open_all(everywhere: Scope, keys: Keys, workspaces: Iterable[int]) -> dict[tuple[int, str, str], str]:
    """Return secrets by (workspace, name, host); what was sealed with a key that is gone is not among them."""
    found = {}
    for workspace_id, name, host, sealed in everywhere.rows(QUERIES.find_sealed, workspaces=sorted(set(workspaces))):
        try:
            found[workspace_id, name, host] = cipher(keys, PURPOSE).decrypt(bytes(sealed)).decode()
        except InvalidToken:
            continue
    return found
