"""Lists from elsewhere that are not as they should be: nobody's "no" is lost by that, and no good list is silenced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hudhud.consent.queries import find_subscriptions
from hudhud.kit.errors import InvalidInput
from hudhud.people.actions import join
from hudhud.people.unmerge import undo_merge
from hudhud.transfer.guess import understand
from hudhud.transfer.refusals import said_no, whys
from tests.transfer.test_files import source
from tests.transfer.test_refusals import bring, line, states, suppressed
from tests.workers.line import Line, identify

__all__ = ["line"]


def test_who_has_no_address_in_the_list_says_no_as_a_person(line: Line) -> None:
    line.put(identify("u1", email="u1@b.ee", subscriptions={"newsletter": True}))
    line.work()
    done = bring(line, "user_id,do_not_contact,bounced\nu1,yes,\nu2,,yes\nu3,no,no\n", subscribe=("newsletter",), consent_source="fair")
    assert (done.accepted, done.rejected) == (2, 1)
    assert states(line) == {"u1@b.ee": "unsubscribed"}
    assert line.sql("SELECT count(*) FROM subscription WHERE state = 'subscribed'") == [(1,)]


def test_a_note_that_cannot_be_kept_and_letters_that_have_several_small_ones(line: Line) -> None:
    rows = ["email,reason,detail", "nul@b.ee,manual,x\0y", "ΝΙΚΟΣ@b.ee,manual,", "İx@b.ee,manual,õõõõ"]
    assert bring(line, "\n".join(rows).encode() + b"\nbyte@b.ee,manual,\xff\n", "suppressions").accepted == 4
    line.put(identify("u1", email="ΝΙΚΟΣ@b.ee"))
    line.put(identify("u2", email="İx@b.ee"))
    line.work()
    kept_out = "SELECT i.value FROM identifier i JOIN suppression s ON s.address = lower(i.value) WHERE i.namespace = 'email'"
    assert {value for (value,) in line.sql(kept_out)} == {"ΝΙΚΟΣ@b.ee", "İx@b.ee"}
    assert suppressed(line).keys() >= {"nul@b.ee", "byte@b.ee"}


YES, NO = "user_id\nu1\nu2\n", "email,unsubscribed\na@b.ee,2019-01-01\nb@b.ee,2019-01-01\n"


def test_two_lists_that_turn_out_to_speak_of_one_person_leave_their_no(line: Line) -> None:
    # Who has said so themselves, and later, is asked no list.
    line.put(identify("u2", subscriptions={"newsletter": True}))
    line.work()
    bring(line, NO)
    bring(line, YES, subscribe=("newsletter",), consent_source="fair")
    line.put(identify("u1", email="a@b.ee"), identify("u2", email="b@b.ee"))
    line.work()
    with line.db.workspace(line.shop) as ws:
        people = line.sql("SELECT i.value, i.person_id FROM identifier i WHERE i.namespace = 'user_id' ORDER BY 1")
        found = {name: {one.topic_key: one.state for one in find_subscriptions(ws, number)} for name, number in people}
    assert found == {
        "u1": {"newsletter": "unsubscribed", "offers": "unsubscribed"},
        "u2": {"newsletter": "subscribed", "offers": "unsubscribed"},
    }


def test_a_list_s_no_during_a_merge_stays_with_both(line: Line) -> None:
    line.put(identify("u1"), identify("u2", email="b@b.ee"))
    line.work()
    bring(line, "email\nb@b.ee\n", subscribe=("newsletter",), consent_source="fair")
    ids = dict(line.sql("SELECT value, person_id FROM identifier WHERE namespace = 'user_id'"))
    line.clock.at += timedelta(hours=1)
    with line.db.workspace(line.shop) as ws:
        join(ws, ids["u1"], ids["u2"], frozenset(), line.clock.now(), "user:1")
    bring(line, NO)
    with line.db.workspace(line.shop) as ws:
        undo_merge(ws, line.sql("SELECT id FROM person_merge")[0][0], line.clock.now(), "user:1")
    assert states(line)["b@b.ee"] == "unsubscribed"


def test_a_yes_of_the_future_is_taken_back_today(line: Line) -> None:
    done = bring(line, "email,consent_date,topic,state,source\na@b.ee,2099-01-01,newsletter,yes,form\n", "consent")
    assert done.accepted == 1
    line.put({**identify("u1", email="a@b.ee", subscriptions={"newsletter": False})})
    line.work()
    assert states(line) == {"a@b.ee": "unsubscribed"}


def test_a_good_list_is_not_silenced_by_what_its_columns_are_called() -> None:
    for cell in ("nein", "Non", "off", "N/A", "NaN", "undefined", "not set", "0.0"):
        assert (said_no(cell, "iso"), whys(cell, "hard_bounce", "iso"), whys(cell, "complaint", "iso")) == (None, (set(), ""), (set(), ""))
    for cell in ("valid", "ok", "not bounced", "unknown"):
        for default in ("hard_bounce", "complaint"):
            with pytest.raises(InvalidInput, match="yes, no or a date"):
                whys(cell, default, "iso")
    for cell in ("550 no such person here", "UNKNOWN_USER", "OTHER", "Mailbox full", "hard", "1.0"):
        assert whys(cell, "hard_bounce", "iso")[0] == {"hard_bounce"}
    assert said_no("1.0", "iso") == ""
    for name, refused in (("cleaned_customers.csv", ""), ("cleaned.csv", "hard_bounce"), ("Cleaned-Segment-Export-1.csv", "hard_bounce")):
        assert understand(source(b"email\na@b.ee\n", name), "people").refused == refused
