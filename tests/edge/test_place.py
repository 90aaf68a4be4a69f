from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.edge.place import Places
from tests.edge.door import Door
from tests.edge.mmdb import country, place_file

if TYPE_CHECKING:
    from pathlib import Path

    from hudhud.kit.db import Database

TARTU = {
    "country": {"iso_code": "EE"},
    "subdivisions": [{"iso_code": "78", "names": {"en": "Tartu County"}}],
    "city": {"names": {"de": "Dorpat", "en": "Tartu"}},
    "location": {"latitude": 58.38062, "longitude": 26.72509},
}
# The last: the middle of a country, as files say it of addresses whose city they do not know.
NETWORKS = {
    "127.0.0.0/8": country("EE"),
    "203.0.113.0/24": country("IR"),
    "198.51.100.7/32": country("FI"),
    "198.51.100.128/26": TARTU,
    "192.0.2.0/24": {**country("DE"), "location": {"latitude": 51.0, "longitude": 9.0}},
}
WHO: dict[str, Any] = {"type": "identify", "userId": "u1"}


def test_an_address_has_a_place_by_the_operator_s_file(tmp_path: Path) -> None:
    file = tmp_path / "places.mmdb"
    file.write_bytes(place_file(NETWORKS))
    places = Places(str(file))
    asked = ["127.0.0.1", "203.0.113.255", "198.51.100.7", "192.0.2.1"]
    assert [places.find(address) for address in asked] == [{"country": code} for code in ("EE", "IR", "FI", "DE")]
    assert places.find("198.51.100.130") == {"country": "EE", "region": "Tartu County", "city": "Tartu", "position": "58.381,26.725"}
    assert [places.find(address) for address in ("198.51.100.8", "::1", "nonsense", "")] == [{}] * 4
    file.write_bytes(b"broken")
    places._looked_at -= 1e6
    assert places.find("127.0.0.1") == {"country": "EE"}
    assert [Places(path).find("127.0.0.1") for path in ("", str(tmp_path / "nothing"), str(file))] == [{}] * 3


@pytest.mark.long
def test_who_identifies_themselves_gets_the_place_of_their_address(db: Database, clickhouse_url: str, tmp_path: Path) -> None:
    file = tmp_path / "places.mmdb"
    file.write_bytes(place_file(NETWORKS))
    settings = {"HUDHUD_GEOIP": str(file), "HUDHUD_TRUSTED_PROXIES": "127.0.0.1"}
    with Door(db, clickhouse_url, tmp_path, settings) as door:
        door.post("/v1/identify", WHO)
        door.post("/v1/identify", WHO, headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
        # A server tells whose address it was; its own says nothing.
        door.post("/v1/batch", {"batch": [WHO, {**WHO, "context": {"ip": "198.51.100.7"}}, {**WHO, "context": {"ip": 5}}]}, key="api")
        door.post("/v1/track", {"userId": "u1", "event": "A"})
        assert [message.get("ipPlace", {}).get("country") for message in door.log()] == ["EE", "IR", None, "FI", None, None]
        settled = door.request("GET", f"/v1/projects/{door.keys['collect']}/settings", headers={"X-Forwarded-Proto": "https"})
        assert settled.json()["integrations"]["Segment.io"]["protocol"] == "https"
