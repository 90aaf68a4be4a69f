"""Rehearsals as jobs: asked for over HTTP, performed in a process of their own, cancelled, taken up again, two at once at most."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from hudhud.journeys.rehearsing import overlays, rehearsals
from hudhud.journeys.rehearsing.performing import Performed
from hudhud.journeys.rehearsing.rehearsals import Request
from hudhud.journeys.rehearsing.together import Rates, Together
from hudhud.kit.clickhouse import is_refused
from hudhud.kit.crypto import Keys
from hudhud.people.actions import hold
from hudhud.people.types import PersonNotFound
from hudhud.workers import rehearsals as role
from hudhud.workers.context import Context
from hudhud.workers.performer import Performer
from tests.app.conftest import web as web
from tests.journeys.stage import DAY, T0, Stage
from tests.journeys.test_api import browser as browser
from tests.journeys.test_api import events_url as events_url
from tests.journeys.test_api import stage as stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hudhud.app.wiring import Wiring
    from tests.app.browser import Browser

SPAN = {"journeys": ["hello"], "from": "2025-12-31", "to": "2026-01-02"}
WITHIN_S = 60.0


@pytest.fixture
def context(web: Wiring) -> Context:
    return new_context(web, "worker-1")


def new_context(web: Wiring, name: str) -> Context:
    return Context(name, web.settings, web.db, web.clock, Keys((b"test",)))


@pytest.fixture
def shows(context: Context) -> Iterator[list[role.Show]]:
    found: list[role.Show] = []
    yield found
    role.leave(context, found)


def work(context: Context, shows: list[role.Show], until: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN_S
    while not until():
        assert time.monotonic() < ends
        shows[:] = role.work_once(context, shows)
        time.sleep(0.05)


def state(stage: Stage, number: int) -> str:
    with stage.db.workspace(stage.workspace_id) as ws:
        return str(rehearsals.get(ws, number)["state"])


def ask(stage: Stage) -> int:
    with stage.db.workspace(stage.workspace_id) as ws:
        return rehearsals.create(ws, Request(journeys=("hello",)), T0 - DAY, T0 + DAY, T0, by="test")


@pytest.mark.long
def test_one_is_asked_for_performed_and_kept_with_what_it_was_about(
    browser: Browser, stage: Stage, context: Context, shows: list[role.Show]
) -> None:
    (ann,) = stage.people({})
    stage.record([stage.event(ann, "Signed Up", T0)])
    status, asked = browser.ask("POST", "rehearsals", SPAN)
    assert status == 202
    assert browser.ask("GET", f"rehearsals/{asked['id']}")[1]["state"] == "waiting"
    work(context, shows, lambda: state(stage, asked["id"]) == "done")
    found = browser.ask("GET", f"rehearsals/{asked['id']}")[1]
    (hello,) = found["result"]["journeys"]
    assert (hello["sends"], hello["waiting"], hello["to"]) == (1, 1, "2026-01-02T23:59:59.999999+00:00")
    assert (list(found["digests"]), len(found["digests"]["hello"]), found["people"]) == (["hello"], 64, 1)
    # There is no such template: that is what its sample says.
    assert [(one["person_id"], "no template" in one["problem"]) for one in found["samples"]] == [(ann, True)]
    assert [one["id"] for one in browser.ask("GET", "rehearsals?journey=hello")[1]["items"]] == [asked["id"]]
    assert browser.ask("GET", "rehearsals?journey=other")[1]["items"] == []
    assert browser.ask("POST", f"rehearsals/{asked['id']}/cancel")[1]["code"] == "rehearsal_is_over"
    assert browser.ask("DELETE", f"rehearsals/{asked['id']}")[0] == 204
    assert browser.ask("GET", f"rehearsals/{asked['id']}")[0] == 404


def test_a_wrong_request_is_refused_with_the_field(browser: Browser, stage: Stage) -> None:
    assert stage.workspace_id
    for wrong, field in (
        ({"journeys": ["hello"]}, "from"),
        ({**SPAN, "to": "2025-12-30"}, "to"),
        ({**SPAN, "events": [{"name": "Order", "at": "2026-01-01"}]}, "events"),
        ({**SPAN, "journeys": []}, "journeys"),
    ):
        status, problem = browser.ask("POST", "rehearsals", wrong)
        assert (status, problem["field"]) == (422, field), problem
    assert browser.ask("POST", "rehearsals", {**SPAN, "journeys": ["nobody"]})[1]["code"] == "journey_not_found"


@pytest.mark.long
def test_one_that_is_cancelled_ends_within_seconds(stage: Stage, context: Context, shows: list[role.Show]) -> None:
    number = ask(stage)
    shows[:] = role.work_once(context, shows)
    (show,) = shows
    with stage.db.workspace(stage.workspace_id) as ws:
        rehearsals.cancel(ws, number, T0)
    began = time.monotonic()
    shows[:] = role.work_once(context, shows)
    assert (shows, show.process.poll() is not None, time.monotonic() - began < 3) == ([], True, True)
    assert state(stage, number) == "cancelled"


@pytest.mark.long
def test_two_at_most_run_at_once_and_what_a_dead_worker_had_is_begun_again(
    web: Wiring, stage: Stage, context: Context, shows: list[role.Show]
) -> None:
    numbers = [ask(stage) for _ in range(3)]
    shows[:] = role.work_once(context, shows)
    assert [state(stage, number) for number in numbers] == ["running", "running", "waiting"]
    with psycopg.connect(web.settings.database_url, application_name="worker-1"):
        assert role.work_once(new_context(web, "worker-2"), []) == []
    # Its process is killed, and the worker that looked after it is gone: nothing of it holds the leases.
    for show in shows:
        show.process.kill()
        show.process.wait()
    left, shows[:] = [*shows], []
    other, theirs = new_context(web, "worker-2"), shows
    work(other, theirs, lambda: all(state(stage, number) == "done" for number in numbers))
    with stage.db.everywhere() as everywhere:
        fences = [row[0] for row in everywhere.conn.execute("SELECT fence FROM rehearsal ORDER BY id").fetchall()]
    assert [fence > show.fence for fence, show in zip(fences, left, strict=False)] == [True, True]


@pytest.mark.long
def test_one_that_dies_says_so(stage: Stage, context: Context, shows: list[role.Show]) -> None:
    number = ask(stage)
    shows[:] = role.work_once(context, shows)
    shows[0].process.kill()
    shows[0].process.wait()
    shows[:] = role.work_once(context, shows)
    with stage.db.workspace(stage.workspace_id) as ws:
        found = rehearsals.get(ws, number)
    assert (found["state"], found["problem"].startswith("It ended before its time")) == ("failed", True)


def test_what_killed_processes_have_left_is_removed_and_what_may_be_in_use_is_not(context: Context, stage: Stage) -> None:
    old, new = (f"{overlays.PREFIX}{int(time.time() - age)}_0a" for age in (overlays.ABANDONED_S + 60, 60))
    for name in (old, new):
        stage.ch.command(f"CREATE DATABASE {name}")
    role.tidy(context, T0)
    query = "SELECT name FROM system.databases WHERE name IN {names:Array(String)}"
    assert stage.ch.query(query, {"names": [old, new]}).result_rows == [(new,)]
    stage.ch.command(f"DROP DATABASE {new}")


def test_a_user_who_may_make_no_database_is_told_so(stage: Stage) -> None:
    with pytest.raises(DatabaseError) as error:
        stage.ch.command("CREATE DATABASE refused", settings={"readonly": 1})
    assert is_refused(error.value)
    assert overlays.NoScratch().message.startswith("ClickHouse's user may not make a database")


@pytest.mark.long
def test_one_that_is_ended_leaves_nothing_in_clickhouse(stage: Stage, context: Context, shows: list[role.Show]) -> None:
    with stage.db.workspace(stage.workspace_id) as ws:
        number = rehearsals.create(ws, Request(journeys=("hello",), days_ahead=366), T0, T0, T0, by="test")
    left = "SELECT count() FROM system.databases WHERE startsWith(name, 'rehearsal_')"
    shows[:] = role.work_once(context, shows)
    ends = time.monotonic() + WITHIN_S
    while not stage.ch.query(left).result_rows[0][0]:
        assert time.monotonic() < ends
        assert shows[0].process.poll() is None
    with stage.db.workspace(stage.workspace_id) as ws:
        rehearsals.cancel(ws, number, T0)
    shows[:] = role.work_once(context, shows)
    assert (shows, stage.ch.query(left).result_rows) == ([], [(0,)])


def test_one_over_a_person_is_over_who_they_are_today_and_over_nobody_who_is_gone(stage: Stage) -> None:
    joined, survivor, erased = stage.people({}, {}, {})
    span = T0 - DAY, T0 + DAY, T0
    with stage.db.workspace(stage.workspace_id) as ws:
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (survivor, joined))
        ws.conn.execute("UPDATE person SET erased_at = now() WHERE id = %s", (erased,))
        number = rehearsals.create(ws, Request(journeys=("hello",), person_id=joined), *span, by="test")
        found = rehearsals.get(ws, number)
        assert (found["person_id"], found["request"]["person_id"]) == (survivor, survivor)
        for gone in (erased, 2**40):
            with pytest.raises(PersonNotFound, match=f"There is no person {gone}"):
                rehearsals.create(ws, Request(journeys=("hello",), person_id=gone), *span, by="test")


def test_mails_are_not_kept_of_somebody_who_is_erased_while_they_are_written_down(web: Wiring, stage: Stage) -> None:
    (ann,) = stage.people({})
    number = ask(stage)
    with stage.db.everywhere() as everywhere:
        everywhere.run(role.QUERIES.claim, worker="worker-1", lease_s=30, places=2, mine=[])
    performer = Performer(stage.db, web.clock, stage.workspace_id, number, 1, 0)
    done = Performed(Together([], [], {}, 0, [], [], Rates()), [{"person_id": ann, "subject": "Dear Ann"}], {}, [])
    closing = threading.Thread(target=performer.close, args=(done,))
    with stage.db.workspace(stage.workspace_id) as ws:
        hold(ws)
        ws.conn.execute("UPDATE person SET erased_at = now() WHERE id = %s", (ann,))
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
    closing.join(WITHIN_S)
    with stage.db.workspace(stage.workspace_id) as ws:
        found = rehearsals.get(ws, number)
    assert (found["state"], found["samples"]) == ("done", [])
