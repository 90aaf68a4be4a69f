"""The links in a mail: opens, clicks, one-click unsubscribe, preferences (A-12, A-21, A-22, A-23)."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from hudhud.delivery.compose import UNSUBSCRIBE
from hudhud.delivery.outcomes import engaged as engagement
from hudhud.delivery.outcomes.verdict import Hit, judge
from hudhud.edge.app import Edge
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys, numbered_seals
from tests import make
from tests.delivery.conftest import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx2 import Response

    from tests.delivery.conftest import Desk

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Mail:
    """A mail that was sent, and its links."""

    def __init__(self, desk: Desk, client: TestClient) -> None:
        """Read the newest mail in the ledger."""
        self.desk, self.client = desk, client
        message = desk.ledger.entries()[-1].message()
        part = message.get_body(("html",))
        assert part is not None
        self.headers, self.html = message, str(part.get_content())
        self.clicks = re.findall(r'href="https://mail\.example(/t/c/[^"]+)"', self.html)
        self.pixel = re.findall(r'src="https://mail\.example(/t/o/[^"]+)"', self.html)[0]
        self.unsubscribe = str(message["List-Unsubscribe"]).strip("<>").removeprefix("https://mail.example")

    def get(self, path: str, method: str = "GET", **headers: str) -> Response:
        """Follow nothing."""
        return self.client.request(method, path, headers={**BROWSER, **headers}, follow_redirects=False)

    def state(self) -> str:
        """Where the person stands on the topic."""
        return str(self.desk.rows("SELECT s.state FROM subscription s JOIN topic t ON t.id = s.topic_id WHERE t.key = 'newsletter'")[0][0])


@pytest.fixture
def mail(desk: Desk, tmp_path: Path) -> Iterator[Mail]:
    """One accepted mail with links, and the edge in front."""
    with desk.db.workspace(desk.workspace_id) as ws:
        body = '<a href="https://shop.example/?a=1&b=2">1</a><a href="https://shop.example/õ">2</a><a href="https://x.example/{{ person.id }}?q={{ person.first_name }}">3</a>'
        make.template(ws, desk.sandbox, "hello", body=body)
    desk.send("ada@example.com")
    desk.work()
    desk.clock.at += timedelta(minutes=5)
    settings = Settings(DATABASE_URL=desk.db.url, data=tmp_path)  # type: ignore[call-arg] -- by its alias
    with TestClient(Edge(settings, desk.clock, KEYS), base_url="https://mail.example") as client:
        yield Mail(desk, client)


def events(desk: Desk) -> list[dict[str, Any]]:
    """What the intake log was told."""
    return [json.loads(bytes(row[0])) for row in desk.rows("SELECT body FROM intake ORDER BY id")]  # type: ignore[arg-type]


def test_clicks_lead_to_the_exact_targets(mail: Mail) -> None:
    person_id = mail.desk.rows("SELECT id FROM person")[0][0]
    found = [mail.get(path) for path in mail.clicks]
    assert [one.status_code for one in found] == [302] * 3
    assert [one.headers["location"] for one in found] == [
        "https://shop.example/?a=1&b=2",
        "https://shop.example/%C3%B5",
        f"https://x.example/{person_id}?q=Ada",
    ]
    assert all("set-cookie" not in one.headers for one in found)
    assert mail.desk.rows("SELECT kind, link, url FROM engagement ORDER BY id")[1] == ("click", 1, "https://shop.example/õ")


def test_tampered_links_are_not_found_and_leave_no_trace(mail: Mail) -> None:
    token = mail.clicks[0].removeprefix("/t/c/")
    tampered = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(len(token))]
    for wrong in [*tampered, token[:-1], token + "A", "x", "https:%2F%2Fevil.example", KEYS.sign("open", b"\0" * 8)]:
        assert mail.get(f"/t/c/{wrong}").status_code == 404
    pixel = mail.pixel.removeprefix("/t/o/").removesuffix(".gif")
    for wrong in (pixel[:-1] + ("A" if pixel[-1] != "A" else "B"), pixel[:-2], token):
        assert mail.get(f"/t/o/{wrong}.gif").status_code == 404
    seals = numbered_seals(KEYS.derive("mail", 1), 100)
    assert mail.get(f"/t/c/99-1-{seals[99]}").status_code == 404
    assert mail.desk.rows("SELECT FROM engagement") == []


def test_a_reader_and_a_scanner_are_told_apart(mail: Mail) -> None:
    assert mail.get(mail.pixel).headers["content-type"] == "image/gif"
    mail.get(mail.clicks[0])
    mail.desk.clock.at += timedelta(hours=1)
    for path in mail.clicks:
        mail.get(path)
    mail.desk.clock.at += timedelta(hours=1)
    mail.get(mail.clicks[1], "HEAD")
    mail.get(mail.clicks[1])
    mail.desk.clock.at += timedelta(hours=1)
    mail.get(mail.pixel, **{"User-Agent": "Mozilla/5.0 GoogleImageProxy"})
    mail.desk.clock.at += timedelta(minutes=1)
    with mail.desk.db.everywhere() as everywhere:
        assert engagement.judge_hits(everywhere, mail.desk.clock.at) == 8
        assert engagement.judge_hits(everywhere, mail.desk.clock.at) == 0
    told = [(one["event"], one["properties"]["verdict"], one["properties"]["rule"]) for one in events(mail.desk)]
    assert told == [
        ("Message Opened", "human", "browser"),
        ("Message Clicked", "human", "browser"),
        *[("Message Clicked", "machine", "all_links_at_once")] * 3,
        ("Message Clicked", "machine", "not_a_get"),
        ("Message Clicked", "machine", "probed_before"),
        ("Message Opened", "unknown", "picture_proxy"),
    ]
    assert len({one["messageId"] for one in events(mail.desk)}) == 8
    assert mail.state() == "subscribed"


def test_looking_at_a_mail_at_its_delivery_is_no_reader() -> None:
    hit = Hit(1, "click", 0, make.NOW + timedelta(seconds=1), "GET", "")
    assert judge(hit, BROWSER["User-Agent"], [hit], make.NOW) == ("machine", "at_delivery")
    assert judge(hit._replace(at=make.NOW + timedelta(seconds=9)), BROWSER["User-Agent"], [], make.NOW) == (
        "unknown",
        "soon_after_delivery",
    )
    assert judge(hit, "", [hit], None) == ("machine", "no_agent")
    assert judge(hit, "Barracuda Sentinel", [hit], None) == ("machine", "scanner_agent")


BODIES = {
    "urlencoded": (FORM, b"List-Unsubscribe=One-Click", 200),
    "multipart": (
        {"Content-Type": "multipart/form-data; boundary=b"},
        b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
        200,
    ),
    "empty": ({}, b"", 200),
    "with a cookie": ({**FORM, "Cookie": "sessionid=x"}, b"List-Unsubscribe=One-Click", 200),
    "the button": (FORM, b"unsubscribe=1", 200),
    "wrong": (FORM, b"List-Unsubscribe=No", 400),
    "json": ({"Content-Type": "application/json"}, b'{"List-Unsubscribe": "One-Click"}', 400),
    "much": (FORM, b"x" * 200_000, 400),
}


def test_one_click_takes_the_forms_it_comes_in(mail: Mail) -> None:
    for name, (headers, body, status) in BODIES.items():
        mail.desk.rows("UPDATE subscription SET state = 'subscribed' RETURNING 1")
        mail.desk.clock.at += timedelta(minutes=1)
        answer = mail.client.post(mail.unsubscribe, content=body, headers=headers, follow_redirects=False)
        assert (answer.status_code, mail.state()) == (status, "unsubscribed" if status == 200 else "subscribed"), name
        assert "set-cookie" not in answer.headers
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_unsubscribing_is_told_once_with_its_proof(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    # No two clicks come at the same instant.
    ticks = count(1)
    monkeypatch.setattr(FixedClock, "now", lambda clock: clock.at + timedelta(microseconds=next(ticks)))
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda _: mail.client.post(mail.unsubscribe, content=b"List-Unsubscribe=One-Click", headers=FORM).status_code, range(20)
            )
        )
    assert set(answers) == {200}
    log = mail.desk.rows("SELECT state, source, applied, proof ->> 'message_id' FROM consent_log WHERE applied")
    assert log == [("unsubscribed", "one_click", True, str(mail.desk.rows("SELECT id FROM message")[0][0]))]
    assert {one["event"] for one in events(mail.desk)} == {"Unsubscribed"}
    assert len({one["messageId"] for one in events(mail.desk)}) == 1
    mail.desk.send("bob@example.com")
    with mail.desk.db.workspace(mail.desk.workspace_id) as ws:
        ws.conn.execute("INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)"
                        " SELECT workspace_id, 'test', 99, 'x', 1, person_id, channel, topic, template, event, planned_at, planned_at, planned_at FROM message ORDER BY id LIMIT 1")  # fmt: skip
    mail.desk.work()
    assert [row[0] for row in mail.desk.rows("SELECT state FROM message ORDER BY id")] == ["accepted", "accepted", "skipped"]


def test_nobody_can_guess_the_id_that_a_reader_is_given(mail: Mail) -> None:
    person_id = mail.desk.rows("SELECT person_id FROM message")[0][0]
    with mail.desk.db.workspace(mail.desk.workspace_id) as ws:
        stranger = make.person(ws, "stranger@example.com")
        ws.conn.execute("DELETE FROM identifier WHERE namespace IN ('user_id', 'anonymous_id')")
        ws.conn.execute(
            "INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at) VALUES (%s, 'anonymous_id', %s, %s, %s)",
            (ws.workspace_id, f"mail-{person_id}", stranger, mail.desk.clock.at),
        )
    assert mail.client.post(mail.unsubscribe, content=b"List-Unsubscribe=One-Click", headers=FORM).status_code == 200
    (told,) = events(mail.desk)
    owner = mail.desk.rows(f"SELECT person_id FROM identifier WHERE value = '{told['anonymousId']}'")
    assert owner == [(person_id,)]
    assert len(told["anonymousId"]) == len("mail-") + 36


def test_get_and_head_change_nothing(mail: Mail) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        for path in (mail.unsubscribe, f"{mail.unsubscribe}/preferences", *mail.clicks, mail.pixel):
            mail.get(path, method)
    assert mail.state() == "subscribed"
    assert events(mail.desk) == []
    page = mail.get(mail.unsubscribe)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_forged_tokens_change_nothing_and_old_keys_still_count(mail: Mail) -> None:
    token = mail.unsubscribe.removeprefix("/u/")
    wrong = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(0, len(token), 3)]
    wrong += [
        token[:-1],
        token[:40],
        Keys((b"other" * 7,)).sign("unsubscribe", UNSUBSCRIBE.pack(1, 1, 1, 1)),
        KEYS.sign("open", UNSUBSCRIBE.pack(1, 1, 1, 1)),
    ]
    for one in wrong:
        assert mail.client.post(f"/u/{one}", content=b"List-Unsubscribe=One-Click", headers=FORM).status_code == 404
    swapped = KEYS.sign("unsubscribe", UNSUBSCRIBE.pack(mail.desk.workspace_id + 1, 1, 1, 1))
    assert mail.client.post(f"/u/{swapped}", content=b"", headers=FORM).status_code == 404
    assert mail.state() == "subscribed"
    mail.client.app.state.keys = Keys((b"new" * 11, *KEYS.secrets))  # type: ignore[attr-defined] -- after a rotation
    assert mail.client.post(mail.unsubscribe, content=b"", headers=FORM).status_code == 200
    assert mail.state() == "unsubscribed"


def test_the_link_outlives_the_mail_and_follows_a_merge(mail: Mail) -> None:
    with mail.desk.db.workspace(mail.desk.workspace_id) as ws:
        survivor = make.person(ws, "new@example.com")
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id <> %s", (survivor, survivor))
        ws.conn.execute("DELETE FROM message")
    assert mail.client.post(mail.unsubscribe, content=b"", headers=FORM).status_code == 200
    assert mail.desk.rows("SELECT state FROM subscription WHERE person_id = %s", survivor) == [("unsubscribed",)]


def test_preferences_are_chosen_topic_by_topic(mail: Mail) -> None:
    path = f"{mail.unsubscribe}/preferences"
    page = mail.get(path).text
    assert re.findall(r'name="topic" value="(\w+)"( checked)?', page) == [("newsletter", " checked"), ("offers", " checked")]
    assert mail.client.post(path, content=b"topic=offers", headers=FORM).status_code == 400
    saved = mail.client.post(path, content=b"topic=offers&topic=transactional&save=1", headers=FORM)
    assert re.findall(r'value="(\w+)"( checked)?', saved.text)[:2] == [("newsletter", ""), ("offers", " checked")]
    assert [one["event"] for one in events(mail.desk)] == ["Unsubscribed"]
    mail.desk.clock.at += timedelta(minutes=1)
    again = mail.client.post(path, content=b"topic=newsletter&save=1", headers=FORM)
    assert re.findall(r'value="(\w+)"( checked)?', again.text)[:2] == [("newsletter", " checked"), ("offers", "")]


def test_pages_speak_the_persons_language(mail: Mail) -> None:
    mail.desk.rows("UPDATE person SET language = 'fa-IR' RETURNING 1")
    page = mail.get(mail.unsubscribe).text
    assert '<html lang="fa" dir="rtl">' in page
    assert "خبرنامه" in page
