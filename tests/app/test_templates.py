"""Templates over HTTP: begun, drafted by two people, published, brought back, put away; shown before they are saved; the brand and snippets."""

from __future__ import annotations

import email
import email.policy
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.accounts.actions import create_key, create_owner
from tests import make
from tests.app.browser import Browser

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring
    from hudhud.kit.db import Database

DOCUMENT: dict[str, Any] = {
    # The order of members is the author's: it stays.
    "blocks": [
        {"type": "text", "id": "one", "html": '<p>Hi  {{ person.first_name | default: "you" }}\r\n</p>'},
        {"id": "two", "type": "snippet", "key": "help"},
    ],
    "version": 1,
}
COPY = {"mode": "blocks", "subject": "Hello", "preheader": "", "document": DOCUMENT, "text": ""}
HELP = {"en": [{"type": "text", "id": "s", "html": "Ask us {{ person.plan }}"}]}


@pytest.fixture
def shop(web: Wiring) -> int:
    return make.workspace(web.db)


@pytest.fixture
def db(web: Wiring) -> Database:
    return web.db


@pytest.fixture
def api(db: Database, shop: int) -> Browser:
    return client(db, shop)


def client(db: Database, workspace_id: int, name: str = "test") -> Browser:
    with db.workspace(workspace_id) as ws:
        return Browser(key=create_key(ws, kind="api", name=name, scopes=["read", "write"], now=make.NOW, actor="test")[1])


def done(answer: tuple[int, Any], status: int = 200) -> Any:  # noqa: ANN401 -- any JSON
    assert answer[0] == status, answer
    return answer[1]


def refused(answer: tuple[int, Any], status: int, code: str) -> dict[str, Any]:
    assert (answer[0], answer[1]["code"]) == (status, code), answer
    return dict(answer[1])


def test_a_template_from_its_first_draft_to_its_second_version(api: Browser, db: Database, shop: int) -> None:
    done(api.ask("PUT", "snippets/help", {"names": {"en": "Help"}, "languages": HELP}))
    made = done(api.ask("POST", "templates", {"names": {"fa": "خوش آمدید", "en": "Püsi & welcome!"}}), 201)
    assert (made["key"], made["revision"], made["number"]) == ("p_si_welcome", 1, None)
    key = made["key"]
    assert refused(api.ask("POST", f"templates/{key}/preview", {}), 404, "template_not_found")
    saved = done(api.ask("PUT", f"templates/{key}/draft", {"languages": {"en": COPY}, "revision": 1, "names": {"en": "Welcome"}}))
    assert list(saved["languages"]["en"]["document"]) == ["blocks", "version"]
    assert saved["languages"] == {"en": COPY}
    other = client(db, shop, "other")
    changed = refused(other.ask("PUT", f"templates/{key}/draft", {"languages": {}, "revision": 1}), 409, "draft_changed")
    assert changed["revision"] == 2
    assert done(api.ask("GET", "templates"))["items"][0]["has_draft"] is True
    assert done(api.ask("POST", f"templates/{key}/draft/publish", {"revision": 2}))["number"] == 1
    assert done(api.ask("GET", f"templates/{key}"))["languages"] == {"en": COPY}
    # Opened and saved as it is: nothing new is published.
    opened = done(api.ask("GET", f"templates/{key}/draft"))
    assert (opened["revision"], opened["names"]) == (0, {"en": "Welcome"})
    again = done(api.ask("PUT", f"templates/{key}/draft", {"languages": opened["languages"], "revision": 0}))
    assert again["revision"] == 3
    assert done(api.ask("POST", f"templates/{key}/draft/publish", {"revision": 3}))["number"] == 1
    assert refused(api.ask("POST", f"templates/{key}/draft/publish", {"revision": 3}), 404, "draft_not_found")
    html = {"mode": "html", "subject": "Two", "preheader": "", "html": "<P>Two\r\n<br>", "inline_css": False, "text": ""}
    done(api.ask("PUT", f"templates/{key}", {"names": {"en": "Welcome"}, "languages": {"en": html}}))
    assert done(api.ask("GET", f"templates/{key}"))["languages"]["en"] == html
    versions = done(api.ask("GET", f"templates/{key}/versions"))["items"]
    assert [(one["number"], one["is_current"], one["modes"]) for one in versions] == [
        (2, True, {"en": "html"}),
        (1, False, {"en": "blocks"}),
    ]
    assert done(api.ask("GET", f"templates/{key}/versions/1"))["languages"] == {"en": COPY}
    assert done(api.ask("POST", f"templates/{key}/versions/1/publish"))["number"] == 3
    assert done(api.ask("GET", f"templates/{key}"))["languages"] == {"en": COPY}
    copied = done(api.ask("POST", f"templates/{key}/duplicate", {"names": {"en": "Püsi & welcome!"}}), 201)
    assert copied["key"].startswith("p_si_welcome_")
    assert copied["languages"] == {"en": COPY}
    done(api.ask("DELETE", f"templates/{copied['key']}/draft?revision=1"), 204)
    refused(api.ask("GET", f"templates/{copied['key']}"), 404, "template_not_found")


