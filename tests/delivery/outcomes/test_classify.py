"""What was said, and what it means: what replies, providers and notifications really say, and the laws that hold for whatever they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hudhud.delivery.outcomes.classify import classify
from hudhud.delivery.outcomes.types import Evidence, Kind, Verdict

HARD, SOFT, BLOCK, FULL = Kind.HARD_BOUNCE, Kind.SOFT_BOUNCE, Kind.BLOCK, Kind.MAILBOX_FULL


@pytest.mark.parametrize(
    ("code", "text", "kind", "rule"),
    [
        (550, "5.1.1 The email account that you tried to reach does not exist.", HARD, "status_5.1.1"),
        (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; not found", HARD, "status_5.1.10"),
        (550, "5.2.1 The email account that you tried to reach is disabled.", HARD, "status_5.2.1"),
        (552, "5.2.2 The email account that you tried to reach is over quota", FULL, "status_5.2.2"),
        (550, "5.7.1 [1.2.3.4] Our system has detected that this message is likely unsolicited mail; user unknown", BLOCK, "status_5.7.1"),
        (550, "5.7.26 This mail has been blocked because the sender is unauthenticated", BLOCK, "status_5.7.26"),
        (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", HARD, "5.4.1_edge_blocking"),
        (550, "5.4.1 no answer from host", SOFT, "status_5.4.1"),
        (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", HARD, "5.5.0_unavailable"),
        (550, "Requested action not taken: mailbox not found", HARD, "text_nobody"),
        (550, "No such user here", HARD, "text_nobody"),
        (554, "No such user here", SOFT, "code_554"),
        (550, "Mailbox is full / Blocks limit exceeded", FULL, "text_full"),
        (554, "Message rejected as spam; see policy", BLOCK, "text_policy"),
        (550, "Service unavailable; Client host [1.2.3.4] blocked using Spamhaus, user unknown", BLOCK, "text_policy"),
        (550, "no", SOFT, "code_550"),
        (450, "4.1.1 user unknown", Kind.DEFERRED, "status_4.1.1"),
        (421, "too many connections", Kind.DEFERRED, "code_421"),
        (250, "2.0.0 OK 1612 - gsmtp", Kind.DELIVERED, "status_2.0.0"),
        (550, "10.1.1.1 said no such mailbox", HARD, "text_nobody"),
    ],
)
def test_replies_at_the_recipient(code: int, text: str, kind: Kind, rule: str) -> None:
    assert classify(Evidence(text, code, verb="RCPT")) == Verdict(kind, rule)


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        # A sender that is refused says nothing about the recipient; of the content only a status tells that nobody is there.
        (Evidence("5.1.8 user unknown", 550, verb="MAIL"), BLOCK),
        (Evidence("user unknown", 550, verb="DOT"), SOFT),
        (Evidence("5.1.1 user unknown", 550, verb="DOT"), HARD),
        # A notification that gave up after days is no delay.
        (Evidence("450 4.2.2 mailbox full", status="4.2.2", action="failed"), FULL),
        (Evidence("451 4.7.1 greylisted", status="4.7.1", action="failed"), BLOCK),
        (Evidence("connection timed out", status="4.4.1", action="failed"), SOFT),
        (Evidence("connection timed out", status="4.4.1", action="delayed"), Kind.DEFERRED),
        (Evidence("host unknown", status="5.1.2", action="failed"), HARD),
        (Evidence("Host or domain name not found. Name service error for name=gone.example", status="5.4.4", action="failed"), HARD),
        # A provider's "permanent" gives way to what the receiver said: a block is no dead address.
        (Evidence("smtp; 550 5.7.1 blocked by policy", status="5.7.1", said=HARD), BLOCK),
        (Evidence("", status="5.2.2", said=HARD), FULL),
        (Evidence("", said=HARD), HARD),
        (Evidence("550 5.1.1 no such user", said=SOFT), HARD),
        (Evidence("421 try again", said=SOFT), SOFT),
        (Evidence("5.1.1 user unknown", 550, said=Kind.COMPLAINT), Kind.COMPLAINT),
        (Evidence("whatever", said=Kind.UNKNOWN), Kind.UNKNOWN),
        (Evidence(""), Kind.UNKNOWN),
    ],
)
def test_what_else_is_known_weighs_more_than_words(evidence: Evidence, kind: Kind) -> None:
    assert classify(evidence).kind is kind


def texts() -> st.SearchStrategy[str]:
    words = st.sampled_from(
        ["550", "5.1.1", "4.2.2", "user", "unknown", "mailbox full", "spam", "blocked", "no such user", "\0", "5.7.1", "-", "٥"]
    )
    return st.one_of(st.text(max_size=60), st.lists(words, max_size=8).map(" ".join))


evidences = st.builds(
    Evidence,
    text=texts(),
    code=st.one_of(st.none(), st.integers(200, 599)),
    status=st.one_of(st.just(""), st.from_regex(r"\A[245]\.\d\.\d{1,2}\Z"), texts()),
    action=st.sampled_from(["", "failed", "delayed", "delivered", "nonsense"]),
    verb=st.sampled_from(["", "MAIL", "RCPT", "DATA", "DOT", "GREETING"]),
    said=st.one_of(st.none(), st.sampled_from(Kind)),
    is_reply=st.booleans(),
)


@given(evidences)
def test_every_report_means_one_thing_and_an_answer_by_machine_nothing_else(evidence: Evidence) -> None:
    verdict = classify(evidence)
    assert verdict == classify(evidence)
    assert verdict.rule
    if evidence.is_reply:
        assert verdict.kind is Kind.AUTO_REPLY
    elif evidence.said is Kind.COMPLAINT:
        assert verdict.kind is Kind.COMPLAINT
    else:
        # Nobody complains by an SMTP reply.
        assert verdict.kind is not Kind.COMPLAINT


@given(texts(), st.sampled_from(["5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"]))
def test_no_words_take_back_what_a_status_says(text: str, status: str) -> None:
    assert classify(Evidence(text, 550, status=status, verb="RCPT")).kind is HARD


@given(texts(), st.sampled_from(["5.7.1", "5.7.26", "5.7.606"]))
def test_no_words_make_a_dead_address_of_a_block(text: str, status: str) -> None:
    assert classify(Evidence(text, 550, status=status, verb="RCPT")).kind is BLOCK


@given(texts(), st.integers(400, 499))
def test_what_may_be_tried_again_is_no_failure(text: str, code: int) -> None:
    assert classify(Evidence("x " + text, code, verb="RCPT")).kind is Kind.DEFERRED
