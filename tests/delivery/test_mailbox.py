"""The built-in mailbox takes our own mail, keeps it before it says so, and nothing else."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from hudhud.delivery import actions, mailbox, queries
from hudhud.delivery.channels.server import Server, Smtp
from hudhud.delivery.mailbox import LONGEST_SOCKET, socket_path
from hudhud.kit.errors import NotFound
from tests import make
from tests.delivery.conftest import KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from hudhud.content.sandbox import Sandbox
    from tests.delivery.conftest import Desk


def test_mail_lands_in_the_mailbox_of_its_workspace(desk: Desk, tmp_path: Path) -> None:
    other = make.workspace(desk.db, "Other")
    desk.send("ada@example.com", "mari@example.com")

    async def run() -> None:
        async with mailbox.serve(desk.db, KEYS, desk.clock.now, socket_path(tmp_path)):
            worker = desk.worker()
            worker.outlets[0].channel = Smtp(Server.from_url(f"unix:{socket_path(tmp_path)}"), "here.example")
            task = asyncio.create_task(worker.run())
            await desk.settled()
            await asyncio.to_thread(_strangers, socket_path(tmp_path))
            worker.stop()
            await task

    asyncio.run(run())
    with desk.db.workspace(other) as ws:
        assert queries.find_mails(ws) == []
    with desk.db.workspace(desk.workspace_id) as ws:
        mails = queries.find_mails(ws)
        assert sorted(mail["recipient"] for mail in mails) == ["ada@example.com", "mari@example.com"]
        found = queries.get_mail(ws, mails[0]["id"])
        assert (found["subject"], found["headers"]["From"]) == ("Hello Ada", "Shop <shop@example.com>")
        assert "Hi Ada" in found["html"]
        assert found["text"].split() == ["Hi", "Ada"]
        assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in queries.get_source(ws, mails[0]["id"])
        assert [mail["recipient"] for mail in queries.find_mails(ws, search="MARI")] == ["mari@example.com"]
        assert actions.clear_mailbox(ws) == 2
        with pytest.raises(NotFound):
            queries.get_mail(ws, mails[0]["id"])


def _strangers(path: Path) -> None:
    """A mail that is not ours is refused, also one that only looks like it."""
    for message_id in ("<1@x>", "<1.AAAAAAAAAAEAAFIMiyMGbt5wOXCGzeQxgBQ@shop.example>"):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            line.sendall(
                f"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nMessage-ID: {message_id}\r\n\r\nx\r\n.\r\nQUIT\r\n".encode()
            )
            said = b""
            while more := line.recv(4096):
                said += more
        assert b"550 5.7.1" in said


def test_the_copy_of_a_message_is_as_it_was(desk: Desk, sandbox: Sandbox) -> None:
    (message_id,) = desk.send("ada@example.com")
    desk.work()
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute('UPDATE person SET attributes = attributes || \'{"first_name": "Renamed"}\'')
        make.template(ws, sandbox, subject="Another", body="Other copy")
        copy = queries.get_copy(ws, sandbox, message_id)
        assert copy is not None
        assert (copy["subject"], copy["text"]) == ("Hello Ada", "Hi Ada\n")
        assert [(one.state, one.code) for one in queries.find_outcomes(ws, message_id)] == [("accepted", 250)]
        assert queries.get_message(ws, message_id).address == "ada@example.com"


def test_messages_that_cannot_be_written_are_skipped_with_their_reason(desk: Desk, sandbox: Sandbox) -> None:
    with desk.db.workspace(desk.workspace_id) as ws:
        make.template(ws, sandbox, "code", subject="Code", body="{{ person.code }}")
        make.template(ws, sandbox, "lines", subject="For {{ person.first_name }}")
    desk.send("missing@example.com", template="code")
    desk.send("lines@example.com", template="lines")
    desk.send("fine@example.com")
    desk.send('"quoted name"@example.com')
    with desk.db.workspace(desk.workspace_id) as ws:
        ws.conn.execute(
            "UPDATE person SET attributes = attributes || jsonb_build_object('first_name', E'Ada\\r\\nBcc: all@example.com') WHERE attributes ->> 'email' LIKE 'lines%%'"
        )
    desk.work()
    assert desk.states() == {
        "missing@example.com": ("skipped", "missing_value"),
        "lines@example.com": ("skipped", "bad_header"),
        "fine@example.com": ("accepted", ""),
        '"quoted name"@example.com': ("skipped", "bad_address"),
    }
    assert "person.code is undefined" in str(desk.rows("SELECT reply FROM message_outcome ORDER BY id")[0][0])


def test_a_long_folder_moves_the_socket(tmp_path: Path) -> None:
    long = tmp_path / ("x" * LONGEST_SOCKET)
    assert len(str(socket_path(long))) <= LONGEST_SOCKET
    assert socket_path(long) != socket_path(tmp_path / ("y" * LONGEST_SOCKET))