def test_a_draft_may_be_unsound_but_is_not_published(api: Browser) -> None:
    made = done(api.ask("POST", "templates", {"key": "odd", "names": {"en": "Odd"}, "start": {"kind": "ready", "key": "cart_remind"}}), 201)
    assert set(made["languages"]) == {"en", "et", "fa", "ar"}
    assert made["languages"]["fa"]["mode"] == "mjml"
    broken = {"mode": "mjml", "subject": "{{ nobody.x }}", "mjml": "<mj-section></mj-section>"}
    done(api.ask("PUT", "templates/odd/draft", {"languages": {"en": broken}, "revision": 1}))
    assert (
        refused(api.ask("POST", "templates/odd/draft/publish", {"revision": 2}), 422, "template_error")["field"] == "languages.en.subject"
    )
    refused(api.ask("POST", "templates", {"key": "odd", "names": {"en": "x"}}), 409, "template_exists")
    refused(api.ask("POST", "templates", {"key": "ready", "names": {"en": "x"}}), 422, "invalid_input")
    refused(
        api.ask(
            "PUT", "templates/odd", {"names": {"en": "x"}, "languages": {"en": {"mode": "html", "subject": "x", "html": "x", "mjml": "y"}}}
        ),
        422,
        "invalid_input",
    )
    refused(api.ask("PUT", "templates/odd/draft", {"languages": {"en": {"subject": "a\0"}}, "revision": 2}), 422, "invalid_input")
    assert "cart_remind" in [one["key"] for one in done(api.ask("GET", "templates/ready"))["items"]]


def test_a_template_that_is_sent_stays(api: Browser, db: Database, shop: int) -> None:
    copy = {"en": {"subject": "x", "mjml": "<mj-section></mj-section>"}}
    for key in ("used", "free", "sent"):
        done(api.ask("PUT", f"templates/{key}", {"names": {"en": key}, "languages": copy}))
    graph = {
        "names": {"en": "Hi"},
        "trigger": {"kind": "event", "name": "Seen"},
        "start": "s",
        "nodes": {"s": {"kind": "send", "template": "used", "topic": "newsletter", "next": "e"}, "e": {"kind": "exit"}},
    }
    done(api.ask("PUT", "journeys/hi/draft", {"graph": graph, "revision": 0}))
    assert done(api.ask("GET", "templates/used/uses"))["items"] == [{"kind": "journey", "key": "hi", "names": {"en": "Hi"}}]
    assert done(api.ask("GET", "templates/free/uses"))["items"] == []
    for method, path in (("POST", "templates/used/archive"), ("DELETE", "templates/used")):
        assert refused(api.ask(method, path), 409, "template_in_use")["uses"][0]["key"] == "hi"
    with db.workspace(shop) as ws:
        person = make.person(ws)
        ws.conn.execute(
            "INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)"
            " VALUES (%s, 'api', 1, 's', 1, %s, 'email', 'newsletter', 'sent', '{}', now(), now(), now())",
            (shop, person),
        )
    refused(api.ask("DELETE", "templates/sent"), 409, "template_in_use")
    done(api.ask("POST", "templates/sent/archive"), 204)
    assert [one["key"] for one in done(api.ask("GET", "templates?archived=true"))["items"]] == ["sent"]
    done(api.ask("POST", "templates/sent/restore"), 204)
    done(api.ask("DELETE", "templates/free"), 204)
    assert [one["key"] for one in done(api.ask("GET", "templates"))["items"]] == ["sent", "used"]


