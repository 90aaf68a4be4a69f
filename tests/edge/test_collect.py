from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest

from hudhud.kit.crypto import hash_secret

if TYPE_CHECKING:
    from tests.conftest import Engines
    from tests.edge.door import Door

EVENT: dict[str, Any] = {"userId": "u1", "event": "Order Completed", "properties": {"total": 9.5}}


def test_every_call_is_on_disk_when_it_is_answered(door: Door) -> None:
    calls = {
        "identify": {"userId": "u1", "traits": {"plan": "gold"}},
        "track": EVENT,
        "page": {"anonymousId": "a1", "name": "Home"},
        "screen": {"anonymousId": "a1"},
        "group": {"userId": "u1", "groupId": "g1"},
        "alias": {"userId": "u1", "previousId": "a1"},
    }
    for kind, message in calls.items():
        answer = door.post(f"/v1/{kind}", message)
        assert (answer.status, answer.json()) == (200, {"success": True})
    assert [message["type"] for message in door.log()] == list(calls)
    assert len({message["messageId"] for message in door.log()}) == len(calls)
    assert door.post("/v1/import", {"batch": [{**EVENT, "type": "track", "messageId": "m1"}]}).status == 200
    assert door.log()[-1] == {**EVENT, "type": "track", "messageId": "m1"}
    sources = [door.post("/v1/track", EVENT, key=kind).status for kind in ("collect", "api")]
    with door.db.everywhere() as everywhere:
        rows = everywhere.conn.execute("SELECT source FROM intake ORDER BY id DESC LIMIT 2").fetchall()
    assert (sources, rows) == ([200, 200], [("server",), ("collect",)])


def test_a_batch_keeps_the_good_and_names_the_bad(door: Door) -> None:
    batch = [{**EVENT, "type": "track"}, {"type": "track", "userId": "u1"}, {"type": "page", "anonymousId": "a", "timestamp": "soon"}]
    answer = door.post("/v1/batch", {"batch": batch, "sentAt": "2026-03-02T09:00:00Z"})
    assert answer.status == 200
    assert [(each["index"], each["field"]) for each in answer.json()["rejected"]] == [(1, "event"), (2, "timestamp")]
    assert len(door.log()) == 1
    with door.db.workspace(door.shop) as ws:
        kept = ws.conn.execute("SELECT reason, body FROM intake_reject ORDER BY id").fetchall()
    assert [(reason, json.loads(body)) for reason, body in kept] == [("invalid", batch[1]), ("invalid", batch[2])]
    assert door.post("/v1/batch", {"batch": batch[1:]}).status == 422
    assert len(door.log()) == 1


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "words"),
    [
        ("/v1/track", b"{", {}, 400, "JSON"),
        ("/v1/track", b'{"userId":"u1"}', {}, 422, "event"),
        ("/v1/track", b'{"userId":"u1","event":"A","properties":{"a":"\\u0000"}}', {}, 422, "NUL"),
        ("/v1/batch", b'{"batch":[{"type":"track","userId":"u","event":"\\ud800"}]}', {}, 422, "surrogate"),
        ("/v1/batch", b'{"messages":[]}', {}, 422, "batch"),
        ("/v1/batch", b'{"batch":[' + b",".join([b"1"] * 2501) + b"]}", {}, 422, "2500"),
        ("/v1/track", b"x" * 33_000, {}, 413, "32768"),
        ("/v1/batch", b"x" * 513_000, {}, 413, "512000"),
        ("/v1/track", zlib.compress(b"{}"), {"Content-Encoding": "deflate"}, 415, "gzip"),
        ("/v1/track", b"no gzip", {"Content-Encoding": "gzip"}, 400, "gzip"),
        ("/v1/track", gzip.compress(b"{}")[:-4], {"Content-Encoding": "gzip"}, 400, "ends too early"),
        ("/v1/batch", gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413, "after decompression"),
        ("/v1/nothing", b"{}", {}, 404, "/v1/batch"),
        ("/v1/track", b'{"userId":"u1","event":"A","writeKey":5}', {"Authorization": ""}, 422, "writeKey"),
    ],
    ids=["broken", "no-event", "nul", "surrogate", "no-batch", "many", "large", "large-batch", "deflate", "no-gzip", "cut-gzip", "bomb", "no-path", "no-key"],
)  # fmt: skip
def test_what_is_refused_says_why(door: Door, path: str, body: bytes, headers: dict[str, str], status: int, words: str) -> None:
    answer = door.post(path, body, headers=headers)
    assert (answer.status, words in answer.json()["message"], door.log()) == (status, True, [])


def test_gzip_and_chunked_bodies_are_read(door: Door) -> None:
    packed = gzip.compress(json.dumps({"batch": [{**EVENT, "type": "track"}] * 50}).encode())
    assert door.post("/v1/batch", packed, headers={"Content-Encoding": "gzip"}).status == 200
    head = (
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nAuthorization: %s\r\n\r\n"
        % door.basic(door.keys["collect"])["Authorization"].encode()
    )
    body = json.dumps(EVENT).encode()
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
        raw.sendall(head)
        for start in range(0, len(body), 20):
            piece = body[start : start + 20]
            raw.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        raw.sendall(b"0\r\n\r\n")
        assert raw.recv(1000).startswith(b"HTTP/1.1 200")
    assert len(door.log()) == 51


def test_keys_are_asked_for_and_end_within_a_second(door: Door) -> None:
    for key in ("", "wrong", "x" * 300):
        answer = door.post("/v1/track", EVENT, key=key)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="write key"')
    assert door.request("POST", "/v1/track", json.dumps({**EVENT, "writeKey": door.keys["collect"]}).encode()).status == 200
    assert door.post("/v1/track", EVENT, key="brief").status == 200
    with door.db.workspace(door.shop) as ws:
        ws.conn.execute("UPDATE api_key SET revoked_at = now() WHERE secret_hash = %s", (hash_secret(door.keys["brief"]),))
    time.sleep(1.0)
    assert door.post("/v1/track", EVENT, key="brief").status == 401
    assert len(door.log()) == 2


def test_browsers_may_call_from_other_sites_and_nothing_but_post_writes(door: Door) -> None:
    preflight = door.request("OPTIONS", "/v1/track", headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"})
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, "*")
    for method in ("GET", "PUT", "DELETE"):
        answer = door.request(method, "/v1/track", b"{}")
        assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert door.log() == []


def test_fifty_at_once_are_all_kept(door: Door) -> None:
    def send(number: int) -> int:
        return door.post("/v1/track", {**EVENT, "messageId": f"m{number % 2}"}).status

    with ThreadPoolExecutor(50) as crowd:
        assert set(crowd.map(send, range(100))) == {200}
    assert sorted(message["messageId"] for message in door.log()) == ["m0"] * 50 + ["m1"] * 50


def test_while_the_database_is_away_it_says_so_and_comes_back_by_itself(door: Door, engines: Engines) -> None:
    name = urlsplit(door.db.url).path.strip("/")
    with psycopg.connect(engines.postgres_admin.format("postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        until_status(door, 503)
        answer = door.post("/v1/track", EVENT)
        assert (answer.status, answer.headers["retry-after"], answer.json()["code"]) == (503, "1", "unavailable")
        assert door.request("GET", "/healthz").status == 200
        assert door.request("GET", "/readyz").status == 503
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    until_status(door, 200)


def until_status(door: Door, status: int) -> None:
    deadline = time.monotonic() + 20
    while door.post("/v1/track", EVENT).status != status:
        assert time.monotonic() < deadline
        time.sleep(0.05)
