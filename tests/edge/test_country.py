from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hudhud.edge.country import Countries
from tests.edge.door import Door
from tests.edge.mmdb import country_file

if TYPE_CHECKING:
    from pathlib import Path

    from hudhud.kit.db import Database

NETWORKS = {"127.0.0.0/8": "EE", "203.0.113.0/24": "IR", "198.51.100.7/32": "FI"}
WHO: dict[str, Any] = {"type": "identify", "userId": "u1"}


def test_an_address_has_a_country_by_the_operator_s_file(tmp_path: Path) -> None:
    file = tmp_path / "country.mmdb"
    file.write_bytes(country_file(NETWORKS))
    countries = Countries(str(file))
    asked = ["127.0.0.1", "203.0.113.255", "198.51.100.7", "198.51.100.8", "::1", "nonsense", ""]
    assert [countries.find(address) for address in asked] == ["EE", "IR", "FI", None, None, None, None]
    file.write_bytes(b"broken")
    countries._looked_at -= 1e6
    assert countries.find("127.0.0.1") == "EE"
    assert [Countries(path).find("127.0.0.1") for path in ("", str(tmp_path / "nothing"), str(file))] == [None, None, None]


@pytest.mark.long
def test_who_identifies_themselves_gets_the_country_of_their_address(db: Database, clickhouse_url: str, tmp_path: Path) -> None:
    file = tmp_path / "country.mmdb"
    file.write_bytes(country_file(NETWORKS))
    settings = {"HUDHUD_GEOIP": str(file), "HUDHUD_TRUSTED_PROXIES": "127.0.0.1"}
    with Door(db, clickhouse_url, tmp_path, settings) as door:
        door.post("/v1/identify", WHO)
        door.post("/v1/identify", WHO, headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
        # A server tells whose address it was; its own says nothing.
        door.post("/v1/batch", {"batch": [WHO, {**WHO, "context": {"ip": "198.51.100.7"}}, {**WHO, "context": {"ip": 5}}]}, key="api")
        door.post("/v1/track", {"userId": "u1", "event": "A"})
        assert [message.get("ipCountry") for message in door.log()] == ["EE", "IR", None, "FI", None, None]
        settled = door.request("GET", f"/v1/projects/{door.keys['collect']}/settings", headers={"X-Forwarded-Proto": "https"})
        assert settled.json()["integrations"]["Segment.io"]["protocol"] == "https"
