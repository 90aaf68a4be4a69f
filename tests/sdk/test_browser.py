"""A real browser on a site of its own speaks to a real edge: our snippet, and Segment's analytics-next unchanged."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.edge.door import Door
from tests.sdk.node import SDK, find_node
from tests.sdk.test_sdks import done, until_processed, worker

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]


COUNT = 500


def browse(script: str, door: Door, *arguments: str) -> None:
    program = [find_node(), script, f"http://127.0.0.1:{door.port}", door.keys["collect"], *arguments]
    found = subprocess.run(program, cwd=SDK, capture_output=True, text=True, timeout=120, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def told(door: Door) -> list[dict[str, Any]]:
    """What arrived, once each: what was sent twice has the same id and says the same."""
    return list({message["messageId"]: message for message in door.log()}.values())


def scene(messages: list[dict[str, Any]], name: str) -> list[str]:
    return sorted(message["event"] for message in messages if message.get("properties", {}).get("scene") == name)


def test_our_snippet(db: Database, clickhouse_url: str, tmp_path: Path) -> None:
    with Door(db, clickhouse_url, tmp_path) as door:
        browse("snippet.mjs", door)
        messages = told(door)
        with db.everywhere() as everywhere:
            assert everywhere.conn.execute("SELECT count(*) FROM intake_reject").fetchone() == (0,)
    assert {name: scene(messages, name) for name in ("calls", "lost", "left", "yes", "yes2", "no", "form")} == {
        "calls": ["Early", "Late", "Signed Out", "Somebody Else"],
        "lost": ["Early", "Early", "Offline", "Offline", "Offline"],
        "left": ["Early", "Left"],
        "yes": ["Early"],
        "yes2": ["Early"],
        "no": [],
        "form": ["Early"],
    }
    check_calls([message for message in messages if "campaign" in message["context"]])
    check_form(messages)
    bare = [message for message in messages if message["type"] == "identify" and message.get("userId") == "bare"]
    assert len({message["anonymousId"] for message in bare}) == 2
    agreed = [message["type"] for message in messages if message.get("userId") == "yes" and message["type"] != "track"]
    assert agreed == ["identify", "page"]


def test_segment_s_own_browser_sdk_beside_our_snippet(db: Database, ch: Client, clickhouse_url: str, tmp_path: Path) -> None:
    with Door(db, clickhouse_url, tmp_path) as door, worker(db, clickhouse_url, tmp_path):
        browse("next.mjs", door, str(COUNT))
        until_processed(db)
        with db.everywhere() as everywhere:
            assert everywhere.conn.execute("SELECT reason, detail FROM intake_reject").fetchall() == []
    assert sorted(n for _, n in done(ch)) == list(range(COUNT))


def check_calls(calls: list[dict[str, Any]]) -> None:
    """Every call in order, each with what was known then."""
    assert [(message["type"], message.get("userId"), message.get("event")) for message in calls] == [
        ("track", None, "Early"),
        ("page", None, None),
        ("identify", "42", None),
        ("group", "42", None),
        ("alias", "43", None),
        ("track", "43", "Late"),
        ("identify", "44", None),
        ("track", "44", "Somebody Else"),
        ("track", None, "Signed Out"),
    ]
    assert (calls[2]["traits"], calls[3]["groupId"], calls[3]["traits"], calls[4]["previousId"]) == (
        {"plan": "gold"},
        "g1",
        {"size": 3},
        "42",
    )
    first, page = calls[0], calls[1]
    assert first["context"]["campaign"] == {"source": "news", "name": "spring"}
    assert (first["context"]["locale"], first["context"]["timezone"]) == ("fa-IR", "Asia/Tehran")
    assert (page["name"], page["properties"]["path"], page["properties"]["title"]) == ("Home", "/shop", "Shop")
    # Somebody else on the same computer is another visitor.
    assert len({message["anonymousId"] for message in calls[:6]}) == 1
    assert len({calls[place]["anonymousId"] for place in (0, 6, 8)}) == 3


def check_form(messages: list[dict[str, Any]]) -> None:
    """The marked form tells its open fields and who it was."""
    (form,) = [message for message in messages if message.get("event") == "Form Submitted"]
    assert form["properties"] == {"form": "Newsletter", "mail": "ann@example.com", "first": "Ann", "agreed": "on"}
    (who,) = [message for message in messages if message.get("traits", {}).get("email")]
    assert (who["traits"], who["anonymousId"]) == ({"email": "ann@example.com", "first_name": "Ann"}, form["anonymousId"])
