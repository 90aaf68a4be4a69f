"""The base that segments are counted in: people and what they did, drawn by Zipf's law, made by ClickHouse itself from hashes: the same every time.

Who does how much falls off as 1/(rank + 1000), so that the busiest of a million people do some 1,400 of ten million things, and everybody something; the
busy ones lie anywhere among the ids. Of fifty names of events the k-th happens as often as k^-1.3: a quarter are pages viewed, one in 26 is an order.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

NOW = datetime(2026, 3, 31, tzinfo=UTC)
EVENTS, PEOPLE = 10_000_000, 1_000_000
COMPANIES = 20_000
SHIFT = 1000
STEP = 5_000_000  # events made by one statement
NAMES = (
    "Page Viewed",
    "Product Viewed",
    "Product Added",
    "Cart Viewed",
    "Checkout Started",
    "Order Completed",
    "Message Sent",
    "Message Opened",
    "Journey Entered",
    "Message Clicked",
    *(f"Event {number}" for number in range(11, 51)),
)
MAKE_PEOPLE = """
INSERT INTO person (workspace_id, person_id, version, gone, attributes, language, country, region, city, region_word, city_word, latitude, longitude,
                    time_zone, created_at, subscriptions, companies, reachable)
WITH intHash32(number + 11) AS h, ['loyal', 'new', 'vip', 'b2b', 'press', 'staff'] AS tags,
     ['EE', 'EE', 'IR', 'EG'][number % 4 + 1] AS land, ['Tallinn', 'Tartu', 'Tehran', 'Cairo'][number % 4 + 1] AS town
SELECT {w:UInt64}, number + 1, 1, 0,
       concat('{"city":"', town, '","age":', toString(number % 80), ',"plan":"', ['free', 'free', 'free', 'pro', 'team'][h % 5 + 1], '"',
              ',"born":"', toString(toDate32('1950-01-01') + intHash32(number) % 20000), '","renewal":"', toString(toDate32('2025-10-01') + intHash32(number + 7) % 400), '"',
              if(h % 3 = 0, '', concat(',"tags":[', arrayStringConcat(arrayMap(n -> concat('"', tags[(h + n * (1 + h % 2)) % 6 + 1], '"'), range(1 + h % 3)), ','), ']')),
              if(h % 7 = 0, ',"referrer":"friend"', ''), '}')::JSON,
       ['en', 'et', 'fa', 'ar'][number % 4 + 1], land, town, town, lower(town), lower(town),
       [59.437, 58.38, 35.7, 30.04][number % 4 + 1] + (h % 2000) / 1000. - 1, [24.754, 26.725, 51.4, 31.24][number % 4 + 1] + (intHash32(h) % 2000) / 1000. - 1,
       ['Europe/Tallinn', 'Europe/Tallinn', 'Asia/Tehran', 'Africa/Cairo'][number % 4 + 1], toDateTime64('2026-01-01 00:00:00', 3, 'UTC') - toIntervalHour(h % 9000),
       if(h % 10 < 7, ['newsletter:email:subscribed'], if(h % 10 = 7, ['newsletter:email:unsubscribed'], [])),
       if(h % 5 = 0, [concat('co-', toString(h % {companies:UInt64}))], []), if(h % 10 = 9, [], ['email'])
FROM numbers({people:UInt64})
"""
MAKE_COMPANIES = """
INSERT INTO company (workspace_id, key, version, attributes)
SELECT {w:UInt64}, concat('co-', toString(number)), 1, concat('{"plan":"', ['free', 'pro', 'team'][number % 3 + 1], '","seats":', toString(number % 200), '}')
FROM numbers({companies:UInt64})
"""
MAKE_EVENTS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)
WITH cityHash64(number, 'who') / 18446744073709551616. AS who, cityHash64(number, 'name') / 18446744073709551616. AS what,
     least(toUInt64({shift:UInt64} * (pow(({people:UInt64} + {shift:UInt64}) / {shift:UInt64}, who) - 1)), {people:UInt64} - 1) AS rank,
     {names:Array(String)}[toUInt32(pow(1 - what * (1 - pow(51, -0.3)), -1 / 0.3))] AS named, intHash32(number) AS h,
     toDateTime64('2026-03-31 00:00:00', 3, 'UTC') - toIntervalMillisecond(cityHash64(number, 'at') % 7776000000) AS happened
SELECT {w:UInt64}, named, happened, rank * 999983 % {people:UInt64} + 1, toString(number), 'track', happened,
       multiIf(named LIKE 'Message %', concat('{"template":"', ['welcome', 'news', 'cart'][h % 3 + 1], '","channel":"email","verdict":"', if(h % 4 = 0, 'machine', 'human'), '"'),
               named LIKE 'Journey %', concat('{"journey":"', ['cart', 'welcome', 'winback'][h % 3 + 1], '","run":', toString(number)),
               concat('{"price":', toString(h % 200), ',"category":"', ['shoes', 'hats', 'books', 'tea'][h % 4 + 1], '"'))
       || if(named = 'Order Completed', concat(',"products":[', arrayStringConcat(arrayMap(n ->
              concat('{"category":"', ['shoes', 'hats', 'books', 'tea'][cityHash64(number, n) % 4 + 1], '","price":', toString(cityHash64(number, n, 1) % 200), '}'),
              range(1 + h % 3)), ','), ']'), '') || '}', '{}'
FROM numbers({start:UInt64}, {events:UInt64})
"""
# Seven in ten runs have ended, some hours later, half of them at their goal.
END_RUNS = """
INSERT INTO event (workspace_id, name, at, actor_id, message_id, kind, received_at, properties, context)
WITH toUInt64(assumeNotNull(properties.run.:Int64)) AS run
SELECT workspace_id, 'Journey Left', at + toIntervalHour(1 + run % 90), actor_id, concat(message_id, '-'), 'track', at,
       concat('{"journey":"', assumeNotNull(properties.journey.:String), '","run":', toString(run), ',"outcome":"', ['goal', 'goal', 'finished', 'exited'][run % 4 + 1], '"}'), '{}'
FROM event WHERE workspace_id = {w:UInt64} AND name = 'Journey Entered' AND intHash32(run) % 10 < 7 AND at < '2026-03-27 00:00:00'
"""
# What was done by people is read by person.
COPY_EVENTS = """
INSERT INTO person_event (workspace_id, actor_id, at, name, kind, message_id, properties)
SELECT workspace_id, actor_id, at, name, kind, message_id, toJSONString(properties) FROM event WHERE workspace_id = {w:UInt64}
"""


def make_data(ch: Client, workspace_id: int, *, events: int = EVENTS, people: int = PEOPLE) -> None:
    """Write the people, their companies and what they did. A prime that does not divide `people` deals the ranks out to the ids."""
    given = {"w": workspace_id, "people": people, "companies": COMPANIES}
    ch.command(MAKE_PEOPLE, given)
    ch.command(MAKE_COMPANIES, given)
    for start in range(0, events, STEP):
        ch.command(MAKE_EVENTS, {**given, "names": list(NAMES), "shift": SHIFT, "start": start, "events": min(STEP, events - start)})
    ch.command(END_RUNS, given)
    ch.command(COPY_EVENTS, given)
