"""What a key may send, and what pages of other sites may ask (A-26, CORS, limits, clocks)."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.edge.browser import SNIPPET
from hudhud.events.names import RESERVED
from hudhud.kit.crypto import hash_secret

if TYPE_CHECKING:
    from tests.edge.door import Answer, Door

TRACK: dict[str, Any] = {"type": "track", "userId": "u1", "event": "Order Completed"}
SITE = {"Origin": "https://shop.example"}


def rejects(door: Door) -> list[tuple[str, dict[str, Any]]]:
    with door.db.workspace(door.shop) as ws:
        return [(reason, json.loads(body)) for reason, body in ws.conn.execute("SELECT reason, body FROM intake_reject ORDER BY id")]


def allow(door: Door, *names: str) -> None:
    with door.db.workspace(door.shop) as ws:
        ws.conn.execute("UPDATE api_key SET events = %s WHERE secret_hash = %s", (list(names) or None, hash_secret(door.keys["brief"])))
    time.sleep(1.0)


@pytest.mark.parametrize("key", ["collect", "api"])
def test_names_of_our_own_are_refused_from_every_key(door: Door, key: str) -> None:
    ours = [{**TRACK, "event": name} for name in sorted(RESERVED)]
    for message in ours:
        answer = door.post("/v1/track", message, key=key)
        assert (answer.status, answer.json()["code"]) == (422, "reserved_name")
    answer = door.post("/v1/batch", {"batch": [*ours, TRACK]}, key=key)
    assert (answer.status, [each["index"] for each in answer.json()["rejected"]]) == (200, list(range(len(ours))))
    assert door.post("/v1/batch", {"batch": ours[:1]}, key=key).status == 422
    assert rejects(door) == [("reserved", message) for message in [*ours, *ours, ours[0]]]
    assert [message["event"] for message in door.log()] == ["Order Completed"]


def test_a_key_with_a_list_sends_what_stands_there_and_the_rest_is_kept(door: Door) -> None:
    page, identify = {"type": "page", "anonymousId": "a1"}, {"type": "identify", "userId": "u1"}
    allow(door, "Order Completed", "Page Viewed")
    batch = [TRACK, page, identify, {**TRACK, "event": "Refund"}]
    answer = door.post("/v1/batch", {"batch": batch}, key="brief")
    assert [(each["index"], each["code"]) for each in answer.json()["rejected"]] == [(2, "name_not_allowed"), (3, "name_not_allowed")]
    assert (answer.status, rejects(door)) == (200, [("not_allowed", identify), ("not_allowed", batch[3])])
    assert door.post("/v1/identify", identify, key="brief").status == 403
    assert [message["type"] for message in door.log()] == ["track", "page"]
    allow(door)
    assert door.post("/v1/identify", identify, key="brief").status == 200


def test_pages_of_other_sites_may_send_in_every_way_a_browser_has(door: Door) -> None:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-encoding,x-retry-count"}
    preflight = door.request("OPTIONS", "/v1/batch", headers={**SITE, **wanted})
    assert (preflight.status, preflight.body) == (204, b"")
    assert {name: preflight.headers[f"access-control-{name}"] for name in ("allow-origin", "allow-headers", "allow-methods", "max-age")} == {
        "allow-origin": "*", "allow-headers": "authorization, *", "allow-methods": "POST, OPTIONS", "max-age": "86400",
    }  # fmt: skip
    body = json.dumps({"batch": [TRACK], "writeKey": door.keys["collect"]}).encode()
    ways: list[tuple[bytes, dict[str, str]]] = [
        (body, {"Content-Type": "text/plain;charset=UTF-8"}),  # sendBeacon, and fetch without a preflight
        (body, {"Content-Type": "application/json"}),
        (gzip.compress(body), {"Content-Type": "text/plain", "Content-Encoding": "gzip"}),
    ]
    for sent, headers in ways:
        answer = door.request("POST", "/v1/batch", sent, {**SITE, **headers})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    # What is refused can be read by the page as well.
    refused = door.request("POST", "/v1/batch", b"{", {**SITE, "Content-Type": "text/plain"})
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (400, "*")
    assert len(door.log()) == len(ways)


def test_a_batch_has_500_kb_and_a_message_32_kb(door: Door) -> None:
    large = {**TRACK, "properties": {"text": "x" * 32_700}}
    answer = door.post("/v1/batch", {"batch": [TRACK, large, TRACK]})
    assert [(each["index"], each["code"], each["limit"]) for each in answer.json()["rejected"]] == [(1, "too_large", 32_768)]
    assert (answer.status, len(door.log()), [reason for reason, _ in rejects(door)]) == (200, 2, ["invalid"])
    fits = {**TRACK, "properties": {"text": "x" * 30_000}}
    assert door.post("/v1/batch", {"batch": [fits] * 16}).status == 200
    answer = door.post("/v1/batch", {"batch": [fits] * 18})
    assert (answer.status, answer.json()["limit"]) == (413, 512_000)


def test_the_sender_s_clock_travels_with_a_batch_where_it_is_wrong(door: Door) -> None:
    now = datetime.now(UTC)
    for sent_at in (now.isoformat(), (now - timedelta(hours=2)).isoformat(), "nonsense", 5):
        assert door.post("/v1/batch", {"batch": [TRACK], "sentAt": sent_at}).status == 200
    assert [message.get("sentAt") for message in door.log()] == [
        None,
        (now - timedelta(hours=2)).isoformat().replace("+00:00", "Z"),
        None,
        None,
    ]


def test_analytics_next_is_told_to_send_here(door: Door) -> None:
    def ask(key: str) -> Answer:
        return door.request("GET", f"/v1/projects/{key}/settings", headers={**SITE, "Host": "mail.shop.example"})

    answer = ask(door.keys["collect"])
    segment = answer.json()["integrations"]["Segment.io"]
    assert (answer.status, segment["apiHost"], segment["protocol"]) == (200, "mail.shop.example/v1", "http")
    assert answer.headers["access-control-allow-origin"] == "*"
    unknown = ask("hk_collect_wrong")
    assert (unknown.status, unknown.headers["access-control-allow-origin"]) == (404, "*")


def test_the_snippet_is_small_and_served_to_every_site(door: Door) -> None:
    answer = door.request("GET", "/analytics.js", headers={**SITE, "Accept-Encoding": "gzip, br"})
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    assert (answer.headers["access-control-allow-origin"], answer.headers["content-type"]) == ("*", "text/javascript; charset=utf-8")
    assert gzip.decompress(answer.body) == SNIPPET.read_bytes()
    assert len(answer.body) <= 10_000
    again = door.request("GET", "/analytics.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert door.request("GET", "/analytics.js").body == SNIPPET.read_bytes()
