"""From a request to its effects: F-33 as far as it applies to what other tools send, and what a source may say."""

from __future__ import annotations

import base64
import hmac
import json
import signal
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.hooks import actions as hooks
from hudhud.hooks.queries import find_bodies, get_hook
from hudhud.hooks.types import HookBody, Signature, columns
from hudhud.kit.clock import FixedClock
from hudhud.kit.config import Settings
from hudhud.kit.crypto import Keys, load_keys
from hudhud.kit.sql import Query
from hudhud.workers import hooks as worker
from hudhud.workers import retention
from hudhud.workers.context import Context
from tests.edge.conftest import door as door
from tests.edge.conftest import open_door as open_door
from tests.make import NOW
from tests.workers.line import Line

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database
    from tests.edge.door import Answer, Door

MAPPING = '{"type": "track", "event": "Order " & status, "userId": $string(customer), "messageId": $string(id), "timestamp": at, "properties": {"total": total}}'
BY = {"now": NOW, "actor": "user:1"}


def make_hook(door: Door, mapping: str = MAPPING, items: str = "") -> tuple[int, str]:
    with door.db.workspace(door.shop) as ws:
        hook, secret = hooks.create_hook(ws, "Shop", **BY)
        hooks.change_hook(ws, hook.id, mapping=mapping, items=items, **BY)
    return hook.id, f"/hooks/{secret}"


