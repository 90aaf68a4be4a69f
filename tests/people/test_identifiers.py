from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.people.identifiers import normal_country, normal_email, normal_language, normal_phone, normal_zone
from hudhud.people.types import BadIdentifier

LONG = "a" * 64


@pytest.mark.parametrize(
    ("given_", "normal"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  ann@EXAMPLE.Com ", "ann@example.com"),
        ("Ann.Lee+shop@example.com", "Ann.Lee+shop@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("jürgen@example.com", "jürgen@example.com"),
        ("ju\u0308rgen@example.com", "jürgen@example.com"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
        ("1@shop.test", "1@shop.test"),
        (f"{LONG}@example.com", f"{LONG}@example.com"),
        # Letters that look Latin (Cyrillic а) are letters of their own: another domain, in letters that show it.
        ("ann@ex\u0430mple.com", "ann@xn--exmple-4nf.com"),
        (f"{'a' * 60}@{'b' * 63}.{'c' * 63}.{'d' * 60}.com", f"{'a' * 60}@{'b' * 63}.{'c' * 63}.{'d' * 60}.com"),
        ("ann@a-b.c-d.example.com", "ann@a-b.c-d.example.com"),
    ],
)
def test_an_address_has_one_normal_form(given_: str, normal: str) -> None:
    assert normal_email(given_) == normal


@pytest.mark.parametrize(
    "bad",
    ["", "ann", "a@b", "@example.com", "ann@", ".ann@example.com", "ann.@example.com", "a..n@example.com", "ann@example.com.", "ann@exam ple.com",
     "ann@example.com, bob@example.com", "ann@-example.com", "ann@example-.com", f"{LONG}a@example.com", f"ann@{'a' * 64}.com", f"{'a' * 61}@{'b' * 63}.{'c' * 63}.{'d' * 61}.com", "ann@a--.com", "ann@exam\u200bple..com", "ann@[127.0.0.1]",
     "ann@ex_ample.com", "ann\r\nBcc: x@example.com", "ann@example.com\0", '"ann lee"@example.com'],
)  # fmt: skip
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(BadIdentifier, match=r"^email: "):
        normal_email(bad)


TEXTS = st.one_of(
    st.emails(),
    st.text(max_size=40),
    st.from_regex(r"[A-Za-z0-9._%+-]{1,12}@[A-Za-z0-9.-]{1,20}\.[A-Za-z]{1,5}", fullmatch=True),
)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_normalising_again_changes_nothing(text: str) -> None:
    try:
        normal = normal_email(text)
    except BadIdentifier:
        return
    assert normal_email(normal) == normal
    assert normal.isprintable()


@given(st.from_regex(r"[A-Za-z0-9._+-]{1,12}@[A-Za-z0-9.-]{1,20}\.[A-Za-z]{1,5}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_the_quick_way_decides_as_the_validator_does(text: str) -> None:
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, strict=True)
        expected = f"{found.local_part}@{str(found.ascii_domain).lower()}" if "." in str(found.ascii_domain) else None
    except EmailNotValidError:
        expected = None
    try:
        ours = normal_email(text)
    except BadIdentifier:
        ours = None
    assert ours == expected


@pytest.mark.parametrize(
    ("given_", "normal"),
    [
        ("+372 5551 2345", "+37255512345"),
        ("0037255512345", "+37255512345"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("+٣٧٢٥٥٥١٢٣٤٥", "+37255512345"),
    ],
)
def test_a_phone_number_is_e164(given_: str, normal: str) -> None:
    assert normal_phone(given_) == normal
    assert normal_phone(normal) == normal


@pytest.mark.parametrize("bad", ["", "5551234", "+0123456789", "+372", "+3725551234567890", "+372 call me"])
def test_a_phone_number_without_country_is_refused(bad: str) -> None:
    with pytest.raises(BadIdentifier, match=r"like \+37255512345"):
        normal_phone(bad)


def test_places_are_codes_or_nothing() -> None:
    assert [normal_language(text) for text in ("fa-IR", "EN", "et_EE.UTF-8", "persian", 7, "")] == ["fa", "en", None, None, None, None]
    assert [normal_country(text) for text in ("ee", "EST", "", None)] == ["EE", None, None, None]
    assert [normal_zone(text) for text in ("Europe/Tallinn", "Mars/Base", None)] == ["Europe/Tallinn", None, None]
