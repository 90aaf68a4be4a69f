"""Providers with an HTTP API: what is posted, and what each answer means; against a server of the test's own that answers in their shapes."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hudhud.delivery.channels.base import End, Handed
from hudhud.delivery.channels.posted import Posted, Provider, Request
from hudhud.delivery.channels.providers.brevo import Brevo
from hudhud.delivery.channels.providers.mailersend import Mailersend
from hudhud.delivery.channels.providers.mailgun import Mailgun
from hudhud.delivery.channels.providers.mailjet import Mailjet
from hudhud.delivery.channels.providers.postmark import Postmark
from hudhud.delivery.channels.providers.resend import Resend
from hudhud.delivery.channels.providers.sendgrid import Sendgrid
from hudhud.delivery.channels.providers.ses import Ses
from hudhud.delivery.channels.providers.sparkpost import Sparkpost
from hudhud.delivery.compose import Ready
from hudhud.delivery.outcomes.names import name_of
from hudhud.delivery.senders import keeping
from hudhud.delivery.senders.keeping import SenderGiven
from hudhud.delivery.types import Claimed, Mark
from hudhud.kit import egress
from hudhud.kit.egress import Answer, Egress, read_networks
from tests import make
from tests.delivery.conftest import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.delivery.conftest import Desk

NAME = name_of(KEYS, 7)
HEAD = (
    "Date: Sun, 01 Mar 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nFrom: =?utf-8?b?w5VpZSwgTcOkZ2k=?= <shop@example.com>\r\nFeedback-ID: a:b:1:hudhud\r\n"
    f"Message-ID: <7.{NAME}@example.com>\r\nTo: ada@example.org\r\nReply-To: desk@example.com\r\nList-Unsubscribe: <https://e.example/u>\r\n"
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nSubject: Hello {{ you\r\nContent-Type: multipart/alternative;\r\n boundary="=_x"\r\n\r\n'
)
BODY = (
    "--=_x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nT=C3=B5esti {{\r\n"
    "--=_x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>T=C3=B5esti</p>\r\n--=_x--\r\n"
)
MAIL = Ready(
    Claimed(7, 1, 3, 1, 1, "ada@example.org", "marketing", "newsletter", 1, "hello", 1, "test", "en", {}, {}, {}),
    Mark(7, 3, "ada@example.org", 1, "en", "{}", []),
    "shop@example.com",
    "ada@example.org",
    (HEAD + BODY).encode(),
)


@dataclass
class Stub:
    """What it is to answer, and what it was asked."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    shuts_at: bytes = b""
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A server that answers what it is told."""
    told = Stub()

    class Talk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if told.hangs_up:
                self.close_connection = True
                return
            self.send_response(403 if told.shuts_at and told.shuts_at in body else told.status)
            for name, value in {**told.headers, "Content-Length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Talk) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join(5)


class Noted:
    """A flight record that says what was written."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def leaves(self, message_id: int, lease_id: int) -> None:
        assert (message_id, lease_id) == MAIL.hold
        self.notes.append("left")

    def answered(self, message_id: int, lease_id: int, *, is_good: bool) -> None:
        assert (message_id, lease_id) == MAIL.hold
        self.notes.append("accepted" if is_good else "refused")


def post(provider: Provider, *, may: bool = True) -> tuple[Handed | None, list[str]]:
    """Hand the mail over once."""

    async def run() -> tuple[Handed | None, list[str]]:
        client, noted = Egress(read_networks("127.0.0.0/8")), Noted()

        async def may_send() -> bool:
            return may

        try:
            line = await Posted(provider, client, 1).connect(noted)
            return await line.send(MAIL, may_send, lambda: None), noted.notes
        finally:
            await client.close()

    return asyncio.run(run())


def all_of(url: str) -> dict[str, Provider]:
    return {
        "ses": Ses("eu-west-1", "AKID", "secret", "", url),
        "postmark": Postmark("token", "broadcast", url),
        "mailgun": Mailgun("key", "mg.example.com", url),
        "sendgrid": Sendgrid("key", url),
        "brevo": Brevo("key", url),
        "mailjet": Mailjet("key", "secret", url),
        "sparkpost": Sparkpost("key", url),
        "resend": Resend("key", url),
        "mailersend": Mailersend("token", url),
    }


