"""What speaks against sending: each check finds what it is for, and says nothing of a mail that is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.content.actions import publish, read_ready_template
from hudhud.content.checking.checks import Finding, check_copies
from hudhud.content.checking.page import contrast, read_page
from hudhud.content.checking.spam import PHRASES, find_phrases
from hudhud.content.copies import read_copies
from hudhud.content.types import Copy
from tests import make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Database, Scope


@pytest.fixture
def ws(db: Database) -> Iterator[Scope]:
    with db.workspace(make.workspace(db)) as scope:
        make.person(scope, "ada@example.com", plan="pro")
        make.person(scope, "max@example.com")
        yield scope


WELL = {"subject": "New kettles", "preheader": "Three of them", "mode": "blocks"}


def document(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    numbered = [{"id": f"b{number}", **block} for number, block in enumerate(blocks)]
    return {
        **WELL,
        "document": {
            "version": 1,
            "blocks": [*numbered, {"type": "text", "id": "rest", "html": "Enough words that are not in a picture, in a text."}],
            **more,
        },
    }


def found(ws: Scope, sandbox: Sandbox, copy: dict[str, Any], language: str = "en", *, is_service: bool = False) -> list[Finding]:
    return check_copies(ws, sandbox, read_copies({language: copy}), is_service=is_service)


def codes(ws: Scope, sandbox: Sandbox, copy: dict[str, Any], language: str = "en", *, is_service: bool = False) -> set[str]:
    return {one.code for one in found(ws, sandbox, copy, language, is_service=is_service)}


def test_a_mail_that_is_well_is_not_spoken_against(ws: Scope, sandbox: Sandbox) -> None:
    assert found(ws, sandbox, document({"type": "button", "text": "See them", "href": "https://shop.example"})) == []
    for language in ("en", "et", "fa", "ar"):
        names = read_ready_template("birthday_greeting")[1][language]
        assert codes(ws, sandbox, names, language) <= {"value_without_fallback"}


def test_what_stops_a_mail_is_an_error_with_its_place(ws: Scope, sandbox: Sandbox) -> None:
    for block, code in (
        ({"type": "text", "html": "{{ persn.name }}"}, "unknown_variable"),
        ({"type": "text", "html": "{{ person.name | shout }}"}, "unknown_filter"),
        ({"type": "text", "html": "{% if person.a %}"}, "liquid"),
        ({"type": "button", "text": "x", "href": "shop.example"}, "link_nowhere"),
        ({"type": "snippet", "key": "gone"}, "snippet_gone"),
        ({"type": "boat"}, "block_shape"),
    ):
        (one,) = found(ws, sandbox, document(block))
        assert (one.level, one.code) == ("error", code)
        assert one.place.startswith("languages.en.document.blocks")
    assert codes(ws, sandbox, {"subject": "", "mjml": "<mj-section></mj-section>"}) == {"empty"}


def test_values_that_people_lack_are_counted(ws: Scope, sandbox: Sandbox) -> None:
    text = "Dear {{ person.first_name }}, {{ person.plan }} {% if person.age %}{{ person.age }}{% endif %}{{ person.city | default: 'here' }} {{ event.total | money }}{% for i in event.lines %}{{ i.name }}{% endfor %}"
    told = {
        one.detail["path"]: one.detail
        for one in found(ws, sandbox, document({"type": "text", "html": text}))
        if one.code == "value_without_fallback"
    }
    # Everybody has a first name; the plan is one person's alone; what an event brings is not known beforehand.
    assert told == {
        "person.plan": {"path": "person.plan", "people": 2, "without": 1},
        "event.total": {"path": "event.total"},
        "event.lines": {"path": "event.lines"},
    }


def test_whoever_advertises_offers_a_way_out_and_says_who_they_are(ws: Scope, sandbox: Sandbox) -> None:
    bare = {"mode": "html", "subject": "x", "preheader": "y", "html": "<p>Some words that make it a mail with a text.</p>"}
    assert codes(ws, sandbox, bare) == {"no_unsubscribe", "no_postal_address"}
    assert codes(ws, sandbox, bare, is_service=True) == set()
    assert codes(ws, sandbox, document(service=True)) == set()
    assert "no_unsubscribe" in codes(ws, sandbox, document(frame=False))
    whole = {**bare, "html": bare["html"] + '<a href="{{ unsubscribe_url }}">Leave</a> Pikk 1, Tallinn'}
    assert codes(ws, sandbox, whole) == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subject": "A subject that goes on and on, well beyond what any mail program has ever shown of one"}, "subject_long"),
        ({"subject": "NEW KETTLES ARE HERE"}, "subject_shouts"),
        ({"subject": "New!! Kettles"}, "subject_shouts"),
        ({"preheader": ""}, "no_preheader"),
        ({"subject": "Click here"}, "spam_words"),
    ],
)
def test_the_envelope_is_read(ws: Scope, sandbox: Sandbox, change: dict[str, Any], code: str) -> None:
    assert codes(ws, sandbox, {**document(), **change}) == {code}


def test_the_page_is_read(ws: Scope, sandbox: Sandbox) -> None:
    assert codes(ws, sandbox, document({"type": "image", "src": "https://x.example/a.png", "alt": ""})) == {"picture_without_words"}
    assert codes(ws, sandbox, document({"type": "text", "html": "x <font>y</font>"})) == {"tags_left_out"}
    faint = [
        one
        for one in found(ws, sandbox, document({"type": "text", "html": "pale", "style": {"color": "#cccccc"}}))
        if one.code == "low_contrast"
    ]
    assert [(one.detail["text"], one.detail["color"], one.detail["background"]) for one in faint] == [("pale", "#cccccc", "#ffffff")]
    long = document(*({"type": "text", "html": "words " * 250} for _ in range(80)))
    assert codes(ws, sandbox, long) == {"too_large"}
    picture = {
        **WELL,
        "document": {
            "version": 1,
            "frame": False,
            "service": True,
            "blocks": [{"type": "image", "id": "i", "src": "https://x.example/a.png", "alt": "Sale"}],
        },
    }
    assert codes(ws, sandbox, picture) == {"little_text"}


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    page = read_page(
        '<div style="background:#fff"><b style="color:#777;font-size:20px">large</b><i style="color:rgb(119,119,119)">small</i><span style="display:none;color:#fff">no</span></div>'
    )
    assert [one.text for one in page.faint] == ["small"]


def test_phrases_are_words_of_their_own() -> None:
    assert find_phrases("A breadwinner acts nowhere", "en") == []
    assert find_phrases("You are a WINNER, act now", "et") == ["winner", "act now"]
    for language, phrases in PHRASES.items():
        for phrase in phrases:
            assert phrase in find_phrases(f"x {phrase}, y", language)


def test_what_the_checks_call_sound_can_be_published(ws: Scope, sandbox: Sandbox) -> None:
    copy = document({"type": "products"})
    assert not [one for one in found(ws, sandbox, copy) if one.level == "error"]
    assert publish(ws, sandbox, "sound", {"en": "Sound"}, {"en": copy}, actor="test", now=make.NOW)
    assert Copy(**copy).source()["document"] == copy["document"]


@pytest.mark.long
def test_behind_a_copy_that_takes_too_long_no_other_is_looked_at(ws: Scope, sandbox: Sandbox) -> None:
    bomb = {"subject": "x", "mode": "html", "html": "<!--" * 70_000}
    told = check_copies(ws, sandbox, read_copies(dict.fromkeys(("en", "et", "fa", "ar"), bomb)), is_service=False)
    assert [(one.code, one.language) for one in told] == [("too_complex", "en")]
