"""What somebody has got already is not sent again: from any journey, within the days that are named, also to who they were before a merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import queries
from hudhud.journeys.rehearsing.rehearsal import rehearse
from hudhud.journeys.why.explain import why
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, HOUR, T0, send
from tests.journeys.test_chains import leave, sent

if TYPE_CHECKING:
    from tests.journeys.stage import Stage

OTHER: dict[str, Any] = {
    "key": "other", "trigger": {"kind": "event", "name": "Asked"}, "reentry": {"kind": "always"}, "nodes": {"mail": send("guide", "end"), "end": END}, "start": "mail",
}  # fmt: skip
MERGE = Query("merge", "UPDATE person SET merged_into = %(survivor)s WHERE id = %(gone)s")
SINCES = Query("sinces", "SELECT template, seen_since FROM message ORDER BY id")
BOUNCE = Query("bounce", "UPDATE message SET state = 'bounced' WHERE person_id = %(person_id)s")


def journey(seen: object) -> dict[str, Any]:
    nodes = {"mail": {**send("guide", "more"), "skip_if_seen": seen}, "more": send("news", "end"), "end": END}
    return {"key": "lessons", "trigger": {"kind": "event", "name": "Signed Up"}, "nodes": nodes, "start": "mail"}


@pytest.mark.parametrize(
    ("seen", "gets"),
    [
        (True, ["guide", "news"]),
        pytest.param({"days": 5}, ["guide", "guide", "news"], marks=pytest.mark.long),
        pytest.param({"days": 20}, ["guide", "news"], marks=pytest.mark.long),
    ],
)
def test_who_has_got_it_from_elsewhere_goes_on_without_it(stage: Stage, seen: object, gets: list[str]) -> None:
    ann, bob, cem, dan = stage.people({}, {}, {}, {})
    stage.publish(OTHER)
    stage.publish(journey(seen))
    stage.take(stage.event(ann, "Asked", T0), stage.event(cem, "Asked", T0))
    stage.tick(T0)
    leave(stage, T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(BOUNCE, person_id=cem)
    # What is still waiting has not been seen.
    stage.take(stage.event(dan, "Asked", T0 + 10 * DAY - HOUR))
    stage.tick(T0 + 10 * DAY - HOUR)
    stage.take(*(stage.event(one, "Signed Up", T0 + 10 * DAY) for one in (ann, bob, cem, dan)))
    stage.tick(T0 + 10 * DAY)
    assert [sent(stage, one) for one in (ann, bob, cem, dan)] == [
        gets,
        ["guide", "news"],
        ["guide", "guide", "news"],
        ["guide", "guide", "news"],
    ]
    with stage.db.workspace(stage.workspace_id) as ws:
        told = [step["code"] for step in why(ws, stage.ch, "lessons", ann, T0 + 10 * DAY).runs[0]["steps"]]
        version, number = queries.get_version(ws, "lessons")
    assert told == ["triggered", "already_seen" if len(gets) == 2 else "message_planned", "message_planned", "end_reached"]
    # In a rehearsal: what was really sent before it begins, and not what was sent since.
    found = rehearse(stage.db.url, stage.ch, version, number, T0 + 10 * DAY - HOUR / 2, T0 + 11 * DAY)
    assert (found.runs, found.sends) == (4, 4 + 3 + (len(gets) == 3))


def test_a_merge_brings_along_what_was_seen(stage: Stage) -> None:
    gone, ann = stage.people({}, {})
    stage.publish(OTHER)
    stage.publish(journey(seen=True))
    stage.take(stage.event(gone, "Asked", T0))
    stage.tick(T0)
    leave(stage, T0)
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.run(MERGE, survivor=ann, gone=gone)
    stage.take(stage.event(ann, "Signed Up", T0 + DAY))
    stage.tick(T0 + DAY)
    assert sent(stage, ann) == ["news"]


def test_what_was_planned_meanwhile_is_asked_about_again_before_it_leaves(stage: Stage) -> None:
    (ann,) = stage.people({})
    stage.publish(journey({"days": 5}))
    stage.take(stage.event(ann, "Signed Up", T0))
    stage.tick(T0 + HOUR)
    with stage.db.workspace(stage.workspace_id) as ws:
        assert ws.rows(SINCES) == [("guide", T0 - 5 * DAY), ("news", None)]