GOOD: dict[str, tuple[int, object, dict[str, str]]] = {
    "ses": (200, {"MessageId": "0100018b-1"}, {}),
    "postmark": (200, {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "To": "ada@example.org"}, {}),
    "mailgun": (200, {"id": "<2026.1@mg.example.com>", "message": "Queued. Thank you."}, {}),
    "sendgrid": (202, "", {"X-Message-Id": "14c5d75ce93"}),
    "brevo": (201, {"messageId": "<2026.1@smtp-relay.mailin.fr>"}, {}),
    "mailjet": (200, {"Messages": [{"Status": "success", "To": [{"Email": "ada@example.org", "MessageID": 456, "MessageUUID": "x"}]}]}, {}),
    "sparkpost": (200, {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "1166"}}, {}),
    "resend": (200, {"id": "49a3999c"}, {}),
    "mailersend": (202, "", {"x-message-id": "5e42957d"}),
}
PATHS = {
    "ses": "/v2/email/outbound-emails", "postmark": "/email", "mailgun": "/v3/mg.example.com/messages.mime", "sendgrid": "/v3/mail/send", "brevo": "/v3/smtp/email",
    "mailjet": "/v3.1/send", "sparkpost": "/api/v1/transmissions", "resend": "/emails", "mailersend": "/v1/email",
}  # fmt: skip


def say(stub: Stub, status: int, body: object, headers: dict[str, str] | None = None) -> None:
    stub.status, stub.headers = status, headers or {}
    stub.body = body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.mark.parametrize("name", GOOD)
def test_a_mail_is_posted_whole_and_taken(stub: Stub, name: str) -> None:
    say(stub, *GOOD[name])
    handed, notes = post(all_of(stub.url)[name])
    assert handed is not None
    assert (handed.end, handed.code, bool(handed.text)) == (End.ACCEPTED, GOOD[name][0], True)
    assert notes == ["left", "accepted"]
    ((path, headers, body),) = stub.asked
    assert path == PATHS[name]
    raw = base64.b64decode(json.loads(body)["Content"]["Raw"]["Data"]) if name == "ses" else body
    assert NAME.encode() in raw
    assert b"https://e.example/u" in raw
    assert b"desk@example.com" in raw
    assert any(key in headers for key in ("authorization", "api-key", "x-postmark-server-token"))


@pytest.mark.parametrize("name", GOOD)
def test_people_see_the_sender_s_own_address_wherever_bounces_go(name: str) -> None:
    """What bounces come back to is for the envelope; nothing of it may take the place of From."""
    back = msgspec.structs.replace(MAIL, sender="bounce+77@bounces.example.com")
    request = all_of("http://x.example")[name].write(back)
    assert b"bounce+77" not in request.body
    assert b"FromEmailAddress" not in request.body


@pytest.mark.parametrize("name", ["postmark", "sendgrid", "brevo", "mailjet", "resend", "mailersend"])
def test_parts_say_what_the_mail_says(stub: Stub, name: str) -> None:
    say(stub, *GOOD[name])
    post(all_of(stub.url)[name])
    text = json.dumps(json.loads(stub.asked[0][2]), ensure_ascii=False)
    for part in (
        "Hello {{ you",
        "Tõesti {{",
        "<p>Tõesti</p>",
        "Õie, Mägi",
        "shop@example.com",
        "ada@example.org",
        "List-Unsubscribe=One-Click",
        "a:b:1:hudhud",
    ):
        assert part in text
    assert "quoted-printable" not in text


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    ("status", "headers", "end", "again_in_s"),
    [
        (429, {"Retry-After": "17"}, End.DEFERRED, 17.0),
        (429, {"Retry-After": "soon"}, End.DEFERRED, None),
        (500, {}, End.DEFERRED, None),
        (503, {"Retry-After": "60"}, End.DEFERRED, 60.0),
        (502, {}, End.IN_DOUBT, None),
        (504, {}, End.IN_DOUBT, None),
        (401, {}, End.SHUT, None),
        (403, {}, End.SHUT, None),
        (302, {"Location": "https://elsewhere.example"}, End.SHUT, None),
        (413, {}, End.REJECTED, None),
        (422, {}, End.REJECTED, None),
    ],
)
def test_what_a_status_means(name: str, status: int, headers: dict[str, str], end: End, again_in_s: float | None) -> None:
    for body in (b"", b"<html>nginx</html>", b"[1]", b"\xff\x00", b'{"Messages": 3, "errors": [7], "results": null}'):
        lower = {key.lower(): value for key, value in headers.items()}
        handed = all_of("http://x.example")[name].read(Answer(status, lower, body, 0.1))
        assert (handed.end, handed.again_in_s, handed.code) == (end, again_in_s, status)
        assert handed.text.isprintable()


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("body", [b"", b"<html>Sign in to this network</html>", b"{}", b'{"ErrorCode": 0}', b'{"Messages": []}', b"null"])
def test_a_good_status_without_their_number_leaves_a_doubt(name: str, body: bytes) -> None:
    handed = all_of("http://x.example")[name].read(Answer(200, {}, body, 0.1))
    assert (handed.end, handed.is_hard) == (End.IN_DOUBT, False)


