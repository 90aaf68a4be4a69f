"""What comes to a provider's address (A-30, F-33): proved or refused, on disk before it is answered, read once whatever is sent again."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from hudhud.delivery.outcomes import doors
from hudhud.delivery.outcomes.amazon import confirm, subscribe_url
from hudhud.delivery.outcomes.names import name_of
from hudhud.delivery.outcomes.types import PROVIDERS
from hudhud.edge import proofs
from hudhud.hooks.types import WrongSignature
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys, load_keys
from hudhud.workers import reports as worker
from hudhud.workers.context import Context
from tests import make
from tests.delivery.outcomes.test_providers import PAYLOADS
from tests.edge.conftest import door as door
from tests.edge.conftest import open_door as open_door
from tests.make import NOW

if TYPE_CHECKING:
    from tests.edge.door import Answer, Door

SENDGRID = ec.generate_private_key(ec.SECP256R1())
SENDGRID_KEY = base64.b64encode(SENDGRID.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
STANDARD_KEY = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
SECRETS = {"mailgun": "key-mailgun", "sendgrid": SENDGRID_KEY, "resend": STANDARD_KEY, "mailersend": "mailersend-secret"}


@dataclass
class Posted:
    """A request as a provider makes it."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def as_sent(kind: str, body: Any, at: datetime) -> Posted:  # noqa: ANN401 -- any JSON
    """Sign as the provider does, at some time."""
    seconds = str(int(at.timestamp()))
    match kind:
        case "mailgun":
            digest = hmac.digest(SECRETS[kind].encode(), f"{seconds}tok".encode(), "sha256").hex()
            return Posted(json.dumps({"signature": {"timestamp": seconds, "token": "tok", "signature": digest}, **body}).encode())
        case "sendgrid":
            raw = json.dumps(body).encode()
            signature = base64.b64encode(SENDGRID.sign(seconds.encode() + raw, ec.ECDSA(SHA256()))).decode()
            return Posted(raw, {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": seconds})
        case "resend":
            raw = json.dumps(body).encode()
            digest = base64.b64encode(
                hmac.digest(base64.b64decode(STANDARD_KEY[6:]), f"msg_1.{seconds}.".encode() + raw, "sha256")
            ).decode()
            return Posted(raw, {"svix-id": "msg_1", "svix-timestamp": seconds, "svix-signature": f"v1,bad v1,{digest}"})
        case "mailersend":
            raw = json.dumps(body).encode()
            return Posted(raw, {"Signature": hmac.digest(SECRETS[kind].encode(), raw, "sha256").hex()})
        case _:
            return Posted(json.dumps(body).encode())


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    """One edge serves all tests of this file: each begins without reports."""
    if "door" in request.fixturenames:
        edge: Door = request.getfixturevalue("door")
        with edge.db.everywhere() as everywhere:
            for table in ("report_body", "message_report", "report_door", "suppression"):
                everywhere.conn.execute(f"DELETE FROM {table}")  # type: ignore[arg-type] -- names of ours


def keys_of(door: Door) -> Keys:
    return load_keys("", door.data)


def opened(door: Door, kind: str) -> str:
    """Return the path of a fresh door."""
    with door.db.workspace(door.shop) as ws:
        doors.open_door(ws, kind, NOW, "user:1")
        if kind in SECRETS:
            doors.prove(ws, keys_of(door), kind, secret=SECRETS[kind], topic=None, now=NOW, actor="user:1")
        return next(path for one, path in doors.find_doors(ws, keys_of(door)) if one.kind == kind)


def post(door: Door, path: str, posted: Posted) -> Answer:
    return door.request("POST", path, posted.body, {"Content-Type": "application/json", **posted.headers})


def message(door: Door, address: str = "ann@a.example") -> int:
    with door.db.workspace(door.shop) as ws:
        person = make.person(ws, address)
        row = ws.conn.execute(
            "INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, state, state_at, address)"
            " VALUES (%s, 'test', %s, 's', 1, %s, 'email', 'newsletter', 'hello', '{}', %s, 'accepted', %s, %s) RETURNING id",
            (door.shop, person, person, NOW, NOW - timedelta(days=365), address),
        ).fetchone()
    assert row is not None
    return int(row[0])


def bounce(kind: str, door: Door, message_id: int) -> Any:  # noqa: ANN401 -- any JSON
    text = (PAYLOADS / f"{kind}.json").read_text().replace("NAME", name_of(keys_of(door), message_id))
    return json.loads(text.replace("ann@a.example", f"{kind}@a.example"))[0]["body"]


def work(door: Door) -> int:
    context = Context("tester", Settings(DATABASE_URL=door.db.url), door.db, FixedClock(datetime.now(UTC)), keys_of(door))
    count = 0
    while done := worker.work_once(context):
        count += done
    return count


def state(door: Door, message_id: int) -> tuple[Any, ...] | None:
    with door.db.workspace(door.shop) as ws:
        return ws.conn.execute("SELECT state, reason FROM message WHERE id = %s", (message_id,)).fetchone()


def rows(door: Door, query: str, *values: object) -> list[tuple[Any, ...]]:
    with door.db.workspace(door.shop) as ws:
        return ws.conn.execute(query, values).fetchall()  # type: ignore[arg-type] -- tests write their queries


@pytest.mark.parametrize("kind", [kind for kind in PROVIDERS if kind != "ses"])
def test_a_genuine_report_counts_once_and_a_forged_one_never(door: Door, kind: str) -> None:
    message_id = message(door, f"{kind}@a.example")
    path = opened(door, kind)
    now = datetime.now(UTC)
    genuine = as_sent(kind, bounce(kind, door, message_id), now)
    refused = [post(door, path[:-1] + ("A" if path[-1] != "A" else "B"), genuine), post(door, path.replace(f"/{kind}/", "/ses/"), genuine)]
    if kind in SECRETS:
        refused.append(
            post(
                door,
                path,
                Posted(
                    genuine.body.replace(b"{", b"{ ", 1) if kind != "mailgun" else genuine.body.replace(b"tok", b"kot"), genuine.headers
                ),
            )
        )
        refused.append(post(door, path, Posted(json.dumps(bounce(kind, door, message_id)).encode())))
    if kind in ("mailgun", "sendgrid", "resend"):
        old = as_sent(kind, bounce(kind, door, message_id), now - timedelta(days=2))
        ahead = as_sent(kind, bounce(kind, door, message_id), now + timedelta(hours=2))
        refused += [post(door, path, old), post(door, path, ahead)]
    assert {answer.status for answer in refused} <= {401, 404}
    assert rows(door, "SELECT count(*) FROM report_body") == [(0,)]
    assert state(door, message_id) == ("accepted", "")
    for _ in range(3):
        assert post(door, path, genuine).status == 200
    # On disk, once, before anybody looked.
    assert rows(door, "SELECT kind, repeats FROM report_body") == [(kind, 2)]
    work(door)
    assert state(door, message_id) in {("bounced", "hard_bounce"), ("complained", "")}
    told = rows(door, "SELECT count(*) FROM message_outcome WHERE message_id = %s", message_id)
    assert post(door, path, genuine).status == 200
    work(door)
    assert rows(door, "SELECT count(*) FROM message_outcome WHERE message_id = %s", message_id) == told
    [found] = [one for one, _ in _doors(door) if one.kind == kind]
    # A body of which something could not be read is still there, so its repeat is known as one.
    assert found.received == (1 if kind == "sendgrid" else 2)
    assert found.refused == len(refused) - 2
    assert (found.last or {})["message_id"] == message_id


def _doors(door: Door) -> list[tuple[Any, str]]:
    with door.db.workspace(door.shop) as ws:
        return doors.find_doors(ws, keys_of(door))


def test_another_address_ends_the_old_one_and_a_closed_door_all(door: Door) -> None:
    path = opened(door, "brevo")
    ping = Posted(b'{"event": "request"}')
    assert post(door, path, ping).status == 200
    with door.db.workspace(door.shop) as ws:
        doors.rotate(ws, "brevo", NOW, "user:1")
    other = next(found for one, found in _doors(door) if one.kind == "brevo")
    assert other != path
    until = datetime.now(UTC) + timedelta(seconds=5)
    while post(door, path, ping).status != 404:
        assert datetime.now(UTC) < until
    assert post(door, other, ping).status == 200
    assert door.request("GET", other).status in (404, 405)
    with door.db.workspace(door.shop) as ws:
        doors.close_door(ws, "brevo", NOW, "user:1")
    assert rows(door, "SELECT count(*) FROM report_body") == [(0,)]


def test_what_cannot_be_read_is_kept_and_no_error_to_the_provider(door: Door) -> None:
    path = opened(door, "postmark")
    for body in (
        b"",
        b"[[",
        b"<xml/>",
        json.dumps({"RecordType": "Bounce", "Email": "<script>alert(1)</script>", "Type": "New", "Details": "x\0\x1by"}).encode(),
    ):
        assert post(door, path, Posted(body)).status == 200
    work(door)
    assert rows(door, "SELECT count(*) FROM report_body WHERE read_at IS NOT NULL AND problem <> ''") == [(3,)]
    # As text, without control characters.
    assert rows(door, "SELECT kind, said, message_id FROM message_report WHERE source = 'postmark' AND rule = 'unknown_word'") == [
        ("unknown", "x y", None)
    ]
    assert post(door, path, Posted(b"x" * (2 * 1024 * 1024 + 1))).status == 413


# -- Amazon

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
AMAZON = rsa.generate_private_key(65537, 2048)
NAMED = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])


