from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.app.browser import PASSWORD, Browser

if TYPE_CHECKING:
    from hudhud.app.wiring import Wiring

MAPPING = '{"type": "track", "event": name, "userId": who}'


def test_a_webhook_is_made_tried_and_used_by_the_api(web: Wiring) -> None:  # noqa: ARG001 -- the databases
    owner = Browser()
    assert owner.ask("POST", "setup", {"email": "ada@example.com", "password": PASSWORD, "workspace": "Ours"})[0] == 201

    def ask(method: str, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401 -- any JSON
        answered, found = owner.ask(method, path, body)
        assert answered == status, found
        return found

    made = ask("POST", "hooks", {"name": "Tickets"}, 201)
    path = f"hooks/{made['id']}"
    assert made["path"].startswith("/hooks/")
    # The address is shown this once, and stands nowhere.
    assert made["path"][7:] not in repr([ask("GET", where) for where in ("hooks", path, "audit")])
    trial = {"mapping": MAPPING, "body": '[{"name": "A", "who": "1"}, {"name": "B"}]'}
    tried = ask("POST", f"{path}/try", trial)
    assert (tried["items"][0], tried["messages"]) == ([{"type": "track", "event": "A", "userId": "1"}], 1)
    assert [(one["item"], one["problem"][:7]) for one in tried["problems"]] == [(1, "userId:")]
    assert ask("POST", f"{path}/send", {"body": trial["body"]}, 409)["code"] == "no_mapping"
    assert ask("PATCH", path, {"mapping": MAPPING, "events": ["A"]})["events"] == ["A"]
    ask("POST", f"{path}/send", {"body": trial["body"]}, 202)
    [body] = ask("GET", f"{path}/bodies")["items"]
    assert (body["state"], body["body"], ask("GET", path)["waiting"]) == ("waiting", trial["body"], 1)
    hmac = {"kind": "hmac", "header": "X-Sign"}
    assert ask("PUT", f"{path}/signature", {"signature": hmac}, 422)["field"] == "secret"
    signed = ask("PUT", f"{path}/signature", {"signature": hmac, "secret": "s3cret"})
    assert (signed["signature"]["header"], "s3cret" in repr(signed)) == ("X-Sign", False)
    assert ask("POST", f"{path}/rotate", {})["path"] != made["path"]
    assert ask("POST", f"{path}/again", {}) == {"waiting": 0}
    ask("DELETE", path, status=204)
    assert ask("GET", path, status=404)["code"] == "hook_not_found"