@pytest.mark.parametrize(
    ("name", "status", "body", "headers", "end", "is_hard"),
    [
        ("resend", 409, {"name": "invalid_idempotent_request", "message": "Same key, another payload."}, {}, End.IN_DOUBT, False),
        ("ses", 400, {"message": "Daily message quota exceeded."}, {"x-amzn-errortype": "LimitExceededException:http://x"}, End.DEFERRED, False),
        ("ses", 400, {"__type": "com.amazonaws#MailFromDomainNotVerifiedException", "message": "…"}, {}, End.SHUT, False),
        ("ses", 400, {"message": "Email address is not verified."}, {"x-amzn-errortype": "MessageRejected"}, End.REJECTED, False),
        ("ses", 400, {"message": "Account is paused"}, {"x-amzn-errortype": "SendingPausedException"}, End.SHUT, False),
        ("postmark", 422, {"ErrorCode": 406, "Message": "You tried to send to recipient(s) that have been marked as inactive."}, {}, End.REJECTED, True),
        ("postmark", 422, {"ErrorCode": 405, "Message": "Not allowed to send."}, {}, End.SHUT, False),
        ("postmark", 422, {"ErrorCode": 300, "Message": "Invalid 'To' address"}, {}, End.REJECTED, False),
        ("mailgun", 400, {"message": "to parameter is not a valid address. please check documentation"}, {}, End.REJECTED, False),
        ("mailgun", 402, {"message": "Account disabled"}, {}, End.SHUT, False),
        ("sparkpost", 420, {"errors": [{"message": "Exceed Sending Limit (daily)", "code": "2102"}]}, {}, End.DEFERRED, False),
        ("brevo", 400, {"code": "not_enough_credits", "message": "No credits"}, {}, End.SHUT, False),
        ("brevo", 400, {"code": "invalid_parameter", "message": "email is not valid in to"}, {}, End.REJECTED, False),
        ("mailjet", 400, {"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": "not a valid address"}]}]}, {}, End.REJECTED, False),
        ("mailjet", 200, {"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0001", "StatusCode": 403, "ErrorMessage": "blocked"}]}]}, {}, End.SHUT, False),
        ("resend", 429, {"statusCode": 429, "name": "daily_quota_exceeded", "message": "quota"}, {}, End.DEFERRED, False),
        ("resend", 409, {"statusCode": 409, "name": "concurrent_idempotent_requests", "message": "…"}, {}, End.DEFERRED, False),
        ("resend", 403, {"statusCode": 403, "name": "invalid_api_key", "message": "API key is invalid"}, {}, End.SHUT, False),
        ("sendgrid", 400, {"errors": [{"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email"}]}, {}, End.REJECTED, False),
    ],
)  # fmt: skip
def test_their_words_become_ours(name: str, status: int, body: object, headers: dict[str, str], end: End, is_hard: bool) -> None:  # noqa: FBT001 -- a column of the table
    handed = all_of("http://x.example")[name].read(Answer(status, headers, json.dumps(body).encode(), 0.1))
    assert (handed.end, handed.is_hard, handed.code) == (end, is_hard, status)
    assert handed.text


class Odd(Brevo):
    """Stumbles over what it is given."""

    def write(self, mail: Ready) -> Request:
        if "write" in self.api_key:
            raise KeyError("what?")
        return Brevo.write(self, mail)

    def read(self, answer: Answer) -> Handed:
        raise KeyError(answer.status)


