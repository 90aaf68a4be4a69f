"""A copy to colleagues: it goes by the sender that mail goes by, with its letterhead, and comes out as it was shown."""

from __future__ import annotations

import base64
import email
import email.policy
from typing import TYPE_CHECKING

from hudhud.accounts.queries import get_workspace
from hudhud.delivery import trials
from hudhud.delivery.channels.base import End
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.senders import keeping
from tests import make
from tests.delivery.test_senders import AROUND, put

if TYPE_CHECKING:
    from hudhud.delivery.senders.trying import Tried
    from tests.delivery.conftest import Desk

SHOWN = trials.Shown("hello", "fa", "سلام آدا", "<p>.\r\n=20 سلام</p>" + "x" * 200, ".\nسلام\n\n.")


def send(desk: Desk) -> list[Tried]:
    with desk.db.workspace(desk.workspace_id) as ws:
        route = trials.find_route(ws, AROUND, get_workspace(ws), make.NOW)
        mails = [trials.write(SHOWN, route, address, make.NOW) for address in ("anna@oak.example", "ben@oak.example")]
    return trials.send(mails, route, AROUND, lambda: Smtp(Server("127.0.0.1", desk.ledger.port, starttls="never"), "mail.example"))


def test_a_trial_goes_by_the_server_of_the_settings_and_by_a_sender_once_there_is_one(desk: Desk) -> None:
    assert [one.end for one in send(desk)] == [End.ACCEPTED] * 2
    put(desk, desk.ledger, from_name="Anna from Oak", from_email="anna@news.example", reply_to="desk@oak.example")
    assert [one.end for one in send(desk)] == [End.ACCEPTED] * 2
    entries = desk.ledger.entries()
    assert [(one.sender, one.recipient) for one in entries] == [
        ("shop@example.com", "anna@oak.example"), ("shop@example.com", "ben@oak.example"),
        ("anna@news.example", "anna@oak.example"), ("anna@news.example", "ben@oak.example"),
    ]  # fmt: skip
    mail = email.message_from_bytes(base64.b64decode(entries[3].raw), policy=email.policy.default)
    assert isinstance(mail, email.message.EmailMessage)
    assert (mail["Subject"], mail["From"], mail["Reply-To"]) == ("[Test] سلام آدا", "Anna from Oak <anna@news.example>", "desk@oak.example")
    page, words = mail.get_body(("html",)), mail.get_body(("plain",))
    assert page is not None
    assert words is not None
    assert page.get_content().replace("\r\n", "\n").rstrip("\n") == SHOWN.html.replace("\r\n", "\n")
    assert words.get_content().replace("\r\n", "\n").rstrip("\n") == SHOWN.text
    assert desk.rows("SELECT count(*)::int FROM message") == [(0,)]


def test_a_server_that_is_not_there_is_told(desk: Desk) -> None:
    put(desk, desk.ledger)
    with desk.db.workspace(desk.workspace_id) as ws:
        (way,) = keeping.find_senders(ws, make.NOW)
        ws.conn.execute("UPDATE sender SET settings = settings || '{\"port\": 1}' WHERE id = %s", (way.id,))
    assert {one.end for one in send(desk)} == {End.SHUT}
