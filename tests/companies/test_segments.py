"""Who is in a company of which something is true: kept current when people join it, and when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.people.unmerge import undo_merge
from hudhud.segments.actions import create_segment
from hudhud.segments.queries import explain
from hudhud.segments.types import from_json
from hudhud.workers import segments
from tests.workers.line import NOW, Line, identify

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database

PRO = {"kind": "company", "where": [{"property": "plan", "op": "is", "value": "pro"}]}


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    made = Line(db, ch, clickhouse_url)
    with db.workspace(made.shop) as ws:
        create_segment(ws, "Of a company that pays", from_json(PRO), NOW, by="test")
    segments.work_once(made.context, ch, NOW)
    return made


def group(user: str, key: str, **traits: object) -> dict[str, Any]:
    return {"type": "group", "userId": user, "groupId": key, "traits": traits}


def take(line: Line, *messages: dict[str, Any], source: str = "server") -> list[tuple[str, bool]]:
    """Take messages in; return who came and went by them."""
    before = line.sql("SELECT coalesce(max(id), 0) FROM segment_change")[0][0]
    line.put(*messages, source=source)
    line.work()
    return line.sql(
        "SELECT value, entered FROM segment_change c JOIN identifier i USING (person_id) WHERE c.id > %s AND namespace = 'user_id' ORDER BY 1",
        before,
    )


def test_people_come_and_go_with_what_is_known_of_their_company(line: Line) -> None:
    assert take(line, identify("ann"), identify("bob"), identify("eve"), group("ann", "acme", plan="free"), group("bob", "acme")) == []
    # The one who says it, and all others who are in it.
    assert take(line, group("ann", "acme", plan="pro")) == [("ann", True), ("bob", True)]
    assert take(line, group("ann", "acme", plan="pro")) == []
    assert take(line, group("eve", "acme"), group("new", "acme")) == [("eve", True), ("new", True)]
    # In two companies; the other one does not pay.
    assert take(line, group("bob", "other", plan="free")) == []
    assert take(line, group("eve", "acme", plan="free")) == [("ann", False), ("bob", False), ("eve", False), ("new", False)]
    assert take(line, group("bob", "other", plan="pro", seats=5)) == [("bob", True)]
    ((bob,),) = line.sql("SELECT person_id FROM identifier WHERE value = 'bob'")
    with line.db.workspace(line.shop) as ws:
        assert explain(ws, line.ch, from_json(PRO), bob, NOW).value == ["other"]
    assert line.sql("SELECT count(*) FROM company WHERE mirrored <> version") == [(0,)]


def test_who_becomes_one_with_a_colleague_is_in_their_company(line: Line) -> None:
    take(line, {"type": "group", "anonymousId": "a1", "groupId": "acme", "traits": {"plan": "pro"}}, identify("ann"))
    # She takes over the place of who she was: nobody has entered anything.
    assert take(line, {"type": "identify", "userId": "ann", "anonymousId": "a1"}) == []
    assert take(line, group("bob", "acme", plan="free")) == [("ann", False)]
    assert take(line, group("bob", "acme", plan="pro")) == [("ann", True), ("bob", True)]
    ((merge_id,),) = line.sql("SELECT id FROM person_merge")
    with line.db.workspace(line.shop) as ws:
        undo_merge(ws, merge_id, NOW, "test")
    assert take(line, identify("bob")) == [("ann", False)]
    assert line.sql("SELECT count FROM segment_membership") == [(2,)]


def test_who_only_claims_to_be_in_it_is_out_when_it_is_vouched_for(line: Line) -> None:
    assert take(line, group("ann", "acme", plan="pro"), source="collect") == [("ann", True)]
    assert take(line, identify("bob"), group("bob", "acme")) == [("ann", False), ("bob", True)]


@pytest.mark.long
@pytest.mark.parametrize("failpoint", ["intake.resolved", "intake.appended", "intake.deciding"])
def test_a_worker_that_dies_in_between_leaves_nobody_behind(line: Line, failpoint: str) -> None:
    take(line, identify("ann"), group("ann", "acme"), identify("bob"), group("bob", "acme"))
    line.put(group("ann", "acme", plan="pro"))
    line.crash(failpoint)
    line.work()
    assert line.sql("SELECT value, entered FROM segment_change c JOIN identifier i USING (person_id) ORDER BY 1") == [
        ("ann", True),
        ("bob", True),
    ]