def test_a_mistake_of_ours_costs_one_mail(stub: Stub) -> None:
    handed, notes = post(Odd("write", stub.url))
    assert handed is not None
    assert (handed.end, notes, stub.asked) == (End.ODD, [], [])
    handed, notes = post(Odd("read", stub.url))
    assert handed is not None
    assert (handed.end, notes) == (End.IN_DOUBT, ["left"])


def test_a_lost_answer_leaves_a_doubt_that_only_a_key_resolves(stub: Stub) -> None:
    stub.hangs_up = True
    for name, may_repeat in (("brevo", False), ("resend", True)):
        handed, notes = post(all_of(stub.url)[name])
        assert handed is not None
        assert (handed.end, handed.may_repeat, notes) == (End.IN_DOUBT, may_repeat, ["left"])
    assert stub.asked[1][1]["idempotency-key"] == f"hudhud/{NAME}"


def test_without_a_connection_nothing_has_left(stub: Stub) -> None:
    handed, notes = post(Brevo("key", "http://127.0.0.1:9"))
    assert handed is not None
    assert (handed.end, notes) == (End.SHUT, ["left", "refused"])
    assert post(Brevo("key", stub.url), may=False) == (None, [])
    assert stub.asked == []


def test_who_does_not_answer_in_time_leaves_a_doubt(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress.Egress.post, "__kwdefaults__", {"total_s": 0.3})
    wait = threading.Event()
    monkeypatch.setattr(Stub, "hangs_up", property(lambda _self: wait.wait(1.0) and False, lambda _self, _value: None), raising=False)
    handed, notes = post(Brevo("key", stub.url))
    assert handed is not None
    assert (handed.end, notes) == (End.IN_DOUBT, ["left"])


def test_signature_version_4_is_that_of_amazon_s_own_library() -> None:
    """The signature was made by botocore from the same body, region, time and keys."""
    ses = Ses("us-east-1", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", now=lambda: datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    assert ses.sign(b"{}").headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/ses/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, "
        "Signature=8f57d0660ac0c2938c88e60899593d6495209f26af7b5bcbb7247da1adf7efc1"
    )


def test_mail_goes_by_a_provider_from_plan_to_outcome(desk: Desk, stub: Stub) -> None:
    say(stub, *GOOD["ses"])
    settings: dict[str, Any] = {"region": "eu-west-1", "access_key_id": "AKID", "secret_access_key": "s", "endpoint": stub.url, "lines": 2}
    with desk.db.workspace(desk.workspace_id) as ws:
        keeping.create_sender(ws, desk.around, SenderGiven("SES", "ses", settings), make.NOW, by="user:1")
    desk.send("ada@example.com", "mari@example.com")
    desk.work()
    assert set(desk.states().values()) == {("accepted", "")}
    assert sorted(json.loads(body)["Destination"]["ToAddresses"][0] for _, _, body in stub.asked) == ["ada@example.com", "mari@example.com"]
    say(stub, 403, {"message": "The security token included in the request is invalid."})
    desk.send("eve@example.com")
    desk.work()
    assert desk.states()["eve@example.com"] == ("planned", "")
    assert "security token" in str(desk.rows("SELECT trouble FROM sender"))


def test_a_mail_at_which_the_other_side_shuts_its_door_keeps_no_others_from_leaving(desk: Desk, stub: Stub) -> None:
    """A firewall before the provider answers 403 to one text: the breaker must not ask with that one for ever."""
    say(stub, *GOOD["ses"])
    stub.shuts_at = b"p0@example.com"
    settings: dict[str, Any] = {"region": "eu-west-1", "access_key_id": "AKID", "secret_access_key": "s", "endpoint": stub.url, "lines": 1}
    with desk.db.workspace(desk.workspace_id) as ws:
        keeping.create_sender(ws, desk.around, SenderGiven("SES", "ses", settings), make.NOW, by="user:1")
    desk.send(*[f"p{number}@example.com" for number in range(5)])
    for _ in range(8):
        desk.work()
        desk.clock.at += timedelta(seconds=4)
    states = desk.states()
    assert states.pop("p0@example.com")[0] == "planned"
    assert set(states.values()) == {("accepted", "")}
