"""The law of the visible subtraction: it balances, it is what is sent, and it says of each what the consent gate would say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap64

from hudhud.campaigns import materialising
from hudhud.campaigns.audience import subtract
from hudhud.campaigns.materialising import asking_of
from hudhud.campaigns.queries import get_campaign
from hudhud.delivery.actions import plan_mailing
from hudhud.delivery.types import Mailing
from tests import make
from tests.campaigns.conftest import check_sums

if TYPE_CHECKING:
    from hudhud.kit.db import Scope
    from tests.campaigns.conftest import Office

WORDS = ("subscribed", "pending", "unsubscribed", None)
FATES = ("", "erased", "merged", "gone", "no_address", "hard_bounce", "complaint", "manual", "seen", "silent", "twin_said_no")
PEOPLE = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(FATES)), min_size=1, max_size=25)
GATE = "SELECT m.person_id, g.reason FROM message m, message_gate(ARRAY[m.id], %s) g WHERE m.source_id = %s AND m.source_kind = 'campaign'"


def befall(ws: Scope, person_id: int, word: str | None, fate: str, number: int) -> None:
    """Let somebody be as drawn."""
    run, now = ws.conn.execute, make.NOW
    topic = run("SELECT id FROM topic WHERE key = 'newsletter'").fetchone()[0]  # type: ignore[index]
    if word is not None:
        run("INSERT INTO subscription VALUES (%s, %s, %s, 'email', %s, %s)", (ws.workspace_id, person_id, topic, word, now))
    address = run("SELECT value FROM identifier WHERE person_id = %s", (person_id,)).fetchone()[0]  # type: ignore[index]
    if fate == "erased":
        run("UPDATE person SET erased_at = %s WHERE id = %s", (now, person_id))
    elif fate in {"merged", "twin_said_no"}:
        (other,) = make.people(ws, [f"twin{number}-{person_id}@example.com"], ())
        if fate == "merged":
            run("UPDATE person SET merged_into = %s WHERE id = %s", (other, person_id))
        else:
            run(
                "INSERT INTO subscription VALUES (%s, %s, %s, 'email', 'unsubscribed', %s)",
                (ws.workspace_id, other, topic, now + timedelta(days=1)),
            )
            run("UPDATE person SET merged_into = %s WHERE id = %s", (person_id, other))
    elif fate in {"gone", "no_address"}:
        run("DELETE FROM identifier WHERE person_id = %s", (person_id,))
        if fate == "gone":
            run("DELETE FROM person WHERE id = %s", (person_id,))
    elif fate in {"hard_bounce", "complaint", "manual"}:
        run("INSERT INTO suppression VALUES (%s, 'email', %s, %s, '', %s)", (ws.workspace_id, address, fate, now))
    elif fate == "silent":
        run("INSERT INTO preference VALUES (%s, %s, %s, NULL, %s)", (person_id, ws.workspace_id, now + timedelta(days=3), now))
    elif fate == "seen":
        mailing = Mailing(number + 1_000_000, "send", "newsletter", "hello", 0, [person_id], now)
        plan_mailing(ws, mailing, now)
        run("UPDATE message SET state = 'accepted', due_at = NULL WHERE person_id = %s", (person_id,))


@given(people=PEOPLE, size=st.integers(1, 9), skips=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_balances_and_is_what_is_sent_and_what_the_gate_would_say(
    office: Office, people: list[tuple[str | None, str]], size: int, *, skips: bool
) -> None:
    now = office.desk.clock.now()
    campaign_id = office.draft(skip_seen=True if skips else None)
    office.launch(campaign_id)
    with office.db.workspace(office.workspace_id) as ws:
        addresses = [f"p{campaign_id}-{place}@example.com" for place in range(len(people))]
        ids = make.people(ws, addresses, ())
        for person_id, (word, fate) in zip(ids, people, strict=True):
            befall(ws, person_id, word, fate, campaign_id)
        campaign = get_campaign(ws, campaign_id)
        shown = subtract(ws, BitMap64(ids), asking_of(campaign, now), now)
        assert shown.audience == shown.recipients + sum(shown.excluded.values()) == len(people)
        assert materialising.freeze(ws, campaign, BitMap64(ids), now)
        while materialising.write_chunk(ws, campaign_id, now, size):
            pass
    found = office.numbers(campaign_id)
    check_sums(found)
    assert (found["selected"], found["remaining"]) == (shown.recipients, 0)
    assert {one["reason"]: one["people"] for one in found["excluded"]} == shown.excluded
    with office.db.workspace(office.workspace_id) as ws:
        excluded = {
            person_id: reason
            for reason, raw in ws.conn.execute("SELECT reason, people FROM campaign_excluded WHERE campaign_id = %s", (campaign_id,))
            for person_id in BitMap64.deserialize(bytes(raw))
        }
        planned = {
            row[0]
            for row in ws.conn.execute("SELECT person_id FROM message WHERE source_kind = 'campaign' AND source_id = %s", (campaign_id,))
        }
        assert planned | excluded.keys() == set(ids)
        assert planned.isdisjoint(excluded)
        # Whoever was left out is planned all the same: the gate says of each why not.
        edition = ws.conn.execute("SELECT edition_id FROM campaign_variant WHERE campaign_id = %s", (campaign_id,)).fetchone()[0]  # type: ignore[index]
        plan_mailing(ws, Mailing(campaign_id, "send", "newsletter", "hello", edition, sorted(excluded), now), now)
        said = dict(ws.conn.execute(GATE, (now, campaign_id)).fetchall())
    for person_id, reason in said.items():
        expected = excluded.get(person_id, "")
        if expected not in {"person_merged", "already_seen"}:
            assert reason == expected