def certificate(begins: datetime = NOW - timedelta(days=9)) -> bytes:
    made = x509.CertificateBuilder().subject_name(NAMED).issuer_name(NAMED).public_key(AMAZON.public_key()).serial_number(1)
    return made.not_valid_before(begins).not_valid_after(begins + timedelta(days=30)).sign(AMAZON, SHA256()).public_bytes(Encoding.PEM)


def notice(**changed: str) -> bytes:
    """Write a notice as SNS signs it; `Signature` given: as it is."""
    found = {**json.loads((PAYLOADS / "ses.json").read_text())[0]["body"], **changed}
    names = proofs.KINDS[found["Type"]]
    signed = "".join(f"{name}\n{found[name]}\n" for name in names if name in found).encode()
    found["Signature"] = (
        changed.get("Signature")
        or base64.b64encode(AMAZON.sign(signed, padding.PKCS1v15(), SHA1() if found["SignatureVersion"] == "1" else SHA256())).decode()
    )
    return json.dumps(found).encode()


def check(body: bytes, topic: str = TOPIC, now: datetime = NOW + timedelta(minutes=10), pem: bytes | None = None) -> list[str]:
    """Return the addresses that were asked for a certificate; raises `WrongSignature`."""
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        return pem or certificate()

    asyncio.run(proofs.check_sns(topic, body, now, fetch))
    return asked


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_amazon_signed_for_our_topic_is_taken(version: str) -> None:
    assert len(check(notice(SignatureVersion=version))) == 1
    confirmation = {
        "Type": "SubscriptionConfirmation",
        "Token": "t",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
    }
    assert len(check(notice(SignatureVersion=version, **confirmation))) == 1


