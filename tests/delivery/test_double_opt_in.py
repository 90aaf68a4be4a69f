"""Double opt-in from end to end: a request, one mail with a link and no word of the form in it, a page with a button, a subscription with proof."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from hudhud.consent import actions, queries
from hudhud.consent.types import CONFIRM_TEMPLATE, CONFIRM_TOKEN, ConsentChange
from hudhud.content.actions import publish, read_ready
from hudhud.edge.app import Edge
from hudhud.kit.config import Settings
from hudhud.workers import confirmations
from hudhud.workers.context import Context
from tests import make
from tests.delivery.conftest import BASE_URL, KEYS
from tests.delivery.test_edge import FORM, events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.delivery.conftest import Desk

EVIL = "http://evil.example buy now"


class Request:
    """Somebody who asked for the newsletter, and the mail they got."""

    def __init__(self, desk: Desk, client: TestClient) -> None:
        """Ask as an API would, let the workers work, read the mail."""
        self.desk, self.client = desk, client
        with desk.db.workspace(desk.workspace_id) as ws:
            self.person_id = make.person(ws, "ada@example.com", (), language="et", first_name=EVIL)
            change = ConsentChange(self.person_id, "newsletter", "email", "subscribed", desk.clock.now(), "api")
            actions.record(ws, [change])
        settings = Settings(DATABASE_URL=desk.db.url, CLICKHOUSE_URL="http://localhost:1", HUDHUD_PUBLIC_URL=BASE_URL)
        self.context = Context("tester", settings, desk.db, desk.clock, KEYS)
        confirmations.work_once(self.context)
        desk.work()
        self.mail = desk.ledger.entries()[-1].message()
        part = self.mail.get_body(("html",))
        assert part is not None
        self.html = str(part.get_content())
        desk.clock.at += timedelta(minutes=5)

    @property
    def path(self) -> str:
        """Where the mail's link leads: its address as the author wrote it stands in the event."""
        event = self.desk.rows("SELECT event ->> 'confirm_url' FROM message WHERE source_kind = 'confirm' ORDER BY id DESC LIMIT 1")[0][0]
        return str(event).removeprefix(BASE_URL)

    def state(self) -> list[object]:
        return [row[0] for row in self.desk.rows("SELECT state FROM subscription ORDER BY person_id")]


@pytest.fixture
def asked(desk: Desk, tmp_path: Path) -> Iterator[Request]:
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.set_confirms(ws, "newsletter", confirms=True)
        names, languages = read_ready(resources.files("hudhud.content.ready").joinpath(CONFIRM_TEMPLATE))
        # As somebody might write it who does not know better.
        languages["et"]["mjml"] = languages["et"]["mjml"].replace("Üks samm", '{{ person.first_name | default: "" }} Üks samm')
        publish(ws, desk.sandbox, CONFIRM_TEMPLATE, names, languages, actor="test", now=make.NOW)
    settings = Settings(DATABASE_URL=desk.db.url, data=tmp_path)  # type: ignore[call-arg] -- by its alias
    with TestClient(Edge(settings, desk.clock, KEYS), base_url=BASE_URL) as client:
        yield Request(desk, client)


def test_the_mail_names_the_topic_in_their_language_and_repeats_nothing_of_the_form(asked: Request) -> None:
    assert asked.mail["Subject"] == "Palun kinnita oma tellimus"
    assert "Uudiskiri" in asked.html
    assert "evil" not in asked.mail.as_string() + asked.html
    assert (asked.mail["List-Unsubscribe"], asked.state()) == (None, ["pending"])
    assert re.search(r'href="https://mail\.example/t/c/', asked.html)


def test_a_link_that_is_looked_at_confirms_nothing_and_the_button_does_with_proof(asked: Request) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        page = asked.client.request(method, asked.path, follow_redirects=False)
    for body in (b"", b"confirm=0", b"List-Unsubscribe=One-Click"):
        assert asked.client.post(asked.path, content=body, headers=FORM).status_code == 400
    assert asked.state() == ["pending"]
    page = asked.client.get(asked.path)
    assert ("Uudiskiri" in page.text, "ada@example.com" in page.text, "<script" in page.text) == (True, True, False)
    assert "Tellimus on kinnitatud" in asked.client.post(asked.path, content=b"confirm=1", headers=FORM).text
    with asked.desk.db.workspace(asked.desk.workspace_id) as ws:
        entry = queries.find_entries(ws, asked.person_id)[0]
    assert (entry.state, entry.source, entry.applied, entry.proof["address"]) == ("subscribed", "confirm_page", True, "ada@example.com")
    assert entry.proof["asked"]["newsletter"] == {"at": make.NOW.isoformat(), "source": "api"}
    assert [(one["event"], one["properties"]["source"]) for one in events(asked.desk)] == [("Subscribed", "confirm_page")]
    # Again, and looked at later: nothing more.
    for answer in (asked.client.post(asked.path, content=b"confirm=1", headers=FORM), asked.client.get(asked.path)):
        assert "Tellimus on kinnitatud" in answer.text
    assert len(events(asked.desk)) == 1


def test_who_has_unsubscribed_since_is_not_brought_back_by_an_old_link(asked: Request) -> None:
    with asked.desk.db.workspace(asked.desk.workspace_id) as ws:
        actions.record(ws, [ConsentChange(asked.person_id, "newsletter", "email", "unsubscribed", asked.desk.clock.now(), "one_click")])
    assert "Tellimus on kinnitatud" not in asked.client.post(asked.path, content=b"confirm=1", headers=FORM).text
    assert asked.state() == ["unsubscribed"]


def test_a_link_is_good_for_whoever_has_the_address_today(asked: Request) -> None:
    with asked.desk.db.workspace(asked.desk.workspace_id) as ws:
        new = make.person(ws, "new@example.com", ())
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (new, asked.person_id))
    assert asked.client.post(asked.path, content=b"confirm=1", headers=FORM).status_code == 404
    asked.desk.rows("DELETE FROM identifier WHERE value = 'new@example.com' RETURNING 1")
    asked.desk.rows("UPDATE identifier SET person_id = %s WHERE value = 'ada@example.com' RETURNING 1", new)
    assert asked.client.post(asked.path, content=b"confirm=1", headers=FORM).status_code == 200
    assert asked.state() == ["pending", "subscribed"]
    assert "Tellimus" not in asked.client.get(asked.path).text


def test_forged_tokens_confirm_nothing(asked: Request) -> None:
    token = asked.path.split("/")[2]
    wrong = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(0, len(token), 3)]
    wrong += [
        KEYS.sign("unsubscribe", CONFIRM_TOKEN.pack(asked.desk.workspace_id, 1)),
        KEYS.sign("confirm", CONFIRM_TOKEN.pack(asked.desk.workspace_id + 1, 1)),
    ]
    for one in wrong:
        assert asked.client.post(f"/u/{one}/confirm", content=b"confirm=1", headers=FORM).status_code == 404
    assert asked.state() == ["pending"]


def test_asking_a_hundred_times_brings_one_mail(asked: Request) -> None:
    with asked.desk.db.workspace(asked.desk.workspace_id) as ws:
        for minute in range(100):
            at = asked.desk.clock.now() + timedelta(minutes=minute)
            actions.record(ws, [ConsentChange(asked.person_id, "newsletter", "email", "subscribed", at, "api")])
    assert confirmations.work_once(asked.context) == 0
    assert len(asked.desk.ledger.entries()) == 1
