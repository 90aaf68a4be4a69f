"""`hudhud owner` and `hudhud key`, as somebody types them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from hudhud.cli import LATER, cli
from tests.app.browser import PASSWORD, Browser
from tests.harness.typed import Ended, typed

if TYPE_CHECKING:
    from pathlib import Path

    from hudhud.app.wiring import Wiring


def run(web: Wiring, *words: str) -> Ended:
    env = {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": web.settings.database_url,
        "CLICKHOUSE_URL": web.settings.clickhouse_url,
        "HUDHUD_DATA": str(web.settings.data),
    }
    return typed(words, env)


@pytest.mark.long
def test_owner_and_keys_from_the_command_line(web: Wiring) -> None:
    made = run(web, "owner", "create", "--email", "ada@example.com", "--password", PASSWORD, "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout) == {"user_id": 1, "workspace_id": 1, "email": "ada@example.com"}

    key = run(web, "key", "create", "--kind", "api")
    assert key.returncode == 0, key.stderr
    assert key.stdout.startswith("hk_api_")
    assert len(key.stdout.splitlines()) == 1
    assert Browser(key=key.stdout.strip()).ask("GET", "me")[1]["role"] == "marketer"

    assert run(web, "owner", "password", "--email", "ada@example.com", "--password", "another-bird-sings").returncode == 0
    assert Browser().sign_in("ada@example.com", PASSWORD) == 400
    assert Browser().sign_in("ada@example.com", "another-bird-sings") == 200


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("owner", "create", "--email", "a@example.com", "--password", "short"),
            "hudhud: password: '…' is not valid; use at least 8 characters",
        ),
        (("key", "create", "--kind", "collect"), "hudhud: There is no workspace yet"),
    ],
)
def test_bad_words_say_what_to_do(web: Wiring, words: tuple[str, ...], message: str) -> None:
    done = run(web, *words)

    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stdout == ""


@pytest.mark.long
def test_a_segment_goes_out_as_text_and_comes_back(web: Wiring, tmp_path: Path) -> None:
    assert run(web, "owner", "create", "--email", "ada@example.com", "--password", PASSWORD).returncode == 0
    file = tmp_path / "loyal.segment"
    file.write_text('did "Order Completed" at least 3 times # a remark')
    saved = run(web, "segment", "save", str(file), "--name", "Loyal", "--json")
    number = str(json.loads(saved.stdout)["id"])
    shown = run(web, "segment", "show", number)
    assert (shown.returncode, shown.stdout) == (0, 'did "Order Completed" at least 3 times\n')
    file.write_text("city is\n")
    wrong = run(web, "segment", "check", str(file))
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("hudhud: line 2, column 1: 'the end of the text' is not valid; write a value here")
    file.write_text('city is "Tartu"\n')
    assert run(web, "segment", "save", str(file), "--id", number).returncode == 0
    assert run(web, "segment", "show", number).stdout == file.read_text()
    assert run(web, "segment", "list").stdout == f"{number}\t0\tLoyal\n"


def test_every_command_is_there_when_it_is_asked_for() -> None:
    for name in LATER:
        found = CliRunner().invoke(cli, [name, "--help"])
        assert (found.exit_code, name in found.output) == (0, True)
    assert all(name in CliRunner().invoke(cli, ["--help"]).output for name in ("up", "migrate", "doctor", *LATER))


def test_what_a_command_does_not_need_is_not_read() -> None:
    """Whoever types a command waits for it: all of them together took 1.4 seconds of a processor."""
    code = "import sys, hudhud.cli; print([name for name in ('hudhud.segments.queries', 'hudhud.demo', 'ninja', 'django.db.models') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout == "[]\n"