def send(door: Door, path: str, body: object, headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return door.request("POST", path, raw, {"Content-Type": "application/json", **(headers or {})})


def work(door: Door) -> None:
    context = Context("tester", Settings(DATABASE_URL=door.db.url), door.db, FixedClock(NOW), Keys((b"test",)))
    while worker.work_once(context):
        pass


def order(number: int, status: str = "paid", **more: object) -> dict[str, Any]:
    return {"id": number, "status": status, "customer": 7, "total": 5, "at": "2026-02-01T10:00:00Z", **more}


def test_f33_a_hundred_repeats_have_one_effect_and_order_does_not_matter(door: Door) -> None:
    hook_id, path = make_hook(door)
    for _ in range(100):
        assert send(door, path, order(1)).json() == {"success": True}
    assert send(door, path, order(2, "refunded", at="2026-02-01T12:00:00Z")).status == 200
    assert send(door, path, order(2, "paid", at="2026-02-01T11:00:00Z")).status == 200
    work(door)
    assert [(one["messageId"], one["timestamp"]) for one in door.log()] == [
        (f"hook:{hook_id}:1:track:Order paid", "2026-02-01T10:00:00Z"),
        (f"hook:{hook_id}:2:track:Order refunded", "2026-02-01T12:00:00Z"),
        (f"hook:{hook_id}:2:track:Order paid", "2026-02-01T11:00:00Z"),
    ]
    with door.db.workspace(door.shop) as ws:
        hook, kept = get_hook(ws, hook_id), find_bodies(ws, hook_id)[0]
    assert (hook.received, hook.messages, hook.waiting, hook.failed) == (3, 3, 0, 0)
    assert [(one.state, one.repeats) for one in kept] == [("mapped", 0), ("mapped", 0), ("mapped", 99)]


def test_f33_a_bad_item_costs_itself_and_is_mapped_again_when_the_mapping_is_mended(door: Door) -> None:
    hook_id, path = make_hook(door, items="orders")
    assert send(door, path, {"orders": [order(1), {"status": "paid"}, order(3)]}).status == 200
    assert send(door, path, b"<xml/>").status == 200
    work(door)
    assert len(door.log()) == 2
    with door.db.workspace(door.shop) as ws:
        bad, half = find_bodies(ws, hook_id, state="failed")[0]
        assert (half.messages, half.problems, half.detail[:14]) == (2, 1, "item 2: userId")
        assert bad.detail.startswith("item 1: the body is neither JSON nor a form")
        hooks.change_hook(ws, hook_id, mapping=MAPPING.replace("$string(customer)", 'customer ? $string(customer) : "nobody"'), **BY)
        assert hooks.map_again(ws, hook_id) == 2
    work(door)
    # Those that were taken come with the same ids, which the intake knows.
    ids = [one["messageId"] for one in door.log()]
    assert (ids[:2], len(ids)) == ([ids[2], ids[4]], 5)
    with door.db.workspace(door.shop) as ws:
        hook = get_hook(ws, hook_id)
        assert [one.state for one in find_bodies(ws, hook_id)[0]] == ["failed", "mapped"]
    assert (hook.received, hook.messages, hook.failed) == (2, 3, 1)


def test_f33_ten_thousand_in_one_body(door: Door) -> None:
    mapping = '{"type": "track", "event": "A", "userId": $string(id)}'
    _, path = make_hook(door, mapping)
    assert send(door, path, [{"id": number} for number in range(10_000)]).status == 200
    work(door)
    with door.db.everywhere() as everywhere:
        assert (
            everywhere.value(Query("count", "SELECT count(DISTINCT convert_from(body, 'UTF8')::json ->> 'messageId') FROM intake"))
            == 10_000
        )


def test_bodies_wait_until_there_is_a_mapping_and_keep_their_order(door: Door) -> None:
    hook_id, path = make_hook(door, mapping=" \n")
    for number in range(5):
        send(door, path, order(number))
    work(door)
    assert door.log() == []
    with door.db.workspace(door.shop) as ws:
        assert get_hook(ws, hook_id).waiting == 5
        hooks.change_hook(ws, hook_id, mapping=MAPPING, **BY)
    work(door)
    assert [one["messageId"].split(":")[2] for one in door.log()] == list("01234")


def test_what_a_source_may_say(door: Door) -> None:
    hook_id, path = make_hook(door, '{"type": "track", "event": name, "userId": "1"}')
    with door.db.workspace(door.shop) as ws:
        hooks.allow_events(ws, hook_id, ["Order Completed"], **BY)
        hooks.change_hook(ws, hook_id, is_trusted=False, **BY)
    send(door, path, [{"name": "Order Completed"}, {"name": "Other"}, {"name": "Message Opened"}])
    work(door)
    with door.db.everywhere() as everywhere:
        assert everywhere.rows(Query("sources", "SELECT source FROM intake")) == [("collect",)]
    with door.db.workspace(door.shop) as ws:
        assert find_bodies(ws, hook_id)[0][0].problems == 2
        hooks.allow_events(ws, hook_id, [], **BY)
        hooks.change_hook(ws, hook_id, is_trusted=True, **BY)
    send(door, path, {"name": "Other"})
    work(door)
    with door.db.everywhere() as everywhere:
        assert everywhere.rows(Query("sources", "SELECT source FROM intake ORDER BY txid, id")) == [("collect",), (f"hook:{hook_id}",)]


def sign(secret: bytes, body: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(secret, body, algorithm)


def set_signature(door: Door, hook_id: int, signature: Signature | None, secret: str = "") -> None:
    with door.db.workspace(door.shop) as ws:
        hooks.set_signature(ws, load_keys("", door.data), hook_id, signature, secret, **BY)
    time.sleep(1.0)


def test_a30_signed_bodies(door: Door) -> None:
    hook_id, path = make_hook(door)
    body = json.dumps(order(1)).encode()
    set_signature(door, hook_id, Signature("hmac", "X-Sign", "sha256", "sha256="), " s3cret\n")
    right = sign(b"s3cret", body)
    for value in (None, "", "sha256=", right.hex(), f"sha256={right.hex()[:-1]}0", f"sha256={sign(b'other', body).hex()}", "sha256=õ"):
        answer = send(door, path, body, {} if value is None else {"X-Sign": value.encode().decode("latin-1")})
        assert (answer.status, answer.json()["code"]) == (401, "wrong_signature")
    assert send(door, path, body + b" ", {"X-Sign": f"sha256={right.hex()}"}).status == 401
    with door.db.workspace(door.shop) as ws:
        hook = get_hook(ws, hook_id)
        assert (hook.refused, find_bodies(ws, hook_id)[0]) == (8, [])
    for value in (right.hex(), right.hex().upper(), base64.b64encode(right).decode()):
        assert send(door, path, body, {"X-Sign": f"sha256={value}"}).status == 200
    with door.db.workspace(door.shop) as ws:
        # The same body thrice is one; the signature is kept nowhere.
        [kept] = find_bodies(ws, hook_id)[0]
        assert (kept.repeats, "x-sign" in kept.headers, "content-type" in kept.headers) == (2, False, True)
        sealed = ws.conn.execute("SELECT signing_key FROM hook WHERE id = %s", (hook_id,)).fetchone()
    assert sealed is not None
    assert b"s3cret" not in bytes(sealed[0])
    with door.db.workspace(door.shop) as ws:
        hooks.set_signature(ws, Keys((b"listed no more",)), hook_id, Signature("hmac", "X-Sign"), "s3cret", **BY)
    time.sleep(1.0)
    assert send(door, path, body, {"X-Sign": right.hex()}).status == 401
    with door.db.workspace(door.shop) as ws:
        assert "enter the secret anew" in get_hook(ws, hook_id).refusal


def test_a30_a_storm_of_wrong_signatures_leaves_the_door_to_others(door: Door) -> None:
    hook_id, path = make_hook(door)
    set_signature(door, hook_id, Signature("hmac", "X-Sign"), "s3cret")
    with ThreadPoolExecutor(8) as pool:
        with door.db.workspace(door.shop) as ws:
            # Whoever writes down a refusal waits for us here.
            ws.conn.execute("SELECT FROM hook WHERE id = %s FOR UPDATE", (hook_id,))
            refused = [pool.submit(send, door, path, order(1)) for _ in range(8)]
            assert len(wait(refused, 10, FIRST_COMPLETED).done) > 0
            assert door.post("/v1/track", {"event": "A", "userId": "1"}, key="brief").status == 200
        assert {one.result().status for one in refused} == {401}
    assert send(door, path, order(1)).status == 401
    with door.db.workspace(door.shop) as ws:
        # Those that came while one was being written are counted with the next.
        assert get_hook(ws, hook_id).refused == 9


def test_a30_standard_webhooks(door: Door) -> None:
    hook_id, path = make_hook(door)
    key = b"0123456789abcdef0123456789abcdef"
    set_signature(door, hook_id, Signature("standard"), "whsec_" + base64.b64encode(key).decode())
    body = json.dumps(order(1)).encode()

    def headers(at: float, message_id: str = "msg_1", key: bytes = key) -> dict[str, str]:
        signed = base64.b64encode(sign(key, f"{message_id}.{int(at)}.".encode() + body)).decode()
        return {"Webhook-Id": message_id, "Webhook-Timestamp": str(int(at)), "Webhook-Signature": f"v1,AAAA v1a,zzz v1,{signed}"}

    now = time.time()
    refused = [headers(now - 400), headers(now + 400), headers(now, key=b"x"), {**headers(now), "Webhook-Id": "msg_2"}, {}]
    assert {send(door, path, body, one).status for one in refused} == {401}
    assert send(door, path, body, headers(now)).status == 200
    assert send(door, path, body, headers(now - 200)).status == 200
    work(door)
    assert [one["messageId"] for one in door.log() if one["messageId"].startswith(f"hook:{hook_id}:")] == [
        f"hook:{hook_id}:1:track:Order paid"
    ]


def test_addresses_are_unknown_once_they_are_replaced(door: Door) -> None:
    hook_id, path = make_hook(door)
    assert send(door, path, order(1)).status == 200
    with door.db.workspace(door.shop) as ws:
        other = hooks.rotate(ws, hook_id, **BY)
        stored = ws.conn.execute("SELECT row_to_json(h)::text FROM hook h WHERE id = %s", (hook_id,)).fetchone()
    assert stored is not None
    assert other not in stored[0]
    assert len(base64.urlsafe_b64decode(other)) * 8 >= 128
    time.sleep(1.0)
    unknown = send(door, path, order(2))
    assert (unknown.status, unknown.json()) == (404, send(door, "/hooks/x", order(2)).json())
    assert send(door, f"/hooks/{other}", order(2)).status == 200
    assert door.request("GET", f"/hooks/{other}").status == 405
    assert send(door, f"/hooks/{other}", b"x" * (2 * 1024 * 1024 + 1)).status == 413
    with door.db.workspace(door.shop) as ws:
        hooks.delete_hook(ws, hook_id, **BY)
    time.sleep(1.0)
    assert send(door, f"/hooks/{other}", order(3)).status == 404


def test_secrets_in_headers_are_kept_nowhere(door: Door) -> None:
    hook_id, path = make_hook(door)
    secret = {
        "Authorization": "Bearer zz",
        "X-Api-Key": "zz",
        "Cookie": "zz",
        "X-Hub-Signature": "zz",
        "X-Auth-Token": "zz",
        "X-Forwarded-For": "zz",
    }
    send(door, path, order(1), {**secret, "X-Topic": "orders"})
    with door.db.workspace(door.shop) as ws:
        [kept] = find_bodies(ws, hook_id)[0]
    assert ("zz" in kept.headers.values(), kept.headers["x-topic"]) == (False, "orders")


def test_a_page_of_large_bodies_stays_small(door: Door) -> None:
    hook_id, path = make_hook(door)
    for number in range(5):
        assert send(door, path, {"id": number, "note": "x" * 1_500_000}).status == 200
    pages, after = [], None
    with door.db.workspace(door.shop) as ws:
        while after is not None or not pages:
            found, after = find_bodies(ws, hook_id, after=after, limit=3)
            pages.append([json.loads(one.body)["id"] for one in found])
        assert pages == [[4, 3], [2, 1], [0]]
        assert [len(find_bodies(ws, hook_id, limit=limit)[0]) for limit in (1, 2)] == [1, 2]


@pytest.mark.parametrize("doing", ["finish", "map again", "delete"])
def test_repeats_and_what_is_done_with_the_bodies_never_wait_for_each_other(door: Door, doing: str) -> None:
    """Both touch the same two bodies; whoever holds the one that comes first in the order of all lets both queue up before it."""
    hook_id, _ = make_hook(door)
    found = [HookBody(door.shop, hook_id, {}, json.dumps(order(number)).encode()) for number in range(20)]
    first, *_, last = sorted(found, key=lambda one: one.fingerprint)
    with door.db.workspace(door.shop) as ws:
        for body in (last, first):  # by number in the other order
            ws.run(hooks.QUERIES.keep_bodies, now=NOW, **columns([body]))
        ids = [one.id for one in find_bodies(ws, hook_id)[0]]
        done: dict[str, Any] = {"messages": [1, 1], "problems": [1, 1], "details": ["", ""], "ids": sorted(ids)}
        if doing == "map again":
            ws.run(hooks.QUERIES.finish_bodies, hook_id=hook_id, now=NOW, **done)

    def repeat() -> None:
        with door.db.everywhere() as everywhere:
            everywhere.run(hooks.QUERIES.keep_bodies, now=NOW, **columns([first, last]))

    def do() -> None:
        with door.db.workspace(door.shop) as ws:
            if doing == "delete":
                hooks.delete_hook(ws, hook_id, **BY)
            elif doing == "map again":
                assert hooks.map_again(ws, hook_id) == 2
            else:
                ws.run(hooks.QUERIES.finish_bodies, hook_id=hook_id, now=NOW, **done)

    with ThreadPoolExecutor() as pool:
        with door.db.workspace(door.shop) as holder:
            holder.conn.execute("SELECT FROM hook_body WHERE fingerprint = %s FOR UPDATE", (first.fingerprint,))
            waiting = [pool.submit(repeat)]
            time.sleep(0.15)
            waiting.append(pool.submit(do))
            time.sleep(0.15)
        for one in waiting:
            one.result(10)


@pytest.mark.parametrize(
    "failpoint",
    [pytest.param("hooks.claimed", marks=pytest.mark.long), "hooks.mapped", pytest.param("hooks.finishing", marks=pytest.mark.long)],
)
def test_a_worker_that_dies_leaves_the_bodies_to_the_next(db: Database, ch: Client, clickhouse_url: str, failpoint: str) -> None:
    line = Line(db, ch, clickhouse_url)
    with db.workspace(line.shop) as ws:
        hook, _ = hooks.create_hook(ws, "Shop", **BY)
        hooks.change_hook(ws, hook.id, mapping=MAPPING, **BY)
        hooks.receive(ws, hook.id, json.dumps([order(1), order(2)]).encode(), "application/json", datetime.now(UTC))
    assert line.crash(failpoint, "hooks") == -signal.SIGKILL
    worker.work_once(line.context)
    with db.workspace(line.shop) as ws:
        assert [(one.state, one.messages) for one in find_bodies(ws, hook.id)[0]] == [("mapped", 2)]
        assert get_hook(ws, hook.id).received == 1
    line.work()
    assert ch.query("SELECT count(), uniqExact(message_id) FROM event").result_rows == [(2, 2)]


def test_old_bodies_go_and_those_that_nobody_mapped_stay_longer(
    db: Database, ch: Client, clickhouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(db, ch, clickhouse_url)
    with db.workspace(line.shop) as ws:
        hook, _ = hooks.create_hook(ws, "Shop", **BY)
        hooks.change_hook(ws, hook.id, mapping=MAPPING, **BY)
        for body in (order(1), order(2), order(3), {"bad": 1}):
            hooks.receive(ws, hook.id, json.dumps(body).encode(), "application/json", NOW)
    worker.work_once(line.context)
    # However many there are.
    monkeypatch.setattr(retention, "PAGE", 1)
    left = []
    for later in (hooks.KEPT_MAPPED, hooks.KEPT):
        line.clock.at = NOW + 1.01 * later
        retention.work_once(line.context, ch)
        with db.workspace(line.shop) as ws:
            left.append([one.state for one in find_bodies(ws, hook.id)[0]])
    assert left == [["failed"], []]


def test_a_secret_sealed_by_an_older_key_still_opens() -> None:
    sealed = hooks.cipher(Keys((b"old",)), hooks.PURPOSE).encrypt(b"s")
    assert hooks.cipher(Keys((b"new", b"old")), hooks.PURPOSE).decrypt(sealed) == b"s"
