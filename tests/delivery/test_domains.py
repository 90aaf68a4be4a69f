"""Domains: signatures that an independent library verifies, and what DNS should say and says, asked of a name server of the test's own."""

from __future__ import annotations

import base64
import itertools
import re
import socketserver
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dkim
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudhud.content.actions import install_ready
from hudhud.delivery.domains import asking, keeping
from hudhud.delivery.domains.dkim import Signer, canonical_body, make_keys, sign, to_record
from hudhud.delivery.domains.records import Record, judge
from hudhud.kit.errors import InvalidInput
from tests import make
from tests.delivery.conftest import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.delivery.domains.records import RecordKind
    from tests.delivery.conftest import Desk

HOST = "mail.example"
RSA, ED25519 = make_keys()


class Zone(socketserver.ThreadingUDPServer):
    """A name server: texts by (name, type); `silent` names get no answer."""

    def __init__(self) -> None:
        """Listen on any port."""
        super().__init__(("127.0.0.1", 0), _Asked)
        self.records: dict[tuple[str, str], list[str]] = {}
        self.silent: set[str] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Asked(socketserver.BaseRequestHandler):
    server: Zone

    def handle(self) -> None:
        data, line = self.request
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        if name in self.server.silent:
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        texts = self.server.records.get((name, kind), [])
        if texts:
            wire = [quoted(text) if kind == "TXT" else f"{text.rstrip('.')}." for text in texts]
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *wire))
        elif not any(known == name for known, _ in self.server.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        line.sendto(reply.to_wire(), self.client_address)


def quoted(text: str) -> str:
    """A TXT in pieces of 255, as long keys come."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


@pytest.fixture
def zone() -> Iterator[Zone]:
    """A name server."""
    with Zone() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def look(desk: Desk, zone: Zone, domain: str = "example.com") -> dict[str, Any]:
    return keeping.look_up(lambda: desk.db.workspace(desk.workspace_id), domain, HOST, zone.address, desk.clock.now())


def put(desk: Desk, domain: str = "example.com") -> dict[str, Any]:
    with desk.db.workspace(desk.workspace_id) as ws:
        keeping.create_domain(ws, KEYS, domain, desk.clock.now(), by="user:1")
        return next(one for one in keeping.find_domains(ws, HOST) if one["domain"] == domain)


def publish(zone: Zone, shown: dict[str, Any], *, but: tuple[str, ...] = ()) -> None:
    for record in shown["records"]:
        if record["kind"] not in but:
            zone.records[record["name"], record["type"]] = [record["value"]]


def states(shown: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["kind"]: (one["state"], one["problem"]) for one in shown["checks"]}


def verify(mail: bytes, index: int, texts: dict[str, str]) -> bool:
    def ask(name: bytes, timeout: int = 5) -> bytes:  # noqa: ARG001 -- the library's contract
        return texts[name.decode().rstrip(".")].encode()

    try:
        return bool(dkim.DKIM(mail).verify(idx=index, dnsfunc=ask))
    except dkim.ValidationError:
        return False


def signing(desk: Desk, zone: Zone) -> dict[str, str]:
    """Let DNS name the keys; return their records by name."""
    shown = put(desk)
    publish(zone, shown)
    assert look(desk, zone)["signs"] == {"rsa": True, "ed25519": True}
    return {record["name"]: record["value"] for record in shown["records"] if record["kind"].startswith("dkim")}


def sent(desk: Desk) -> list[bytes]:
    return [base64.b64decode(entry.raw) for entry in desk.ledger.entries()]


def test_mail_is_signed_with_both_keys_from_when_dns_names_them(desk: Desk, zone: Zone) -> None:
    desk.send("early@example.org")
    desk.work()
    texts = signing(desk, zone)
    desk.send("ada@example.org", "mari@example.org", "mägi@example.org")
    desk.work()
    early, *mails = sent(desk)
    assert b"dkim-signature" not in early.lower()
    assert len(mails) == 3
    assert all(verify(mail, index, texts) for mail in mails for index in (0, 1))


@pytest.mark.long
def test_all_ready_mails_in_four_languages_are_verified(desk: Desk, zone: Zone) -> None:
    texts = signing(desk, zone)
    with desk.db.workspace(desk.workspace_id) as ws:
        keys = install_ready(ws, desk.sandbox, actor="test", now=make.NOW)
    for language, (number, key) in itertools.product(("en", "et", "fa", "ar"), enumerate(keys)):
        address = f"{language}{number}@example.org"
        desk.send(address, template=key, topic="transactional", step=key)
        with desk.db.workspace(desk.workspace_id) as ws:
            query = "UPDATE person SET language = %s WHERE id = (SELECT person_id FROM identifier WHERE value = %s)"
            ws.conn.execute(query, (language, address))
    desk.work(most_s=60.0)
    mails = sent(desk)
    assert {re.search(rb"Content-Language: (..)", mail)[1] for mail in mails} == {b"en", b"et", b"fa", b"ar"}  # type: ignore[index]
    assert len(mails) > len(keys)
    assert all(verify(mail, index, texts) for mail in mails for index in (0, 1))


@given(st.lists(st.sampled_from([b" ", b"\t", b"a", b"=20", b".", b"\r\n", b"  ", b"\r\n\r\n"]), max_size=30).map(b"".join))
def test_any_body_is_signed_as_it_will_be_read(body: bytes) -> None:
    mail = (
        b'From: "A" <a@example.com>\r\nSubject: x \t y\r\n z\r\nTo: b@example.org\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\n\r\n'
        + body
        + b"\r\n"
    )
    signed = sign([Signer("example.com", "s", RSA)], mail, make.NOW)
    assert verify(signed, 0, {"s._domainkey.example.com": to_record(RSA)})
    assert canonical_body(body).strip(b"\r\n") == b"" or canonical_body(body).endswith(b"\r\n")


HEAD = b"From: a@example.com\r\nTo: b@example.org\r\nSubject: s\r\nDate: d\r\nMessage-ID: <1@example.com>\r\nList-Unsubscribe: <https://e.example>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def test_a24_what_counts_is_signed_and_nobody_adds_a_from() -> None:
    signed = sign([Signer("example.com", "s", RSA), Signer("example.com", "e", ED25519)], HEAD + b"\r\nHi\r\n", make.NOW)
    texts = {"s._domainkey.example.com": to_record(RSA), "e._domainkey.example.com": to_record(ED25519)}
    assert verify(signed, 0, texts)
    assert verify(signed, 1, texts)
    names = signed.partition(b"h=")[2].partition(b";")[0].replace(b"\r\n", b"").replace(b" ", b"").decode().split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post", "from", "subject", "date", "to", "message-id"} <= set(names)
    assert (names.count("from"), names.count("list-unsubscribe")) == (2, 1)
    own, other = signed.split(b"From: a@example.com\r\n")
    forged = own + b"From: eve@example.net\r\nFrom: a@example.com\r\n" + other
    assert not verify(forged, 0, texts)
    assert not verify(signed.replace(b"Hi\r\n", b"Ho\r\n"), 0, texts)


def test_dns_is_asked_and_every_record_has_its_answer(desk: Desk, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_S", 0.6)
    shown = put(desk)
    assert [record["kind"] for record in shown["records"]] == ["dkim", "dkim_ed25519", "spf", "dmarc", "mx", "tls_rpt", "bimi"]
    assert {state for state, _ in states(look(desk, zone)).values()} == {"missing"}
    publish(zone, shown, but=("bimi",))
    zone.silent.add("_dmarc.example.com")
    found = states(look(desk, zone))
    assert found.pop("dmarc") == ("unknown", "no_answer")
    assert found.pop("bimi") == ("missing", "")
    assert set(found.values()) == {("good", "")}
    zone.silent.clear()
    assert states(look(desk, zone))["dmarc"] == ("good", "only_watches")


def test_a_key_that_dns_has_named_goes_on_signing(desk: Desk, zone: Zone) -> None:
    shown = put(desk)
    publish(zone, shown)
    look(desk, zone)
    zone.records.clear()
    assert look(desk, zone)["signs"] == {"rsa": True, "ed25519": True}
    desk.clock.at += timedelta(minutes=1)
    desk.send("ada@example.org")
    desk.work()
    assert base64.b64decode(desk.ledger.entries()[-1].raw).startswith(b"DKIM-Signature: ")


VALUE = to_record(RSA)
SPF = "v=spf1 include:amazonses.com ~all"


@pytest.mark.parametrize(
    ("kind", "value", "found", "verdict"),
    [
        ("dkim", VALUE, [VALUE.replace("p=", "p= ")], ("good", "")),
        ("dkim", VALUE, [to_record(make_keys()[0])], ("wrong", "other_key")),
        ("dkim", VALUE, ["v=DKIM1; p="], ("wrong", "revoked_key")),
        ("spf", SPF, ["google-site-verification=1", SPF], ("good", "")),
        ("spf", SPF, [SPF, "v=spf1 -all"], ("wrong", "several")),
        ("spf", SPF, ["v=spf1 mx ~all"], ("weak", "lacks_sender")),
        ("spf", SPF, ["v=spf1 include:amazonses.com +all"], ("wrong", "lets_all")),
        (
            "spf",
            SPF,
            ["v=spf1 include:amazonses.com " + " ".join(f"include:{n}.example" for n in range(10)) + " ~all"],
            ("wrong", "too_many_look_ups"),
        ),
        ("spf", SPF, ["v=spf10 x"], ("missing", "")),
        ("dmarc", "", ["v=DMARC1; p=reject"], ("good", "")),
        ("dmarc", "", ["v=DMARC1; p=quarantine; pct=20"], ("weak", "partly")),
        ("dmarc", "", ["v=DMARC1; rua=mailto:a@b.example"], ("wrong", "no_policy")),
        ("mx", "", ["0 ."], ("wrong", "takes_no_mail")),
        ("return_path", "10 mail.example", ["10 elsewhere.example."], ("wrong", "goes_elsewhere")),
        ("return_path", "10 mail.example", ["5 MAIL.example."], ("good", "")),
    ],
)
def test_what_an_answer_means(kind: RecordKind, value: str, found: list[str], verdict: tuple[str, str]) -> None:
    check = judge(Record(kind, "example.com", "MX" if kind in ("mx", "return_path") else "TXT", value), found)
    assert (check.state, check.problem) == verdict


def test_dmarc_of_the_domain_above_counts(desk: Desk, zone: Zone) -> None:
    shown = put(desk, "news.example.com")
    publish(zone, shown, but=("dmarc",))
    zone.records["_dmarc.example.com", "TXT"] = ["v=DMARC1; p=reject"]
    assert states(look(desk, zone, "news.example.com"))["dmarc"] == ("good", "of_parent")


def test_keys_are_made_once_and_sealed(desk: Desk) -> None:
    first = put(desk)
    assert put(desk)["records"] == first["records"]
    ((sealed,),) = desk.rows("SELECT rsa_sealed FROM sending_domain")
    assert b"PRIVATE KEY" not in bytes(sealed)  # type: ignore[call-overload] -- a bytea
    for domain, number in itertools.product(("localhost", "a b.example", "-x.example"), range(1)):
        with desk.db.workspace(desk.workspace_id) as ws, pytest.raises(InvalidInput):
            keeping.create_domain(ws, KEYS, domain, make.NOW + timedelta(days=number), by="user:1")
