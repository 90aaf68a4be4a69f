"""What ClickHouse's memory of inserts does not survive, repeats make good: nothing acknowledged is lost or doubled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from hudhud.events import append as module
from hudhud.events.append import QUERIES, SETTINGS, InsertsIgnored, _about, append
from hudhud.events.types import Event
from tests.events import hole

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

NOW = datetime(2026, 5, 17, 12, 0, 0, 250_750, tzinfo=UTC)
UNSTORABLE = {"too deep for it": b'{"a":' * 1500 + b"1" + b"}" * 1500, "a number that is none to us": b'{"a":1e400}'}


def happen(number: int, at: datetime = NOW, properties: bytes = b'{"n":1}', workspace_id: int = 1) -> Event:
    return Event(
        workspace_id=workspace_id,
        lane_id=0,
        message_id=f"m{number}",
        kind="track",
        name=f"Event {number % 3}",
        at=at,
        received_at=NOW,
        user_id="u",
        anonymous_id=None,
        properties=properties,
        context=b"{}",
        source="server",
        actor_id=number % 5 + 1,
        person_id=number % 5 + 1,
    )


# Three months, so three parts of each insert; two workspaces.
EVENTS = [happen(number, NOW - timedelta(days=31 * (number % 3)), workspace_id=1 + number % 2) for number in range(30)]


def stored(ch: Client) -> dict[str, list[str]]:
    return {table: sorted(row[0] for row in ch.query(f"SELECT message_id FROM {table}").result_rows) for table in ("event", "person_event")}


def once(events: list[Event]) -> dict[str, list[str]]:
    return dict.fromkeys(("event", "person_event"), sorted(event.message_id for event in events))


def spoil(ch: Client, token: str, further: str = "") -> None:
    """Leave the tokens of an insert behind without its rows, as a kill between the two does (seen under strace at the rename of the part)."""
    for table, end in (("event", ":e"), ("person_event", ":p")):
        columns = ["workspace_id", "at", "message_id"]
        rows = [[99, event.at, "nobody's"] for event in EVENTS]
        ch.insert(table, rows, column_names=columns, settings={**SETTINGS, "insert_deduplication_token": f"{token}{end}{further}"})
        ch.command(f"DELETE FROM {table} WHERE workspace_id = 99")


def test_the_same_token_is_one_insert(ch: Client) -> None:
    for _ in range(2):
        assert append(ch, EVENTS, "t") == []
    assert stored(ch) == once(EVENTS)


def test_an_insert_of_which_only_the_token_survived_is_made_again(ch: Client) -> None:
    spoil(ch, "t")
    append(ch, EVENTS, "t")
    assert stored(ch) == once([])
    append(ch, EVENTS, "t", again=True)
    assert stored(ch) == once(EVENTS)
    append(ch, EVENTS, "t", again=True)
    assert stored(ch) == once(EVENTS)


def test_one_month_of_an_insert_that_is_missing_is_made_again(ch: Client) -> None:
    append(ch, EVENTS, "t")
    ch.command("ALTER TABLE event DELETE WHERE toYYYYMM(at) = 202604", settings={"mutations_sync": 1})
    append(ch, EVENTS, "t")
    assert stored(ch) != once(EVENTS)
    append(ch, EVENTS, "t", again=True)
    assert stored(ch) == once(EVENTS)


def test_an_insert_whose_token_is_forgotten_is_not_made_twice(ch: Client) -> None:
    append(ch, EVENTS[:20], "t")
    append(ch, EVENTS, "forgotten", again=True)
    assert stored(ch) == once(EVENTS)


def test_what_one_workspace_has_is_not_another_s(ch: Client) -> None:
    """A sender that feeds two workspaces uses the same ids for both."""
    ours, theirs = (happen(1, workspace_id=number) for number in (1, 2))
    append(ch, [ours], "t")
    append(ch, [ours, theirs], "t+", again=True)
    for table in ("event", "person_event"):
        assert sorted(map(tuple, ch.query(f"SELECT workspace_id, message_id FROM {table}").result_rows)) == [(1, "m1"), (2, "m1")]


@pytest.mark.parametrize("query", ["find_stored", "find_stored_lines"])
def test_a_repeat_with_an_event_of_long_ago_reads_no_months_between(ch: Client, query: str) -> None:
    append(ch, EVENTS, "t")
    asked = _about(1, [EVENTS[0], EVENTS[2]])  # of this month and the last but one
    parts = ch.query(f"EXPLAIN ESTIMATE {getattr(QUERIES, query).text}", parameters=asked).named_results()
    assert [part["parts"] for part in parts] == [2]


def test_tokens_that_were_spoiled_one_after_another_do_not_end_it(ch: Client) -> None:
    for spoilt in ("", "'"):
        spoil(ch, "t", spoilt)
    append(ch, EVENTS, "t", again=True)
    assert stored(ch) == once(EVENTS)


@pytest.mark.parametrize("properties", UNSTORABLE.values(), ids=UNSTORABLE)
@pytest.mark.parametrize("tried", [False, True])
def test_what_clickhouse_cannot_hold_is_told_again(ch: Client, *, tried: bool, properties: bytes) -> None:
    odd = structs.replace(EVENTS[7], properties=properties)
    bare = structs.replace(EVENTS[8], properties=b'{"a": null, "b": {}}')
    events = [*EVENTS[:7], odd, bare, *EVENTS[9:]]
    if tried:
        assert append(ch, events, "t") == [odd]
    assert append(ch, events, "t", again=True) == [odd]
    assert append(ch, events, "other", again=True) == [odd]
    assert stored(ch) == once(events)


def test_what_is_there_is_looked_up_in_pieces(ch: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASKED", 7)
    append(ch, EVENTS[:20], "t")
    assert module.find_missing(ch, EVENTS) == EVENTS[20:]
    append(ch, EVENTS, "t", again=True)
    assert stored(ch) == once(EVENTS)
    assert module.find_missing(ch, EVENTS) == []


def test_a_server_that_never_keeps_what_it_takes_is_an_error(ch: Client) -> None:
    hole.dig(ch, "1")
    with pytest.raises(InsertsIgnored, match="of 30 events of t:e"):
        append(ch, EVENTS, "t", again=True)
