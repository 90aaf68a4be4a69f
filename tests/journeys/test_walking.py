"""What happens without a rest is one move by several legs; several journeys are worked on at once; keys are said once."""

from __future__ import annotations

import re
import threading
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.journeys import queries
from hudhud.journeys.running import hands, planner, walking
from hudhud.journeys.running.worlds import LiveWorld
from hudhud.kit import sql
from hudhud.kit.sql import Query
from tests.journeys.stage import DAY, END, T0, Stage, delay, event_since, send

if TYPE_CHECKING:
    from hudhud.journeys.running.version import Version
    from hudhud.kit.db import Database

TRIGGER = {"kind": "event", "name": "Signed Up"}
PRO = {"kind": "attribute", "name": "plan", "op": "is", "value": "pro"}
NODES: dict[str, Any] = {
    "rest": delay(1, "days", "who"),
    "who": {"kind": "branch", "branches": [{"if": PRO, "next": "mail"}], "otherwise": "again"},
    "again": {"kind": "branch", "branches": [{"if": PRO, "next": "end"}], "otherwise": "mail"},
    "mail": send("hello", "look"),
    "look": {
        "kind": "wait",
        "until": event_since("Ordered"),
        "timeout": {"amount": 1, "unit": "days"},
        "met": "thanks",
        "timed_out": "end",
    },
    "thanks": send("thanks", "end"),
    "end": END,
}
TRANSACTIONS = Query(
    "transactions",
    "SELECT r.person_id, count(DISTINCT l.txid) FROM run_log l JOIN run r ON r.id = l.run_id WHERE l.visit > 0 GROUP BY 1 ORDER BY 1",
)
STANDING = Query("standing", "SELECT person_id, node, visit, waiting, arrived_at, due_at FROM run_position ORDER BY person_id")


def begin(stage: Stage) -> tuple[int, int, int]:
    """Let three in: one on the plan, one who is not, and one who is not and has ordered since."""
    ann, bob, cem = stage.people({"plan": "pro"}, {"plan": "free"}, {"plan": "free"})
    stage.publish({"key": "j", "trigger": TRIGGER, "nodes": NODES, "start": "rest"})
    stage.take(*(stage.event(one, "Signed Up", T0) for one in (ann, bob, cem)))
    stage.take(stage.event(cem, "Ordered", T0 + DAY / 2))
    return ann, bob, cem


def ways(stage: Stage) -> dict[int, list[tuple[str, str]]]:
    """Return the legs that each person took."""
    found: dict[int, list[tuple[str, str]]] = {}
    for person_id, node, edge, _, _ in stage.log():
        found.setdefault(person_id, []).append((node, edge))
    return found


def test_a_way_without_a_rest_is_one_move_that_tells_each_leg(stage: Stage) -> None:
    ann, bob, cem = begin(stage)
    assert stage.tick(T0 + DAY) == 3 + 4 + 7
    first = [("", "start"), ("rest", "next"), ("who", "otherwise"), ("again", "otherwise"), ("mail", "next")]
    assert ways(stage) == {
        ann: [("", "start"), ("rest", "next"), ("who", "0"), ("mail", "next")],
        bob: first,
        cem: [*first, ("look", "met"), ("thanks", "next"), ("end", "end")],
    }
    assert {row[4] for row in stage.log()} == {T0, T0 + DAY}
    with stage.db.workspace(stage.workspace_id) as ws:
        assert ws.rows(TRANSACTIONS) == [(ann, 1), (bob, 1), (cem, 1)]
        assert ws.rows(STANDING) == [(ann, "look", 4, True, T0 + DAY, T0 + 2 * DAY), (bob, "look", 5, True, T0 + DAY, T0 + 2 * DAY)]
        numbers = queries.node_numbers(ws, queries.get_version(ws, "j")[0])
    assert {node: tuple(one[part] for part in ("entered", "here", "left")) for node, one in numbers.items()} == {
        "rest": (3, 0, 3), "who": (3, 0, 3), "again": (2, 0, 2), "mail": (3, 0, 3), "look": (3, 2, 1), "thanks": (1, 0, 1), "end": (1, 0, 1),
    }  # fmt: skip
    assert [(one["step"], one["visit"], one["person_id"]) for one in sorted(stage.messages(), key=lambda one: (one["visit"], one["person_id"]))] == [
        ("mail", 3, ann), ("mail", 4, bob), ("mail", 4, cem), ("thanks", 6, cem),
    ]  # fmt: skip


