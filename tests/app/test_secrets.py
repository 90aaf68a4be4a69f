"""A-19: no key, password or second factor can be read from the database; what is secret is random and compared in constant time."""

from __future__ import annotations

import ast
import base64
import hmac
import math
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hudhud.kit.crypto import new_secret
from tests.app.browser import PASSWORD, Browser

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring

pytestmark = pytest.mark.usefixtures("web")
OWNER = {"email": "ada@example.com", "password": PASSWORD}
TABLES = "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SECRET_NAMES = {"secret", "secret_hash", "token", "digest", "signature", "password", "password_hash"}


def everything(web: Wiring) -> str:
    """Return all rows of all tables, bytes as hex and as text."""
    with web.db.everywhere() as everywhere:
        tables = [row[0] for row in everywhere.conn.execute(TABLES).fetchall()]
        rows = [row[0] for table in tables for row in everywhere.conn.execute(f"SELECT t::text FROM {table} t").fetchall()]
    return "\n".join(rows)


def one_time_code(secret: str) -> str:
    """RFC 6238."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def signed_in() -> Browser:
    """Set up, and confirm the password as second factors ask for."""
    owner = Browser()
    assert owner.ask("POST", "setup", OWNER)[0] == 201
    assert owner.ask("GET", "/_allauth/browser/v1/account/authenticators/webauthn")[0] == 401
    assert owner.ask("POST", "/_allauth/browser/v1/auth/reauthenticate", {"password": PASSWORD})[0] == 200
    return owner


def forms(secret: str) -> set[str]:
    raw = secret.encode()
    return {secret, raw.hex(), base64.b64encode(raw).decode().rstrip("=")}


def test_the_database_holds_no_secret_that_can_be_read(web: Wiring) -> None:
    owner = signed_in()
    keys = [owner.ask("POST", "keys", {"kind": kind})[1]["key"] for kind in ("api", "collect")]
    member = owner.ask("POST", "members", {"email": "bob@example.com", "name": "Bob", "role": "viewer"})[1]
    totp = owner.ask("GET", "/_allauth/browser/v1/account/authenticators/totp")[1]["meta"]["secret"]
    assert owner.ask("POST", "/_allauth/browser/v1/account/authenticators/totp", {"code": one_time_code(totp)})[0] == 200

    found = everything(web)

    for secret in (*keys, PASSWORD, member["first_password"], totp):
        for form in forms(secret):
            assert form not in found
    assert member["email"] in found
    assert "hk_api_" in found, "the prefix stays, to recognise a key by"


def test_a_second_factor_is_asked_for(web: Wiring) -> None:
    owner = signed_in()
    totp = owner.ask("GET", "/_allauth/browser/v1/account/authenticators/totp")[1]["meta"]["secret"]
    owner.ask("POST", "/_allauth/browser/v1/account/authenticators/totp", {"code": one_time_code(totp)})

    again = Browser()
    assert again.sign_in("ada@example.com") == 401
    assert again.ask("GET", "me")[0] == 401
    wrong = f"{(int(one_time_code(totp)) + 1) % 10**6:06}"
    assert again.ask("POST", "/_allauth/browser/v1/auth/2fa/authenticate", {"code": wrong})[0] == 400
    with web.db.everywhere() as everywhere:
        assert everywhere.conn.execute("SELECT count(*) FROM mfa_authenticator").fetchone() == (2,)  # the app, and recovery codes


def test_a_passkey_can_be_begun() -> None:
    owner = signed_in()

    status, answer = owner.ask("GET", "/_allauth/browser/v1/account/authenticators/webauthn")
    assert status == 200
    assert len(base64.urlsafe_b64decode(answer["data"]["creation_options"]["publicKey"]["challenge"] + "==")) >= 16
    status, answer = Browser().ask("GET", "/_allauth/browser/v1/auth/webauthn/login")
    assert status == 200
    assert answer["data"]["request_options"]["publicKey"]["userVerification"] in {"preferred", "required"}


def test_passwords_are_argon2id_with_a_salt_of_their_own(web: Wiring) -> None:
    signed_in()
    with web.db.everywhere() as everywhere:
        (stored,) = everywhere.conn.execute("SELECT password FROM auth_user").fetchone() or ("",)

    kind, variant, version, costs, salt, digest = stored.split("$")

    assert (kind, variant, version, costs) == ("argon2", "argon2id", "v=19", "m=19456,t=2,p=1")
    assert len(base64.b64decode(salt + "==")) >= 16
    assert len(base64.b64decode(digest + "==")) >= 16


def test_new_secrets_are_random_and_long() -> None:
    made = {new_secret("hk_api") for _ in range(2000)}

    assert len(made) == 2000
    letters = "".join(secret.removeprefix("hk_api_") for secret in made)
    share = {letter: letters.count(letter) / len(letters) for letter in set(letters)}
    entropy = -sum(part * math.log2(part) for part in share.values())
    assert min(map(len, made)) - len("hk_api_") >= 27
    assert entropy > 5.98, "of 6 bits a letter"


def test_no_secret_is_compared_with_equals() -> None:
    for path in sorted((Path(__file__).parents[2] / "hudhud").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare) and any(isinstance(operator, ast.Eq) for operator in node.ops):
                names = {getattr(side, "id", getattr(side, "attr", "")) for side in (node.left, *node.comparators)}
                assert names.isdisjoint(SECRET_NAMES), f"{path}:{node.lineno}: use hmac.compare_digest"
