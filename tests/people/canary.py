"""A person whose every word is marked, in every table; and a search through everything for the mark.

Both go by the catalogues: a table that is new is searched by itself, and the test fails until the person is put into it, or
until it is named below among those that hold nothing about people.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hudhud.events.kept import unpack
from tests.workers.line import identify, track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope
    from tests.workers.line import Line

MARK = "canary7f3a"
EMAIL, OLD_EMAIL, PHONE, USER, VISITOR = f"{MARK}@example.com", f"old-{MARK}@example.com", "+3725550199", f"{MARK}-user", f"{MARK}-visitor"
PHONE_MARK = "5550199"
# What people put in here is about the shop, not about its customers; Django's tables are about those who sign in.
NOT_ABOUT_PEOPLE = {
    "api_key": "keys",
    "member": "who signs in",
    "workspace": "the shop itself",
    "topic": "what one subscribes to",
    "preference": "numbers of people and days",
    "confirmation": "numbers of people and topics",
    "consent_wording": "words of the shop",
    "company": "companies",
    "company_attribute": "about companies",
    "company_person": "numbers of people",
    "template": "words of the shop",
    "template_version": "words of the shop",
    "template_draft": "words of the shop",
    "brand": "words and colours of the shop",
    "snippet": "words of the shop",
    "segment": "rules",
    "journey": "rules",
    "journey_version": "rules",
    "journey_test": "rules and counts",
    "message_told": "numbers of transactions",
    "run_told": "numbers of transactions",
    "clock_rules": "a digest of the rules of time zones",
    "journey_flow": "counts",
    "journey_changeover": "rules",
    "journey_draft": "rules",
    "run_repeat": "numbers of runs, and nodes",
    "journey_effect": "numbers of people and nodes",
    "active_hours": "numbers of people, and counts",
    "journey_host": "servers that are asked",
    "coupon_pool": "rules",
    "coupon": "codes, and numbers of people",
    "coupon_stock": "counts",
    "journey_secret": "secrets of the shop, sealed",
    "sending_limit": "domains",
    "sender_day": "counts",
    "sending_domain": "domains, keys that are sealed, and what DNS says",
    "sending_cap": "rules",
    "quiet_hours": "rules",
    "message_edition": "words of the shop",
    "campaign": "rules, and words of the shop",
    "campaign_variant": "names, and numbers of editions",
    "campaign_audience": "numbers of people",
    "campaign_part": "counts",
    "campaign_excluded": "numbers of people",
    "campaign_figures": "counts",
    "message_room": "numbers of messages and people",
    "report_door": "addresses, and secrets that are sealed",
    "outcome_rule": "rules",
    "sending_brake": "rules and counts",
    "message_hold": "numbers of messages, and names of rules",
    "schema_migration": "names of files",
    "worker_heartbeat": "processes",
    "worker_alarm": "what is wrong with engines",
    "intake_lane": "positions",
    "delivery_lease": "numbers of messages",
    "endpoint": "addresses of other tools",
    "event_name": "names and kinds, no values",
    "event_violation": "rules, and numbers of messages",
    "event_seen": "hashes of message ids",
    "segment_membership": "numbers of people",
    "segment_known": "numbers of people",
    "segment_change": "numbers of people",
    "segment_feed": "numbers of changes",
    "segment_day": "counts",
    "segment_edit": "numbers of people",
    "segment_recheck": "numbers of people",
    "segment_tally": "numbers of people",
    "segment_future": "names of events, and when",
    "lifecycle_stage": "rules",
    "persona": "invented people",
    "lifecycle_place": "numbers of people and stages",
    "lifecycle_move": "numbers of people and stages",
    "run_position": "numbers of people and nodes",
    "subscription": "numbers of people and topics",
    "duplicate": "numbers of people",
    "duplicate_stale": "numbers of people",
    "duplicate_search": "when it was asked for",
    "erased_identifier": "keyed hashes; filled by the erasure",
    "erasure": "numbers; what it looks for is removed at its end",
    "hook": "addresses, and expressions of the shop",
    "intake_reject_gone": "how many refused messages were dropped",
    "warehouse": "where databases are and what is asked of them; digests of the last rows, each of a whole row",
    "import": "names of files",
    "import_person": "numbers of people, for a month",
    "import_piece": "whole files on their way in; gone as soon as they are",
    "person_override": "numbers of people",
}
TABLES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
   AND relname !~ '^(auth|account|django|mfa|socialaccount|usersessions|headless)_' ORDER BY relname
"""


def find_in_postgres(ws: Scope) -> set[str]:
    """Return the tables in which the mark stands in any column, as text or as bytes."""
    tables = [row[0] for row in ws.conn.execute(TABLES).fetchall()]
    marks = [pattern for mark in (MARK, PHONE_MARK) for pattern in (f"%{mark}%", f"%{mark.encode().hex()}%")]
    query = 'SELECT EXISTS (SELECT FROM "{}" t WHERE lower(to_jsonb(t)::text) LIKE ANY (%s))'
    found = {table for table in tables if ws.conn.execute(query.format(table), (marks,)).fetchone() == (True,)}
    # These are packed.
    blocks = ws.conn.execute("SELECT workspace_id, source, body FROM intake_kept").fetchall()
    packed = "".join(str(unpack(*block)) for block in blocks).lower()
    return found | ({"intake_kept"} if MARK in packed or PHONE_MARK in packed else set())


