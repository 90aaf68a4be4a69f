"""The zoo of mails that come back (F-43), as they are and mauled: the right message, the right meaning, and nobody suppressed by an answering machine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.delivery.outcomes.classify import classify
from hudhud.delivery.outcomes.mails import MOST_BYTES, read_mail
from hudhud.delivery.outcomes.names import find_message, name_of
from hudhud.delivery.outcomes.types import Kind
from hudhud.delivery.returnpath import to_return_path
from tests.delivery.conftest import KEYS
from tests.delivery.outcomes.zoo import ZOO, Animal
from tests.make import NOW

REF = f"<77.{name_of(KEYS, 77)}@shop.example>"
PATH = to_return_path(KEYS, 77, "b.example")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("animal", ZOO, ids=lambda animal: animal.name)
def test_each_is_what_it_is(animal: Animal, line_end: str) -> None:
    body = animal.mail.replace("{ref}", REF).replace("\n", line_end).encode()
    read = read_mail(body, "bounce@b.example", NOW)
    assert read.problems == []
    if animal.kind is None:
        assert read.reports == []
        return
    [report] = read.reports
    verdict = classify(report.evidence)
    assert verdict.kind is animal.kind, verdict
    assert not animal.rule or verdict.rule == animal.rule
    # By our Message-ID in what came back, not by the envelope, nor by an address in the text.
    assert find_message(KEYS, report.tokens) == 77
    assert "{" not in report.raw or "raw" not in report.raw


def test_the_return_path_tells_where_nothing_came_back() -> None:
    animal = next(one for one in ZOO if one.name == "postfix_unknown")
    body = animal.mail.replace("Message-ID: {ref}\n", "").encode()
    for recipient in (PATH, PATH.upper()):
        [report] = read_mail(body, recipient, NOW).reports
        assert find_message(KEYS, report.tokens) == 77
    [report] = read_mail(body, "bounce@b.example", NOW).reports
    assert find_message(KEYS, report.tokens) is None


def test_somebody_else_s_message_is_not_named_by_an_address() -> None:
    forged = f"<77.{'A' * 32}@shop.example>"
    for animal in ZOO:
        for report in read_mail(animal.mail.replace("{ref}", forged).encode(), "bounce@b.example", NOW).reports:
            assert find_message(KEYS, report.tokens) is None


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(ZOO), st.data())
def test_mauled_mails_harm_nobody(animal: Animal, data: st.DataObject) -> None:
    body = bytearray(animal.mail.replace("{ref}", REF).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        if not body:
            break
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["cut", "byte", "double"])):
            case "cut":
                del body[at : at + data.draw(st.integers(1, 200))]
            case "byte":
                body[at] = data.draw(st.integers(0, 255))
            case _:
                body[at:at] = body[at : at + 300]
    read = read_mail(bytes(body), "bounce@b.example", NOW)
    assert len(read.reports) <= 1
    for report in read.reports:
        assert find_message(KEYS, report.tokens) in (77, None)
        if animal.kind is Kind.AUTO_REPLY and b"Auto-Submitted: auto-replied" in body.partition(b"\n\n")[0]:
            assert classify(report.evidence).kind not in (Kind.HARD_BOUNCE, Kind.COMPLAINT)


def test_a_mail_as_large_deep_or_broken_as_can_be_costs_next_to_nothing() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(500))
    many = b'Content-Type: multipart/report; boundary="b"\n\n' + b"--b\n\nx\n" * 5_000
    for body in (b"x" * (MOST_BYTES + 1), deep, many, b"\0" * 1_000, b"Content-Type: text/plain; charset=nonsense\n\n\xff"):
        read = read_mail(body, "bounce@b.example", NOW)
        assert read.reports == []