HOSTS = [
    "https://evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    "https://evil.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com/other.pem",
    "https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    "",
]


@pytest.mark.parametrize("url", HOSTS)
def test_no_certificate_is_fetched_from_anywhere_but_amazon(url: str) -> None:
    with pytest.raises(WrongSignature, match="forged"):
        check(notice(SigningCertURL=url))


@pytest.mark.parametrize(
    "body",
    [
        notice(TopicArn=TOPIC + "2"),
        notice(Signature=base64.b64encode(b"x" * 256).decode()),
        notice().replace(b"Permanent", b"Transient"),
        notice(SignatureVersion="3"),
        notice(Timestamp="2026-02-20T12:00:00.000Z"),
        notice(Timestamp="2026-03-01T13:00:00.000Z"),
        notice(Timestamp="yesterday"),
        b"[]",
        b"",
    ],
)
def test_a_notice_that_is_forged_old_or_of_another_topic_is_refused(body: bytes) -> None:
    with pytest.raises(WrongSignature):
        check(body)


def test_without_a_topic_nothing_is_taken_nor_by_a_certificate_that_is_out_of_date() -> None:
    with pytest.raises(WrongSignature, match="topic's ARN"):
        check(notice(), topic="")
    with pytest.raises(WrongSignature, match="out of date"):
        check(notice(), pem=certificate(NOW - timedelta(days=90)))
    with pytest.raises(WrongSignature, match="no certificate"):
        check(notice(), pem=b"<html>")


def test_only_our_own_topic_s_subscription_is_confirmed_and_only_at_amazon() -> None:
    good = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
    first = {"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "SubscribeURL": good}
    assert subscribe_url(json.dumps(first).encode(), TOPIC) == good
    for changed in (
        {"TopicArn": TOPIC + "x"},
        {"Type": "Notification"},
        {"SubscribeURL": good.replace("ConfirmSubscription", "DeleteTopic")},
        {"SubscribeURL": good.replace(TOPIC, TOPIC + "x")},
        {"SubscribeURL": good.replace("amazonaws.com", "amazonaws.com.evil.example")},
        {"SubscribeURL": good.replace("https", "http")},
    ):
        assert subscribe_url(json.dumps({**first, **changed}).encode(), TOPIC) == "", changed
    assert subscribe_url(json.dumps(first).encode(), "") == ""
    asked: list[str] = []
    assert confirm(good, lambda url: asked.append(url) or 200) == ""  # type: ignore[func-returns-value] -- it only notes
    assert asked == [good]
    assert "403" in confirm(good, lambda _: 403)