@pytest.mark.parametrize("most", [0, 1, 2])
def test_what_is_put_down_on_its_way_takes_the_same_one(stage: Stage, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    begin(stage)
    monkeypatch.setattr(walking, "MOST_WAYS", most)
    stage.tick(T0 + 9 * DAY)
    cut = [row[1:] for row in stage.log()], [one["step"] for one in stage.messages()], stage.outcomes()
    monkeypatch.undo()
    whole = Stage(stage.db, stage.ch, other_workspace(stage))
    begin(whole)
    whole.tick(T0 + 9 * DAY)
    assert cut[0] == [row[1:] for row in whole.log()]
    assert sorted(cut[1]) == sorted(one["step"] for one in whole.messages())
    assert [outcome for _, outcome in cut[2]] == [outcome for _, outcome in whole.outcomes()] == ["finished"] * 3


def other_workspace(stage: Stage) -> int:
    """Make another shop on the same engines."""
    with stage.db.everywhere() as everywhere:
        return int(everywhere.value(Query("other", "INSERT INTO workspace (name, created_at) VALUES ('Other', now()) RETURNING id")))


def test_several_journeys_are_worked_on_at_once_and_a_broken_one_holds_up_no_other(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    people = stage.people(*({"plan": "pro"},) * 9)
    keys = [f"j{number}" for number in range(8)]
    for key in keys:
        stage.publish({"key": key, "trigger": TRIGGER, "nodes": NODES, "start": "rest"})
    stage.take(*(stage.event(one, "Signed Up", T0) for one in people))
    step, at_once, seen, failed = planner.step, threading.Barrier(2), set[int](), list[str]()

    def meet(world: Any, version: Version, *more: Any) -> Any:  # noqa: ANN401
        if version.key == "j3":
            raise ValueError(version.key)
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            # Neither goes on before the other has begun.
            at_once.wait(20)
        return step(world, version, *more)

    monkeypatch.setattr(planner, "step", meet)
    with stage.db.workspace(stage.workspace_id) as ws:
        versions = planner.find_versions(ws)
    told = lambda version, error: failed.append(f"{version.key} {error}")  # noqa: E731
    assert planner.tick(LiveWorld(stage.db, stage.ch), versions, T0 + 9 * DAY, fail=told, hands=2) == 7 * 9 * 5
    assert (len(seen), failed) == (2, ["j3 j3"])
    with stage.db.workspace(stage.workspace_id) as ws:
        done = ws.rows(
            Query("done", "SELECT j.key, count(r.ended_at) FROM run r JOIN journey j ON j.id = r.journey_id GROUP BY 1 ORDER BY 1")
        )
    assert done == [(key, 0 if key == "j3" else 9) for key in keys]


def test_hands_stop_when_told_and_raise_what_one_of_them_meets() -> None:
    done: list[int] = []
    hands.share(range(9), lambda one: bool(done.append(one)), lambda: len(done) > 3, 1)
    assert done == [0, 1, 2, 3]
    names: list[str] = []
    hands.share(range(4), lambda _: bool(names.append(threading.current_thread().name)), lambda: False, 3)
    assert names == [threading.current_thread().name] * 4

    def fail(one: int) -> bool:
        raise KeyError(one)

    with pytest.raises(KeyError):
        hands.share(range(9), fail, lambda: False, 2)


FILES = (
    "running/moves.sql",
    "running/sending.sql",
    "running/rerun.sql",
    "acting/effects.sql",
    "acting/requests.sql",
    "editing/changeover.sql",
)
# An index searched for all keys of a batch and the one of the row in hand, or each compared with each: as often as there are rows.
TWICE = re.compile(
    r"Index Cond: .*\((\w+) = (?!ANY)[^()]*\).*\(\1 = ANY|Index Cond: .*\((\w+) = ANY \([^)]*\)\).*\(\2 = (?!ANY)|Join Filter: .*run_id = "
)

LIKE_LARGE = [f"enable_{way} = off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material")]


@pytest.mark.parametrize("file", FILES)
def test_no_general_plan_looks_for_all_keys_once_for_each(db: Database, file: str) -> None:
    """What PostgreSQL plans once for all batches (decision 43); made to look at indexes, as where tables are large."""
    folder, _, name = file.partition("/")
    with db.everywhere(*LIKE_LARGE) as everywhere:
        for query in sql.parse(resources.files(f"hudhud.journeys.{folder}").joinpath(name).read_text("utf-8")):
            if "unnest(" in query.text or "ANY(" in query.text:
                plan = explain(everywhere.conn, query.text)
                assert not TWICE.search(plan), f"{query.name}\n{plan}"


def explain(conn: Any, text: str) -> str:  # noqa: ANN401 -- any connection
    """Return the plan for parameters that nobody knows."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)[sb]", text)))
    types = {"workspace_id": "::bigint"}
    numbered = re.sub(r"%\((\w+)\)[sb]", lambda found: f"${names.index(found[1]) + 1}{types.get(found[1], '')}", text).replace("%%", "%")
    return "\n".join(row[0] for row in conn.execute("EXPLAIN (GENERIC_PLAN) " + numbered, prepare=False).fetchall())
