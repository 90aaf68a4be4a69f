"""Thousands of opens at once: a few statements a look, one verdict and one event each; a bad one costs itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from hudhud.delivery.outcomes import engaged as engagement
from hudhud.delivery.outcomes.verdict import RULES, Hit
from hudhud.delivery.outcomes.verdict import judge as judge_hit
from tests import make

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

MESSAGES = """
INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, state, state_at)
SELECT workspace_id, 'test', id, 'hello', 1, id, 'email', 'newsletter', 'hello', '{}', now(), 'accepted', now() FROM person RETURNING id"""
HITS = """
INSERT INTO engagement (workspace_id, message_id, kind, link, url, at, method, agent, address)
SELECT workspace_id, id, h.kind, h.link, h.url, %s::timestamptz + h.later * interval '1 second', 'GET', h.agent, '10.0.0.1'
FROM message, (VALUES ('open', NULL::integer, '', 0, 'Firefox'), ('click', 1, 'https://shop.example/?q="õ"', 20, 'Firefox'), ('open', NULL, '', 40, 'curl/8'))
  AS h (kind, link, url, later, agent) RETURNING id"""
PEOPLE = 1500


def opened(desk: Desk) -> None:
    """Everybody opens and clicks, and a scanner opens too."""
    with desk.db.workspace(desk.workspace_id) as ws:
        make.people(ws, [f"p{number}@example.com" for number in range(PEOPLE)])
    assert len(desk.rows(MESSAGES)) == PEOPLE
    assert len(desk.rows(HITS, desk.clock.at)) == 3 * PEOPLE
    desk.clock.at += timedelta(minutes=2)


def judge(desk: Desk) -> None:
    """Look until there is nothing left, as the worker does."""
    found = engagement.MOST
    while found == engagement.MOST:
        with desk.db.everywhere() as everywhere:
            found = engagement.judge_hits(everywhere, desk.clock.at)


def test_thousands_of_hits_are_judged_each_once(desk: Desk) -> None:
    opened(desk)
    judge(desk)
    assert desk.rows("SELECT kind, verdict, rule, rules, count(*) FROM engagement GROUP BY 1, 2, 3, 4 ORDER BY 1, 3") == [
        ("click", "human", "browser", RULES, PEOPLE),
        ("open", "human", "browser", RULES, PEOPLE),
        ("open", "machine", "scanner_agent", RULES, PEOPLE),
    ]
    told = [json.loads(bytes(row[0])) for row in desk.rows("SELECT body FROM intake ORDER BY id")]  # type: ignore[arg-type]
    assert len({one["messageId"] for one in told}) == len(told) == 3 * PEOPLE
    # Nobody had an id: each was given one, and it is theirs.
    named = desk.rows("SELECT value, person_id FROM identifier WHERE namespace = 'anonymous_id'")
    assert len(named) == PEOPLE
    owners = dict(named)
    assert all(owners[one["anonymousId"]] == one["properties"]["source_id"] for one in told)
    click = next(one for one in told if one["event"] == "Message Clicked")
    fixed = {name: click["properties"][name] for name in ("topic", "step", "verdict", "rule", "rules", "link", "url")}
    url = 'https://shop.example/?q="õ"'
    assert fixed == {"topic": "newsletter", "step": "hello", "verdict": "human", "rule": "browser", "rules": RULES, "link": 1, "url": url}
    assert click["context"] == {"userAgent": "Firefox", "ip": "10.0.0.1"}


def test_a_hit_that_cannot_be_told_is_given_up_alone(desk: Desk) -> None:
    opened(desk)
    bad = desk.rows(
        "UPDATE engagement SET agent = 'poison' WHERE id = (SELECT id FROM engagement ORDER BY id OFFSET 2222 LIMIT 1) RETURNING id"
    )
    with desk.db.everywhere() as everywhere:
        everywhere.conn.execute("ALTER TABLE intake ADD CHECK (strpos(encode(body, 'escape'), 'poison') = 0)")
    judge(desk)
    assert desk.rows("SELECT id, verdict FROM engagement WHERE rule = 'unreadable'") == [(bad[0][0], "unknown")]
    assert desk.rows("SELECT count(*), count(verdict) FROM engagement") == [(3 * PEOPLE, 3 * PEOPLE)]
    assert desk.rows("SELECT count(*) FROM intake") == [(3 * PEOPLE - 1,)]


def test_history_is_judged_again_by_new_rules_and_nothing_is_told_twice(desk: Desk) -> None:
    opened(desk)
    judge(desk)
    told = desk.rows("SELECT count(*) FROM intake")
    # As earlier rules left it: a scanner's agent was taken for a person's; two clicks came within a second; of one the agent is gone.
    desk.rows("UPDATE engagement SET rules = 1, verdict = 'human', rule = 'browser' RETURNING id")
    [(one,)] = desk.rows("UPDATE engagement SET agent = '' WHERE id = (SELECT min(id) FROM engagement WHERE kind = 'click') RETURNING id")
    [(twice,)] = desk.rows(
        "INSERT INTO engagement (workspace_id, message_id, kind, link, at, method, agent, verdict, rule, rules)"
        " SELECT workspace_id, message_id, 'click', 2, at + interval '400 ms', method, agent, verdict, rule, rules FROM engagement"
        " WHERE id = (SELECT max(id) FROM engagement WHERE kind = 'click') RETURNING message_id"
    )
    looked, changed = 1, 0
    while looked:
        with desk.db.everywhere() as everywhere:
            looked, other = engagement.judge_again(everywhere, 700)
        changed += other
    assert changed == PEOPLE + 2
    assert desk.rows("SELECT count(*) FROM engagement WHERE rules = 1") == [(0,)]
    assert desk.rows("SELECT verdict, rule FROM engagement WHERE id = %s", one) == [("human", "browser")]
    assert (
        desk.rows("SELECT verdict, rule FROM engagement WHERE message_id = %s AND kind = 'click'", twice)
        == [("machine", "two_links_at_once")] * 2
    )
    assert desk.rows("SELECT count(*) FROM intake") == told


def test_one_link_clicked_twice_is_a_person_and_two_at_once_are_none(desk: Desk) -> None:
    at = desk.clock.at
    first = Hit(1, "click", 0, at, "GET", "")
    for link, later, verdict in ((0, 0.4, "human"), (1, 0.4, "machine"), (1, 1.4, "human")):
        assert judge_hit(first, "Firefox", [first, first._replace(link=link, at=at + timedelta(seconds=later))], None)[0] == verdict