def test_what_is_not_saved_is_shown_as_anybody_would_get_it(api: Browser, db: Database, shop: int) -> None:
    with db.workspace(shop) as ws:
        ada = make.person(ws, "ada@example.com", plan="pro")
        make.person(ws, "max@example.com", first_name="Maximiliane-Alexandra", plan="")
    copy = {"mode": "blocks", "subject": "Hi {{ person.first_name }}", "preheader": 'For {{ person.plan | default: "all" }}',
            "document": {"version": 1, "blocks": [{"type": "text", "id": "a", "html": '{{ person.first_name }} & {{ person.plan | default: "none" }} {{ event.v }}'}]}}  # fmt: skip

    def shown(**who: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
        return dict(done(api.ask("POST", "templates/preview", {"copy": copy, "language": "en", "event": {"v": "<1>"}, **who})))

    seen = shown(person_id=ada)
    assert (seen["subject"], seen["preheader"], seen["reason"], seen["direction"]) == ("Hi Ada", "For pro", "", "ltr")
    assert "Ada &amp; pro &lt;1&gt;" in seen["html"]
    assert "Ada & pro <1>" in seen["text"]
    assert seen["size"] == len(seen["html"].encode())
    assert {"person.first_name", "person.plan", "event.v"} <= set(seen["reads"])
    assert shown(worst="longest")["subject"] == "Hi Maximiliane-Alexandra"
    assert "Maximiliane-Alexandra &amp; none" in shown(worst="missing")["html"]
    nobody = shown()
    assert (nobody["reason"], nobody["html"]) == ("missing_value", "")
    assert "first_name" in nobody["detail"]
    refused(api.ask("POST", "templates/preview", {"copy": copy, "language": "en", "person_id": 9_999_999}), 404, "not_found")
    assert shown(person_id=ada, event={"v": 10**30})["text"].count("1" + 30 * "0") == 1
    huge = {
        "version": 1,
        "blocks": [{"type": "text", "id": "a", "html": "x", "show_if": {"all": [{"path": "event.v", "op": "is", "value": 10**30}]}}],
    }
    refused(api.ask("POST", "templates/preview", {"copy": {**copy, "document": huge}, "language": "en"}), 422, "invalid_input")
    refused(api.ask("PUT", "snippets/huge", {"names": {"en": "H"}, "languages": {"en": huge["blocks"]}}), 422, "invalid_input")
    broken = {**copy, "subject": "{{ nobody }}"}
    assert (
        refused(api.ask("POST", "templates/preview", {"copy": broken, "language": "en"}), 422, "template_error")["field"]
        == "languages.en.subject"
    )


def test_the_brand_and_snippets_dress_what_is_published_from_then_on(api: Browser) -> None:
    kit = done(api.ask("GET", "brand"))
    assert kit.pop("postal_address") == "Pikk 1, Tallinn"
    assert kit.pop("name") == "Shop"
    kit["colours"]["accent"] = "#00aa55"
    kit["logo"] = {"src": "https://shop.example/logo.png", "alt": "Shop", "width": 120}
    assert done(api.ask("PUT", "brand", kit))["logo"]["href"] == ""
    for colour in ("red", "#00aa55\n"):
        refused(api.ask("PUT", "brand", {**kit, "colours": {"accent": colour}}), 422, "invalid_input")
    refused(api.ask("PUT", "brand", {**kit, "footer": {"en": "{{ person.x }}"}}), 422, "invalid_input")
    refused(api.ask("PUT", "brand", {**kit, "colours": {"accnt": "#00aa55"}}), 422, "invalid_input")
    done(api.ask("PUT", "snippets/help", {"names": {"en": "Help"}, "languages": HELP}))
    done(api.ask("PUT", "templates/one", {"names": {"en": "One"}, "languages": {"en": COPY}}))
    event: dict[str, Any] = {"person_id": None, "event": {}}
    assert done(api.ask("POST", "templates/one/preview", event))["reason"] == "missing_value"
    # Another brand, other blocks: what is published stays until it is published again.
    assert refused(api.ask("DELETE", "snippets/help"), 409, "snippet_in_use")["uses"][0]["key"] == "one"
    refused(api.ask("PUT", "snippets/help", {"names": {"en": "Help"}, "languages": HELP, "revision": 0}), 409, "draft_changed")
    bad = {"en": [{"type": "text", "id": "s", "html": "{{ nope.x }}"}]}
    assert (
        "blocks.s.html"
        in refused(api.ask("PUT", "snippets/help", {"names": {"en": "Help"}, "languages": bad, "revision": 1}), 422, "template_error")[
            "field"
        ]
    )
    nested = {"en": [{"type": "snippet", "id": "s", "key": "help"}]}
    refused(api.ask("PUT", "snippets/help", {"names": {"en": "Help"}, "languages": nested, "revision": 1}), 422, "template_error")
    new = {"en": [{"type": "button", "id": "s", "text": "Ask", "href": "https://shop.example/ask"}]}
    assert done(api.ask("PUT", "snippets/help", {"names": {"en": "Help"}, "languages": new, "revision": 1}))["uses"] == 1
    assert done(api.ask("POST", "templates/one/preview", event))["reason"] == "missing_value"
    assert done(api.ask("POST", "snippets/help/republish"))["items"] == [{"key": "one", "number": 2, "is_new": True, "problem": ""}]
    shown = done(api.ask("POST", "templates/one/preview", event))["html"]
    assert "https://shop.example/ask" in shown
    assert "https://shop.example/logo.png" in shown
    assert "#00aa55" in shown
    assert done(api.ask("POST", "templates/one/republish")) == {"key": "one", "number": 2, "is_new": False, "problem": ""}


def test_a_test_goes_to_colleagues_and_to_nobody_else(api: Browser, db: Database, shop: int) -> None:
    """It is in the mailbox, as the person would get it; no message, no event, no counted link comes of it."""
    with db.workspace(shop) as ws:
        ada = make.person(ws, "ada@example.com")
        create_owner(ws, email="Me@shop.example", password_hash="!", name="Me", now=make.NOW, actor="test")
    copy = {
        "subject": "Hi {{ person.first_name }} — سلام",
        "mjml": make.fragment('.{{ person.first_name }}= <a href="https://x.example/?a=1&amp;b=2">x</a>'),
    }
    done(api.ask("POST", "templates", {"key": "one", "names": {"en": "One"}}), 201)
    done(api.ask("PUT", "templates/one/draft", {"languages": {"en": copy}, "revision": 1}))
    refused(
        api.ask("POST", "templates/one/test", {"to": ["me@shop.example"], "language": "en\r\nBcc: x", "copy": copy}), 422, "invalid_input"
    )
    for to in ("ada@example.com", "me", "anybody@example.com"):
        assert (
            "members"
            in refused(api.ask("POST", "templates/one/test", {"to": [to], "language": "en", "person_id": ada}), 422, "invalid_input")[
                "remedy"
            ]
        )
    assert done(api.ask("POST", "templates/one/test", {"to": ["me@shop.example"], "language": "en"}))["reason"] == "missing_value"
    assert done(api.ask("GET", "mailbox"))["items"] == []
    sent = done(api.ask("POST", "templates/one/test", {"to": ["me@shop.example", "ME@shop.example"], "language": "en", "person_id": ada}))
    assert [(one["address"], one["end"]) for one in sent["items"]] == [("me@shop.example", "mailbox")]
    (mail,) = done(api.ask("GET", "mailbox"))["items"]
    assert (mail["subject"], mail["recipient"], mail["message_id"]) == ("[Test] Hi Ada — سلام", "me@shop.example", None)
    with db.workspace(shop) as ws:
        (body,) = ws.conn.execute("SELECT body FROM mailbox").fetchone() or (b"",)
        assert ws.conn.execute("SELECT count(*) FROM message").fetchone() == (0,)
    parsed = email.message_from_bytes(bytes(body), policy=email.policy.default)
    assert isinstance(parsed, email.message.EmailMessage)
    page, words = parsed.get_body(("html",)), parsed.get_body(("plain",))
    assert page is not None
    assert words is not None
    assert 'href="https://x.example/?a=1&amp;b=2"' in page.get_content()
    assert ".Ada=" in words.get_content()
    assert "List-Unsubscribe" not in parsed


WELL = {"subject": "x", "mode": "html", "html": "<p>"}


ODD: list[tuple[str, dict[str, Any], int]] = [
    ("templates/preview", {"copy": {"subject": "x", "mode": ["html"], "html": "x"}, "language": "en"}, 422),
    ("templates/preview", {"copy": {"subject": "x", "mode": 5, "html": "x"}, "language": "en"}, 422),
    ("templates/preview", {"copy": {"subject": 5, "mjml": "x"}, "language": "en"}, 422),
    (
        "templates/preview",
        {"copy": {"subject": "x", "mode": "blocks", "document": {"version": 1, "blocks": {"a": 1}}}, "language": "en"},
        422,
    ),
    ("templates/preview", {"copy": {**WELL, "inline_css": 1}, "language": "en"}, 422),
    ("templates/preview", {"copy": {**WELL, "html": '<a href="https://[bad">x</a>'}, "language": "en"}, 422),
    ("templates/preview", {"copy": WELL, "language": "en", "person_id": 10**20}, 404),
    ("templates/preview", {"copy": WELL, "language": "en", "person_id": 1, "at": "0001-01-01T00:00:00"}, 422),
    ("templates/preview", {"copy": WELL, "language": "../en"}, 422),
    ("templates/check", {"languages": {"en": {**WELL, "html": '<p style="color:#12345;font-weight:\u0662">x<font color=zz>y'}}}, 200),
    ("templates", {"names": {"en": "x"}, "start": {"kind": "ready", "key": "../x"}}, 404),
    ("templates", {"names": {"en": "x"}, "start": {"kind": "blank", "language": "xx-"}}, 422),
    ("templates", {"names": {}}, 422),
    ("snippets/a", {"names": {"en": "x"}, "languages": {"en": [5]}}, 422),
    ("snippets/a", {"names": {"en": "x"}, "languages": {"en": []}}, 422),
]


def test_what_is_odd_is_refused_and_breaks_nothing(api: Browser) -> None:
    for path, body, status in ODD:
        done(api.ask("PUT" if path.startswith("snippets") else "POST", path, body), status)
