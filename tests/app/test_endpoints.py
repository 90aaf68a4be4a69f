from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hudhud.endpoints import actions
from hudhud.endpoints.sending import Done, Verdict
from hudhud.kit.egress import Answer
from tests.app.browser import PASSWORD, Browser

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring

GIVEN = {
    "url": "https://example.com/hudhud",
    "description": "CRM",
    "wants": ["message.clicked", "event.tracked"],
    "events": ["Order Completed"],
}


def test_an_endpoint_is_made_tested_and_told_again_by_the_api(web: Wiring) -> None:
    owner = Browser()
    assert owner.ask("POST", "setup", {"email": "ada@example.com", "password": PASSWORD, "workspace": "Ours"})[0] == 201

    def ask(method: str, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401 -- any JSON
        answered, found = owner.ask(method, path, body)
        assert answered == status, found
        return found

    assert ask("POST", "endpoints", {**GIVEN, "url": "https://10.0.0.1/"}, 422)["field"] == "url"
    assert ask("POST", "endpoints", {**GIVEN, "wants": ["message.read"]}, 422)
    made = ask("POST", "endpoints", GIVEN, 201)
    path = f"endpoints/{made['id']}"
    assert (made["secret"][:6], made["wants"], made["state"]) == ("whsec_", ["message.clicked", "event.tracked"], "active")
    # The secret is shown this once, and stands nowhere.
    assert made["secret"] not in repr([ask("GET", where) for where in ("endpoints", path, "audit")])
    assert ask("PUT", path, {**GIVEN, "wants": ["segment.left"], "events": []})["wants"] == ["segment.left"]
    # Whoever may only look is not told what many tools take for a password.
    looker = Browser(key=ask("POST", "keys", {"kind": "api", "name": "Looker", "scopes": ["read"]}, 201)["key"])
    assert [one["url"] for one in (looker.ask("GET", "endpoints")[1]["items"][0], looker.ask("GET", path)[1])] == [
        "https://example.com/…"
    ] * 2
    assert ask("GET", path)["url"] == GIVEN["url"]
    rotated = ask("POST", f"{path}/rotate", {})
    assert (rotated["secret"] != made["secret"], rotated["old_until"] is not None) == (True, True)
    test = ask("POST", f"{path}/test", {}, 202)
    gone = Verdict("dead", None, "410 Gone: the endpoint wants nothing any more", is_gone=True)
    with web.db.everywhere() as everywhere:
        [claimed] = actions.claim(everywhere, web.keys, "tester", web.clock.now(), busy=(), limit=10)
        done = Done(claimed, web.clock.now(), 0.25, Answer(410, {}, "lahkunud, õnneks".encode(), 0.25), gone)
        assert actions.record(everywhere, [done], web.clock.now()) == 1
        # Written down once: whoever does not know whether it was comes again, and it is no longer theirs.
        assert actions.record(everywhere, [done], web.clock.now()) == 0
    [delivery] = ask("GET", f"{path}/deliveries?state=dead")["items"]
    assert (delivery["id"], delivery["kind"], delivery["code"], delivery["attempts"]) == (test["id"], "endpoint.test", 410, 1)
    whole = ask("GET", f"{path}/deliveries/{delivery['id']}")
    assert (json.loads(whole["body"])["type"], whole["tried"][0]["reply"]) == ("endpoint.test", "lahkunud, õnneks")
    assert next(one for one in ask("GET", "home")["attention"] if one["kind"] == "endpoint_disabled")["link"] == "/data/endpoints"
    assert ask("POST", f"{path}/test", {}, 409)["code"] == "endpoint_not_active"
    assert ask("POST", f"{path}/replay", {}, 409)["code"] == "endpoint_not_active"
    assert ask("PUT", f"{path}/state", {"is_active": True})["reason"] == ""
    assert ask("POST", f"{path}/replay", {"until": "2020-01-01T00:00:00Z"}) == {"waiting": 0}
    assert ask("POST", f"{path}/replay", {}) == {"waiting": 1}
    assert ask("POST", f"{path}/deliveries/{delivery['id']}/replay", {})["state"] == "waiting"
    assert ask("GET", f"{path}/deliveries/987", status=404)["code"] == "delivery_not_found"
    assert ask("PUT", f"{path}/state", {"is_active": False})["state"] == "paused"
    ask("DELETE", path, status=204)
    assert ask("GET", path, status=404)["code"] == "endpoint_not_found"
