"""A machine that is too busy to run the render process for a while must not cost anybody their mail."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

import msgspec
import psutil
import pytest

from hudhud.content.protocol import Mail
from hudhud.content.sandbox import Sandbox
from hudhud.content.types import Copy

if TYPE_CHECKING:
    from collections.abc import Iterator


VALUES = {
    "person": {"first_name": "Ada"},
    "event": {},
    "workspace": {"name": "Shop", "postal_address": "Pikk 1"},
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


def renderer() -> psutil.Process | None:
    return next((child for child in psutil.Process().children() if "hudhud.content.renderer" in child.cmdline()), None)


def stop_for(seconds: float) -> threading.Thread:
    """Stop the render process as soon as there is one."""

    def work() -> None:
        while (process := renderer()) is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def mjml(body: str) -> str:
    return f"<mj-section><mj-column><mj-text>{body}</mj-text></mj-column></mj-section>"


def mails() -> list[Mail]:
    return [Mail(number, "p", b"k" * 32, "token", msgspec.json.encode(VALUES)) for number in (1, 2)]


def test_a_render_process_that_starts_slowly_refuses_nobody(sandbox: Sandbox) -> None:
    compiled = sandbox.publish({"en": Copy("Hi", mjml("Dear {{ person.first_name }}"))})["en"]
    sandbox._end()
    stopped = stop_for(2.0)
    written = sandbox.write("https://x.test", {"p": compiled}, mails(), [b"", b""])
    stopped.join()
    assert [one.reason for one in written] == ["", ""]


def test_a_render_process_that_gets_no_time_refuses_nobody(sandbox: Sandbox) -> None:
    compiled = sandbox.publish({"en": Copy("Hi", mjml("Dear {{ person.first_name }}"))})["en"]
    stopped = stop_for(2.0)
    time.sleep(0.1)
    written = sandbox.write("https://x.test", {"p": compiled}, mails(), [b"", b""])
    stopped.join()
    assert [one.reason for one in written] == ["", ""]
