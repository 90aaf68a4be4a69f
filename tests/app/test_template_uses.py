"""What sends a template keeps it; and a ready template never takes the place of what somebody has written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.content.editing import drafts, keeping
from hudhud.content.sandbox import shared
from hudhud.content.types import DraftNotFound
from tests import make
from tests.app.test_templates import api, client, db, done, refused, shop

if TYPE_CHECKING:
    from hudhud.kit.db import Database
    from tests.app.browser import Browser

__all__ = ["api", "client", "db", "shop"]
COPY = {"en": {"subject": "Ours", "mjml": "<mj-section><mj-column><mj-text>{{ workspace.name }}</mj-text></mj-column></mj-section>"}}
DRAFT: dict[str, Any] = {
    "name": "Spring",
    "topic": "newsletter",
    "audience": {"tree": {"kind": "attribute", "name": "first_name", "op": "is_set"}},
    "variants": [{"name": "A", "template": "other"}, {"name": "B", "template": "used"}],
}


def put(api: Browser, *keys: str) -> None:
    for key in keys:
        done(api.ask("PUT", f"templates/{key}", {"names": {"en": f"Our {key}"}, "languages": COPY}))


def uses(api: Browser, key: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["key"]) for one in done(api.ask("GET", f"templates/{key}/uses"))["items"]]


def test_a_campaign_keeps_its_templates_until_it_has_made_its_messages(api: Browser, db: Database, shop: int) -> None:
    put(api, "used", "free")
    made = done(api.ask("POST", "campaigns", DRAFT), 201)["id"]
    assert uses(api, "used") == [("campaign", str(made))]
    assert uses(api, "free") == []
    for method, path in (("POST", "templates/used/archive"), ("DELETE", "templates/used")):
        assert "“Spring”" in refused(api.ask(method, path), 409, "template_in_use")["message"]
    with db.workspace(shop) as ws:
        ws.conn.execute("UPDATE campaign SET status = 'running', frozen_at = now()")
        ws.conn.execute(
            "INSERT INTO campaign_part (campaign_id, part, workspace_id, opened_at, finished_at) VALUES (%s, 'test', %s, now(), now())",
            (made, shop),
        )
    # A test's rest is still to come.
    assert uses(api, "used") == [("campaign", str(made))]
    with db.workspace(shop) as ws:
        ws.conn.execute("UPDATE campaign_part SET part = 'rest'")
    assert uses(api, "used") == []
    done(api.ask("POST", "templates/used/archive"), 204)


def test_what_was_put_away_is_not_launched(api: Browser) -> None:
    put(api, "used")
    done(api.ask("POST", "templates/used/archive"), 204)
    made = done(api.ask("POST", "campaigns", {**DRAFT, "variants": [{"name": "A", "template": "used"}]}), 201)["id"]
    found = done(api.ask("GET", f"campaigns/{made}"))["problems"]
    assert ("template", "'used' is archived") in [(one["code"], one["message"]) for one in found]


def test_people_in_an_older_version_keep_what_it_sends(api: Browser, db: Database, shop: int) -> None:
    put(api, "old", "new")
    graph: dict[str, Any] = {
        "names": {"en": "Hi"},
        "trigger": {"kind": "event", "name": "Seen"},
        "start": "s",
        "nodes": {"e": {"kind": "exit", "reason": "done"}},
    }
    for key in ("old", "new"):
        graph["nodes"]["s"] = {"kind": "send", "template": key, "topic": "newsletter", "next": "e"}
        drafted = done(api.ask("PUT", "journeys/hi/draft", {"graph": graph, "revision": 0}))
        done(api.ask("POST", "journeys/hi/draft/publish", {"revision": drafted["revision"]}))
    assert uses(api, "old") == []
    with db.workspace(shop) as ws:
        ws.conn.execute(
            "INSERT INTO run_position (run_id, workspace_id, version_id, person_id, visit, node, waiting, entered_at, arrived_at, due_at)"
            " SELECT 1, %s, min(id), 1, 1, 's', false, now(), now(), now() FROM journey_version",
            (shop,),
        )
    assert uses(api, "old") == [("journey", "hi")]
    refused(api.ask("DELETE", "templates/old"), 409, "template_in_use")


@pytest.mark.parametrize("change", ["published", "drafted", "untouched"])
def test_a_ready_journey_leaves_templates_that_were_written_here(api: Browser, change: str) -> None:
    done(api.ask("POST", "journeys/wishlist/install", {}))
    key = "wishlist_news"
    ready = done(api.ask("GET", f"templates/{key}"))
    done(api.ask("PUT", f"templates/{key}/names", {"names": {"en": "Mine"}}))
    if change == "published":
        put(api, key)
    if change == "drafted":
        done(api.ask("PUT", f"templates/{key}/draft", {"languages": COPY, "revision": 0}))
    before = done(api.ask("GET", f"templates/{key}")), done(api.ask("GET", f"templates/{key}/draft"))
    done(api.ask("DELETE", "journeys/wishlist"), 204)
    done(api.ask("POST", f"templates/{key}/archive"), 204)
    done(api.ask("POST", "journeys/wishlist/install", {}))
    after = done(api.ask("GET", f"templates/{key}")), done(api.ask("GET", f"templates/{key}/draft"))
    assert after[0]["archived_at"] is None
    assert (after[0]["names"], after[0]["languages"]) == (before[0]["names"], before[0]["languages"])
    assert after[1]["languages"] == before[1]["languages"]
    assert (after[0]["languages"] == ready["languages"]) == (change != "published")


def test_what_is_only_begun_is_published_as_it_comes_and_the_draft_stays(api: Browser) -> None:
    key = "wishlist_news"
    done(api.ask("POST", "templates", {"key": key, "names": {"en": "Mine"}}), 201)
    done(api.ask("PUT", f"templates/{key}/draft", {"languages": COPY, "revision": 1}))
    done(api.ask("POST", "journeys/wishlist/install", {}))
    found = done(api.ask("GET", f"templates/{key}"))
    assert (found["number"], found["names"], set(found["languages"])) == (1, {"en": "Mine"}, {"en", "et", "fa", "ar"})
    assert done(api.ask("GET", f"templates/{key}/draft"))["languages"] == COPY


def test_who_deletes_and_who_publishes_do_not_wait_for_each_other(api: Browser, db: Database, shop: int) -> None:
    done(api.ask("POST", "templates", {"key": "one", "names": {"en": "One"}}), 201)
    done(api.ask("PUT", "templates/one/draft", {"languages": COPY, "revision": 1}))
    with ThreadPoolExecutor() as pool:
        with db.workspace(shop) as ws:
            ws.conn.execute("SELECT FROM template WHERE key = 'one' FOR UPDATE")
            publishing = pool.submit(publish, db, shop)
            with db.everywhere() as all_of_it:
                while not all_of_it.conn.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall():
                    assert not publishing.done()
            keeping.delete(ws, "one", make.NOW, by="test")
        with pytest.raises(DraftNotFound):
            publishing.result()


def publish(db: Database, shop: int) -> None:
    with db.workspace(shop) as ws:
        drafts.publish_draft(ws, shared(), "one", 2, make.NOW, by="test")