def find_in_clickhouse(ch: Client) -> set[str]:
    """Return the tables in which the mark stands in any column."""
    tables = [
        row[0]
        for row in ch.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'").result_rows
    ]
    texts = {table: ch.raw_query(f"SELECT * FROM `{table}` FORMAT JSONEachRow").decode().lower() for table in tables}
    return {table for table, text in texts.items() if MARK in text or PHONE_MARK in text}


def find_unfilled(ws: Scope, ch: Client) -> set[str]:
    """Return the tables that neither hold the mark nor are known to hold nothing about people."""
    everywhere = {row[0] for row in ws.conn.execute(TABLES).fetchall()}
    everywhere |= {
        row[0]
        for row in ch.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'").result_rows
    }
    return everywhere - find_in_postgres(ws) - find_in_clickhouse(ch) - NOT_ABOUT_PEOPLE.keys() - {"intake"}


def fill(line: Line) -> int:
    """Let the marked person live through everything; return their number."""
    context = {"ip": "10.9.8.7", "userAgent": MARK, "consent": {"text": f"I am {MARK}"}}
    line.put(track(USER, "Noted", properties={"note": MARK}, context=context))
    line.put({"type": "page", "anonymousId": VISITOR, "name": MARK, "properties": {"url": f"https://shop.test/?{MARK}"}})
    line.put(identify(USER, email=OLD_EMAIL, first_name=MARK, phone=PHONE, subscriptions={"newsletter": True}) | {"context": context})
    line.put(identify(USER, VISITOR, email=EMAIL, city=MARK))
    line.put(track(USER, messageId="m1"), track(USER, "Other", messageId="m1"), identify(email=EMAIL, phone=MARK))
    line.work()
    with line.db.workspace(line.shop) as ws:
        person_id = _find(ws)
        for statement in _more(person_id, line.shop):
            ws.conn.execute(*statement)
    return person_id


def _find(ws: Scope) -> int:
    found = ws.conn.execute("SELECT person_id FROM identifier WHERE value = %s", (USER,)).fetchone()
    assert found is not None
    return int(found[0])


