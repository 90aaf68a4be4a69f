"""How a world gets into ClickHouse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hudhud.people.search import fold

if TYPE_CHECKING:
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from tests.segments.oracle import Event, Person, World


def write_people(ch: Client, workspace_id: int, people: list[Person], version: int = 1) -> None:
    rows = [
        {
            "workspace_id": workspace_id,
            "person_id": person.id,
            "version": version,
            "gone": int(person.gone),
            "attributes": person.attributes,
            "language": person.language,
            "companies": person.companies,
            "country": person.country,
            "region": person.region,
            "city": person.city,
            "region_word": fold(person.region),
            "city_word": fold(person.city),
            **({} if person.position is None else {"latitude": person.position[0], "longitude": person.position[1]}),
            "time_zone": person.time_zone,
            "created_at": wire(person.created_at),
            "subscriptions": person.subscriptions,
            "reachable": person.reachable,
        }
        for person in people
    ]
    ch.raw_insert("person", insert_block="\n".join(json.dumps(row) for row in rows), fmt="JSONEachRow")


def write_companies(ch: Client, workspace_id: int, companies: dict[str, dict[str, Any]], version: int = 1) -> None:
    rows = [(workspace_id, key, version, json.dumps(known)) for key, known in companies.items()]
    if rows:
        ch.insert("company", rows, column_names=["workspace_id", "key", "version", "attributes"])


def write_events(ch: Client, workspace_id: int, events: list[Event]) -> None:
    rows = [
        {
            "workspace_id": workspace_id,
            "name": event.name,
            "at": wire(event.at),
            "actor_id": event.actor_id,
            "message_id": "",
            "kind": "track",
            "received_at": wire(event.at),
            "properties": event.properties,
            "context": "{}",
        }
        for event in events
    ]
    for table in ("event", "person_event") if rows else ():
        ch.raw_insert(table, insert_block="\n".join(json.dumps(row) for row in rows), fmt="JSONEachRow")


def write_merged(ch: Client, workspace_id: int, merged: dict[int, int], version: int = 1) -> None:
    if merged:
        rows = [(workspace_id, actor, person, version) for actor, person in merged.items()]
        ch.insert("person_override", rows, column_names=["workspace_id", "actor_id", "person_id", "version"])


def write(ch: Client, workspace_id: int, world: World) -> None:
    write_companies(ch, workspace_id, world.companies)
    write_people(ch, workspace_id, world.people)
    write_events(ch, workspace_id, world.events)
    write_merged(ch, workspace_id, world.merged)


def wire(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
