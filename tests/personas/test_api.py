"""Personas by their API: written, pictured, counted, found on people."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from hudhud.workers import segments
from tests.app.browser import Browser
from tests.app.conftest import web as web
from tests.app.test_people import a_key
from tests.workers.line import Line, track

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.app.wiring import Wiring

# Persian for "housewife": its two halves stand apart by a character that nobody sees.
NON_JOINED = "خانه\u200cدار"


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def line(web: Wiring, ch: Client, clickhouse_url: str) -> Line:
    return Line(web.db, ch, clickhouse_url)


@pytest.fixture
def api(line: Line) -> Browser:
    return Browser(key=a_key(line))


def test_a_persona_stands_for_the_people_of_its_segment(line: Line, api: Browser) -> None:
    tree = {"kind": "event", "name": "Order Completed"}
    _, buyers = api.ask("POST", "segments", {"name": "Buyers", "tree": tree})
    sketch = {"name": "Rita", "description": "Buys often", "tone": "Warm", "segment_id": buyers["id"]}
    status, rita = api.ask("POST", "personas", sketch)
    assert (status, rita["segment"], rita["count"], rita["picture"]) == (201, {"id": buyers["id"], "name": "Buyers"}, 0, None)
    _, mina = api.ask("POST", "personas", {"name": NON_JOINED})
    segments.work_once(line.context, line.ch, line.clock.now())
    line.put(track("ann", "Order Completed"), track("bob", "Seen"))
    line.work()
    assert [(one["name"], one["count"]) for one in api.ask("GET", "personas")[1]["items"]] == [("Rita", 1), (NON_JOINED, None)]
    people = {row[0]: row[1] for row in line.sql("SELECT value, person_id FROM identifier")}
    assert [one["name"] for one in api.ask("GET", f"people/{people['ann']}/personas")[1]["items"]] == ["Rita"]
    assert api.ask("GET", f"people/{people['bob']}/personas")[1]["items"] == []
    # Its segment is kept as long as it is.
    status, refused = api.ask("DELETE", f"segments/{buyers['id']}")
    assert (status, [use["kind"] for use in refused["uses"]]) == (409, ["persona"])
    changed = {**sketch, "name": "Rita R", "segment_id": None}
    assert api.ask("PUT", f"personas/{rita['id']}", changed)[1]["name"] == "Rita R"
    assert api.ask("DELETE", f"segments/{buyers['id']}")[0] == 204
    assert api.ask("PUT", f"personas/{rita['id']}", sketch)[1]["code"] == "segment_not_found"
    for body, field in (({"name": " "}, "name"), ({"name": "a\nb"}, "name"), ({"name": "x", "tone": "y" * 4_001}, "tone")):
        assert api.ask("POST", "personas", body)[1]["field"] == field
    assert api.ask("DELETE", f"personas/{mina['id']}")[0] == 204
    assert api.ask("GET", f"personas/{mina['id']}")[1]["code"] == "persona_not_found"


def test_a_picture_comes_back_as_one_that_we_drew(api: Browser) -> None:
    _, rita = api.ask("POST", "personas", {"name": "Rita"})
    file = BytesIO()
    Image.new("RGB", (600, 300), "green").save(file, "PNG")
    upload = {"data": base64.b64encode(file.getvalue()).decode()}
    status, pictured = api.ask("PUT", f"personas/{rita['id']}/picture", upload)
    assert (status, pictured["picture"].startswith(f"/api/v1/personas/{rita['id']}/picture?v=")) == (200, True)
    answer = api.client.get(pictured["picture"], headers={"Authorization": f"Bearer {api.key}"})
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    with Image.open(BytesIO(answer.content)) as found:
        assert found.format == "WEBP"
    for data in ("no base64", base64.b64encode(b"<svg/>").decode()):
        assert api.ask("PUT", f"personas/{rita['id']}/picture", {"data": data})[1]["field"] == "data"
    assert api.ask("GET", f"personas/{rita['id']}")[1]["picture"] == pictured["picture"]
    assert api.ask("DELETE", f"personas/{rita['id']}/picture")[0] == 204
    assert api.ask("GET", f"personas/{rita['id']}/picture")[0] == 404
