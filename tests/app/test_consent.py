"""Routes about consent: topics that confirm, lists of blocked addresses, wordings, the page as people see it; who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.browser import PASSWORD, Browser

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring

OWNER = {"email": "ada@example.com", "password": PASSWORD, "workspace": "Ours"}


@pytest.fixture
def owner(web: Wiring) -> Browser:
    assert web is not None
    browser = Browser()
    assert browser.ask("POST", "setup", OWNER)[0] == 201
    return browser


def test_a_topic_that_confirms_brings_its_mail_along_and_leaves_one_that_was_written(owner: Browser) -> None:
    assert owner.ask("PUT", "topics/newsletter/confirmation", {"is_on": True})[1]["confirms"] is True
    assert {one["key"]: one["confirms"] for one in owner.ask("GET", "topics")[1]["items"]} == {
        "newsletter": True, "offers": False, "transactional": False
    }  # fmt: skip
    mail = owner.ask("GET", "templates/confirm_subscription")[1]
    copies = {language: {"subject": copy["subject"], "mjml": copy["mjml"]} for language, copy in mail["languages"].items()}
    copies["en"]["subject"] = "Ours"
    owner.ask("PUT", "templates/confirm_subscription", {"names": mail["names"], "languages": copies})
    owner.ask("PUT", "topics/offers/confirmation", {"is_on": True})
    assert owner.ask("GET", "templates/confirm_subscription")[1]["languages"]["en"]["subject"] == "Ours"
    assert owner.ask("PUT", "topics/newsletter/confirmation", {"is_on": False})[1]["confirms"] is False
    assert owner.ask("PUT", "topics/transactional/confirmation", {"is_on": True})[0] == 404


def test_a_list_is_blocked_line_by_line_and_lifted_by_whoever_may(owner: Browser) -> None:
    taken = owner.ask("POST", "suppressions/list", {"text": "Email\nann@x.example\nnobody\nbob@x.example", "detail": "by phone"})[1]
    assert taken == {"added": 2, "known": 0, "refused": 1, "lines": [{"line": 3, "text": "nobody"}]}
    assert owner.ask("POST", "suppressions/list", {"text": "Ann@x.example"})[1]["known"] == 1
    found = owner.ask("GET", "suppressions?reason=manual&search=ann")[1]
    assert ([one["address"] for one in found["items"]], found["counts"]) == (["ann@x.example"], {"manual": 2})
    marketer = Browser(key=owner.ask("POST", "keys", {"kind": "api", "scopes": ["write"]})[1]["key"])
    assert marketer.ask("DELETE", "suppressions/email/ann@x.example")[0] == 403
    assert owner.ask("DELETE", "suppressions/email/ann@x.example")[0] == 204
    assert [one["address"] for one in owner.ask("GET", "suppressions")[1]["items"]] == ["bob@x.example"]
    assert owner.ask("GET", "audit")[1]["items"][0]["action"] == "suppression.lift"


def test_a_wording_is_shown_on_the_pages_before_and_after_it_is_saved(owner: Browser) -> None:
    assert set(owner.ask("GET", "consent/wordings")[1]["ready"]) == {"gdpr", "casl", "ccpa"}
    draft = owner.ask("POST", "consent/page", {"language": "fa", "texts": {"fa": "سلام {workspace}"}})[1]["html"]
    assert "سلام Ours" in draft
    assert 'dir="rtl"' in draft
    assert owner.ask("PUT", "consent/wordings", {"law": "own", "texts": {"en": "You ask {workspace}."}})[1]["version"] == 1
    assert owner.ask("PUT", "consent/wordings", {"law": "own", "texts": {"en": "You ask {workspace}."}})[1]["version"] == 1
    for page in ("preferences", "confirm"):
        assert "You ask Ours." in owner.ask("POST", "consent/page", {"page": page})[1]["html"]
    assert owner.ask("PUT", "consent/wordings", {"law": "own", "texts": {}})[0] == 422
