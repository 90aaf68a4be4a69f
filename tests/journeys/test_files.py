"""Journeys as code: files, folders and exit codes, as a continuous integration would use them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from hudhud.app.journey_commands import journey
from hudhud.journeys.graph import canonical, parse
from tests.app.conftest import web as web
from tests.app.test_commands import run
from tests.journeys.stage import DAY, END, Stage, delay, send
from tests.journeys.test_api import browser as browser
from tests.journeys.test_api import events_url as events_url
from tests.journeys.test_api import stage as stage

if TYPE_CHECKING:
    from pathlib import Path

    from hudhud.app.wiring import Wiring
    from tests.app.browser import Browser

GRAPH: dict[str, Any] = {
    "key": "hello",
    "names": {"en": "Hello"},
    "trigger": {"kind": "event", "name": "Signed Up"},
    "nodes": {"rest": delay(3, "days", "hello"), "hello": send("hi", "end"), "end": END},
    "start": "rest",
}


def write(folder: Path, graph: dict[str, Any]) -> str:
    file = folder / f"{graph['key']}.json"
    file.write_text(json.dumps(graph))
    return str(file)


def test_lint_names_every_problem_and_writes_what_is_sound_in_its_one_form(tmp_path: Path) -> None:
    good = write(tmp_path, GRAPH)
    bad = write(tmp_path, {**GRAPH, "key": "bad", "start": "nowhere"})
    done = CliRunner().invoke(journey, ["lint", good, bad])
    assert done.exit_code == 1
    assert "hello: sound, 3 nodes; not in canonical form" in done.stdout
    assert "bad.json: journey: start: 'nowhere' does not exist; use one of end, hello, rest" in done.stdout
    assert CliRunner().invoke(journey, ["lint", good, "--write"]).exit_code == 0
    assert (tmp_path / "hello.json").read_text() == canonical(parse(GRAPH))


@pytest.mark.long
def test_lint_asks_an_installation_for_what_a_journey_names(web: Wiring, browser: Browser, tmp_path: Path) -> None:
    done = run(web, "journey", "lint", write(tmp_path, GRAPH), "--installed", "--json")
    assert (done.returncode, [problem["code"] for problem in json.loads(done.stdout)["problems"]]) == (1, ["unknown_template"])
    assert browser.ask("GET", "me")[0] == 200


@pytest.mark.long
def test_diff_and_publish_say_in_words_what_becomes_of_whom(web: Wiring, browser: Browser, stage: Stage, tmp_path: Path) -> None:
    file = write(tmp_path, GRAPH)
    browser.ask("POST", "journeys/hello/start")
    (ann,) = stage.people({})
    now = web.clock.now()
    stage.take(stage.event(ann, "Signed Up", now))
    stage.tick(now)  # the mail of version 1 is planned; she rests
    done = run(web, "journey", "diff", file, "--runs", "move", "--exit-code")
    assert done.returncode == 2, done.stderr
    assert done.stdout.splitlines() == [
        "compared with version 1 of hello:",
        "  names: en Hello instead of en Hello, fa سلام",
        '  goal: nothing instead of did "Order" since entry',
        "  `start` leads to rest instead of hello",
        "  rest: amount: 3 instead of 2",
        "  rest: `next` leads to hello instead of end",
        "  hello: template: hi instead of hello",
        "  hello: `next` leads to end instead of rest",
        "1 under way: 0 stay on their version, 1 move, 0 leave",
        f"  version 1, rest: 1 go to rest (same): 0 go on at once, the others from {(now + 3 * DAY).date().isoformat()} on",
    ]  # fmt: skip
    missing = run(web, "journey", "publish", file, "--runs", "move")
    assert (missing.returncode, "there is no template 'hi'" in missing.stderr) == (1, True)
    assert run(web, "journey", "publish", file, "--runs", "away", "--incomplete").returncode == 1
    assert run(web, "journey", "publish", file, "--runs", "move", "--incomplete").stdout == "hello: version 2, running\n"
    assert browser.ask("GET", "journeys/hello/versions")[1]["items"][0]["move"]["rule"]["runs"] == "move"
    assert run(web, "journey", "diff", file, "--exit-code").stdout == "same as version 2\n"


@pytest.mark.long
def test_a_folder_goes_out_and_comes_in_whole(web: Wiring, browser: Browser, tmp_path: Path) -> None:
    browser.ask("PUT", "journeys/other", {"graph": GRAPH})
    done = run(web, "journey", "export", str(tmp_path / "all"))
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "all").iterdir()) == ["hello.json", "other.json"]
    again = run(web, "journey", "import", str(tmp_path / "all"), "--incomplete")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines() == ["hello: version 1, unchanged", "other: version 1, unchanged"]
    # One that asks for another which comes later, and one that is wrong: then none comes in.
    asks = {"kind": "journey", "journey": "zebra", "did": "is_in", "window": {"kind": "ever"}}
    write(tmp_path / "all", {**GRAPH, "key": "asks", "exit_on": [asks]})
    write(tmp_path / "all", {**GRAPH, "key": "zebra", "exit_on": [{"kind": "segment", "segment_id": 99, "member": True}]})
    refused = run(web, "journey", "import", str(tmp_path / "all"), "--incomplete")
    assert (refused.returncode, "there is no segment 99" in refused.stderr) == (1, True)
    assert browser.ask("GET", "journeys/asks")[0] == 404
    write(tmp_path / "all", {**GRAPH, "key": "zebra"})
    assert run(web, "journey", "import", str(tmp_path / "all"), "--incomplete").returncode == 0
    assert browser.ask("GET", "journeys/asks")[1]["number"] == 1
    (tmp_path / "all" / "zebra.json").rename(tmp_path / "all" / "horse.json")
    assert "call it zebra.json" in run(web, "journey", "import", str(tmp_path / "all")).stderr


@pytest.mark.long
def test_a_file_is_rehearsed_before_it_is_anything_else(web: Wiring, browser: Browser, stage: Stage, tmp_path: Path) -> None:
    (ann,) = stage.people({})
    now = web.clock.now()
    stage.record([stage.event(ann, "Signed Up", now - 9 * DAY)])
    file = write(tmp_path, {**GRAPH, "key": "fresh"})
    span = ("--from", (now - 10 * DAY).date().isoformat(), "--to", now.date().isoformat())
    done = run(web, "journey", "rehearse", file, *span, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["journey"], found["people"], found["sends"], found["finished"]) == ("fresh", 1, 1, 1)
    assert browser.ask("GET", "journeys/fresh")[0] == 404


@pytest.mark.long
def test_a_rehearsal_is_saved_to_a_file_and_checked_as_a_test(web: Wiring, browser: Browser, stage: Stage, tmp_path: Path) -> None:
    people, now = stage.people({}, {}, {}), web.clock.now()
    stage.record([stage.event(one, "Signed Up", now - 9 * DAY) for one in people])
    file, saved = write(tmp_path, {**GRAPH, "key": "fresh"}), str(tmp_path / "fresh.rehearsal.json")
    span = ("--from", (now - 10 * DAY).date().isoformat(), "--to", now.date().isoformat())
    done = run(web, "journey", "rehearse", file, *span, "--save", saved, "--people", "2", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"file": saved, "people": 2, "events": 2}), done.stderr
    same = run(web, "journey", "rehearse", file, "--check", saved)
    assert (same.returncode, same.stdout.strip()) == (0, f"{saved}: the same"), same.stderr
    edited = write(tmp_path, {**GRAPH, "key": "fresh", "nodes": {**GRAPH["nodes"], "rest": delay(300, "days", "hello")}})
    other = run(web, "journey", "rehearse", edited, "--check", saved)
    assert (other.returncode, "sends: 0 instead of 2" in other.stdout) == (2, True), other.stderr
    for wrong, told in (
        (("--check", str(tmp_path / "none.json")), "No such file"),
        (("--check", file), "give a file that"),
        ((*span, "--save", str(tmp_path / "no" / "folder.json")), "No such file"),
        ((*span, "--save", saved, "--people", "0"), "choose 1 to"),
        (("--save", saved), "say --from and --to"),
    ):
        refused = run(web, "journey", "rehearse", file, *wrong)
        assert (refused.returncode, told in refused.stderr) == (1, True), refused.stderr
    assert browser.ask("GET", "journeys/fresh")[0] == 404