def _more(person_id: int, shop: int) -> Iterator[tuple[Any, ...]]:
    """Yield what other processes would have written."""
    words = json.dumps({"note": MARK})
    message = (
        "INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state, state_at, address)"
        " VALUES (%s, 'journey', 1, 'n', %s, %s, 'email', 'newsletter', 'hello', %s, now(), %s, %s, now(), %s) RETURNING id"
    )
    yield message, (shop, 1, person_id, words, None, "accepted", EMAIL)
    yield message, (shop, 2, person_id, words, "2026-03-05", "planned", None)
    ours = "(SELECT min(id) FROM message)"
    yield f"INSERT INTO message_copy SELECT id, workspace_id, %s, ARRAY[%s] FROM message WHERE id = {ours}", (words, MARK)
    yield (
        f"INSERT INTO message_outcome (workspace_id, message_id, attempt, state, at, reply) SELECT workspace_id, id, 1, 'accepted', now(), %s FROM message WHERE id = {ours}",
        (EMAIL,),
    )
    yield (
        (
            "INSERT INTO engagement (workspace_id, message_id, kind, link, url, at, method, agent, address)"
            f" SELECT workspace_id, id, 'click', 0, %s, now(), 'GET', %s, '10.9.8.7' FROM message WHERE id = {ours}"
        ),
        (f"https://shop.test/{MARK}", MARK),
    )
    # What a provider says when it refuses a sender may name whom the mail was to.
    yield (
        (
            "INSERT INTO sender (workspace_id, name, stream, place, kind, settings, sealed, failures, trouble, created_at, created_by)"
            " VALUES (%s, 'Main', 'both', 1, 'smtp', '{}', '', 1, %s, now(), 'user:1')"
        ),
        (shop, f"403 {EMAIL} is not allowed"),
    )
    yield "INSERT INTO report_door (workspace_id, kind, created_at) VALUES (%s, 'brevo', now())", (shop,)
    yield (
        "INSERT INTO report_body (workspace_id, door_id, kind, received_at, fingerprint, body) SELECT workspace_id, id, kind, now(), gen_random_uuid(), %s FROM report_door",
        (json.dumps({"email": EMAIL}).encode(),),
    )
    for key, whose in (("known", ours), ("unknown", "NULL")):
        yield (
            (
                "INSERT INTO message_report (workspace_id, message_id, source, key, kind, rule, at, received_at, said, address, raw)"
                f" VALUES (%s, {whose}, 'brevo', %s, 'soft_bounce', 'provider_word', now(), now(), %s, %s, %s)"
            ),
            (shop, key, f"{MARK} is full", EMAIL, words),
        )
    yield "INSERT INTO soft_bounce SELECT id, workspace_id, channel, address, at FROM message_report WHERE key = 'known'", ()
    yield (
        (
            "INSERT INTO mailbox (workspace_id, received_at, sender, recipient, subject, size, body) VALUES (%s, now(), 'shop@example.com', %s, %s, 1, %s)"
        ),
        (shop, EMAIL.upper(), MARK, f"To: {EMAIL}\n\nHi {MARK}".encode()),
    )
    yield "INSERT INTO duplicate_key VALUES (%s, 1, %s, %s)", (shop, person_id, MARK)
    yield (
        "INSERT INTO preference_log (workspace_id, person_id, every_days, at, source, proof) VALUES (%s, %s, 7, now(), 'preference_page', %s)",
        (shop, person_id, words),
    )
    yield (
        "INSERT INTO confirmation_mail (workspace_id, person_id, address, planned_at) VALUES (%s, %s, %s, now())",
        (shop, person_id, EMAIL),
    )
    yield "INSERT INTO suppression VALUES (%s, 'email', %s, 'hard_bounce', %s, now())", (shop, OLD_EMAIL, MARK)
    yield (
        "INSERT INTO audit_log (workspace_id, at, actor, action, object, detail) VALUES (%s, now(), 'user:1', 'suppress', '', %s)",
        (shop, json.dumps({"address": EMAIL})),
    )
    yield (
        "INSERT INTO intake_reject (workspace_id, received_at, source, reason, detail, body) VALUES (%s, now(), 'collect', 'invalid', '', %s)",
        (shop, f'{{"broken": "{USER}"'.encode()),
    )
    yield (
        "INSERT INTO rehearsal (workspace_id, keys, person_id, request, begins_at, ends_at, created_by, created_at) VALUES (%s, '{j}', %s, %s, now(), now(), 'cli', now())",
        (shop, person_id, words),
    )
    yield "INSERT INTO rehearsal_sample SELECT id, 1, workspace_id, person_id, %s FROM rehearsal", (words,)
    yield "INSERT INTO import (workspace_id, kind, state, name, started_at) VALUES (%s, 'people', 'done', 'list.csv', now())", (shop,)
    yield "INSERT INTO import_reject SELECT workspace_id, id, 2, 'phone', %s FROM import", (json.dumps([USER, MARK]).encode(),)
    yield "INSERT INTO hook (workspace_id, name, secret_hash, prefix, created_at) VALUES (%s, 'Shop', 'h', 'abc', now())", (shop,)
    for number, body in enumerate((f'{{"customer": {{"id": "{USER}"}}}}', f"mail={EMAIL.replace('@', '%40')}")):
        yield (
            (
                "INSERT INTO hook_body (workspace_id, hook_id, received_at, fingerprint, headers, body)"
                " SELECT workspace_id, id, now(), md5(%s)::uuid, '{}', %s FROM hook"
            ),
            (str(number), body.encode()),
        )
    yield (
        "INSERT INTO endpoint (workspace_id, url, wants, secret, state_at, created_at) VALUES (%s, 'https://a.test', '{}', '', now(), now())",
        (shop,),
    )
    yield (
        (
            "INSERT INTO endpoint_delivery (workspace_id, endpoint_id, message, kind, person_id, body, created_at)"
            " SELECT workspace_id, id, 'msg', 'consent.changed', %s, %s, now() FROM endpoint"
        ),
        (person_id, words.encode()),
    )
    yield "INSERT INTO endpoint_attempt SELECT workspace_id, id, 1, now(), 1, 200, '', %s FROM endpoint_delivery", (words.encode(),)
    yield "INSERT INTO journey (workspace_id, key, created_at, updated_at) VALUES (%s, 'j', now(), now())", (shop,)
    yield (
        "INSERT INTO run (workspace_id, journey_id, version_id, person_id, run_key, entered_at) SELECT %s, id, 1, %s, %s, now() FROM journey",
        (shop, person_id, MARK),
    )
    yield "INSERT INTO run_position SELECT id, workspace_id, 1, person_id, 1, 'wait', false, now(), now(), now() FROM run", ()
    yield "INSERT INTO run_fact SELECT id, 'run', 'loyalty', workspace_id, %s, 1 FROM run", (words,)
    yield (
        (
            "INSERT INTO journey_request (workspace_id, run_id, visit, version_id, person_id, node, host, method, url, headers, body, planned_at, reply)"
            " SELECT workspace_id, id, 1, version_id, person_id, 'ask', 'a.test:443', 'POST', 'https://a.test/' || %s, '[]', %s, now(), %s FROM run"
        ),
        (MARK, words.encode(), words.encode()),
    )
    yield "INSERT INTO run_trigger SELECT id, workspace_id, 'Cart', 'm', %s FROM run", (words,)
    yield (
        (
            "INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at, detail)"
            " SELECT id, 0, workspace_id, 1, '', 'start', 'entered', now(), %s FROM run"
        ),
        (words,),
    )
