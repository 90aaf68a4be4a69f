"""The preference centre: topics, how often, a break, nothing at all, in four languages; and what the consent gate and the caps make of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from hudhud.consent import confirming, queries
from hudhud.delivery import actions, claims, rooms
from hudhud.delivery.caps import Cap, Unit
from hudhud.delivery.explain import why
from hudhud.delivery.types import State
from hudhud.edge.look import PLAIN, contrast, look_of
from tests import make
from tests.delivery.test_caps import _claim, _plan, _settle, _state
from tests.delivery.test_edge import FORM, Mail, events, mail  # noqa: F401 -- a fixture

if TYPE_CHECKING:
    from tests.delivery.conftest import Desk

DAY = timedelta(days=1)


@pytest.fixture
def page(mail: Mail) -> str:  # noqa: F811 -- the fixture
    return f"{mail.unsubscribe}/preferences"


def choose(mail: Mail, page: str, body: str) -> str:  # noqa: F811
    answer = mail.client.post(page, content=body.encode(), headers=FORM, follow_redirects=False)
    assert answer.status_code == 200
    return answer.text


def ada(desk: Desk) -> int:
    return int(str(desk.rows("SELECT min(id) FROM person")[0][0]))


def test_a_break_holds_marketing_and_nothing_else_until_it_is_over(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    assert "Days left: 30" in choose(mail, page, "pause=30")
    held = _plan(desk, ada(desk), "news")[0]
    receipt = _plan(desk, ada(desk), "receipt", topic="transactional")[0]
    _claim(desk)
    assert (_state(desk, held)[:2], _state(desk, receipt)[0]) == (("skipped", "person_paused"), "claimed")
    with desk.db.workspace(desk.workspace_id) as ws:
        (line,) = [one for one in why(ws, held, desk.clock.now()).lines if one.code == "silence"]
    assert (line.holds, line.data["until"]) == (False, desk.clock.now() + 30 * DAY)
    desk.clock.at += 30 * DAY
    assert "Days left" not in mail.get(page).text
    later = _plan(desk, ada(desk), "later")[0]
    _claim(desk)
    assert _state(desk, later)[0] == "claimed"


def test_a_break_is_ended_by_a_button_and_each_choice_is_kept_with_its_proof(mail: Mail, page: str) -> None:  # noqa: F811
    for body in ("pause=60", "pause=0", "topic=newsletter&topic=offers&often=7&save=1", "topic=newsletter&topic=offers&often=7&save=1"):
        choose(mail, page, body)
        mail.desk.clock.at += timedelta(minutes=1)
    with mail.desk.db.workspace(mail.desk.workspace_id) as ws:
        log = queries.find_preference_entries(ws, ada(mail.desk))
        assert [(one.paused_until is not None, one.every_days, one.source) for one in log] == [
            (False, 7, "preference_page"), (False, None, "preference_page"), (True, None, "preference_page")
        ]  # fmt: skip
        assert set(log[0].proof) == {"ip", "user_agent", "message_id"}
        assert queries.get_preference(ws, ada(mail.desk), mail.desk.clock.now()).every_days == 7
    assert mail.state() == "subscribed"
    assert events(mail.desk) == []


def test_one_mail_a_week_is_one_counting_what_was_sent_before(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    # The mail with the link left five minutes ago.
    assert 'value="7" checked' in choose(mail, page, "topic=newsletter&topic=offers&often=7&save=1")
    first, receipt = _plan(desk, ada(desk), "first")[0], _plan(desk, ada(desk), "receipt", topic="transactional")[0]
    _claim(desk)
    sent_at = desk.clock.now() - timedelta(minutes=5)
    assert (_state(desk, first), _state(desk, receipt)[0]) == (("planned", "capped", sent_at + 7 * DAY), "claimed")
    with desk.db.workspace(desk.workspace_id) as ws:
        assert [one.holds for one in why(ws, first, desk.clock.now()).lines if one.code == "wish"] == [False]
    desk.clock.at = sent_at + 7 * DAY
    second = _plan(desk, ada(desk), "second", topic="offers", priority=9)[0]
    chunk = _claim(desk)
    assert (_state(desk, second)[0], _state(desk, first)[:2]) == ("claimed", ("planned", "capped"))
    assert chunk is not None
    _settle(desk, chunk, State.REJECTED)
    assert _state(desk, first)[2] == desk.clock.now(), "the room is free again"


def test_whoever_wants_all_again_is_looked_at_at_once(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    choose(mail, page, "topic=newsletter&often=30&save=1")
    waits = _plan(desk, ada(desk), "waits")[0]
    _claim(desk)
    assert _state(desk, waits)[:2] == ("planned", "capped")
    desk.clock.at += DAY
    choose(mail, page, "topic=newsletter&often=0&save=1")
    assert _state(desk, waits)[2] == desk.clock.now()
    _claim(desk)
    assert _state(desk, waits)[0] == "claimed"


def test_a_wish_counts_beside_caps_and_for_whoever_they_were_before_a_merge(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    choose(mail, page, "topic=newsletter&often=7&save=1")
    with desk.db.workspace(desk.workspace_id) as ws:
        actions.add_cap(ws, Cap(0, "many", 9, 1, Unit.DAYS), desk.clock.now())
        new = make.person(ws, "new@example.com", ("newsletter",))
        ws.conn.execute("UPDATE person SET merged_into = %s WHERE id = %s", (new, ada(desk)))
    (held,) = _plan(desk, new, "news")
    _claim(desk)
    assert _state(desk, held)[:2] == ("planned", "capped")
    choose(mail, page, "topic=newsletter&often=0&save=1")
    assert desk.rows("SELECT person_id, every_days FROM preference") == [(new, None)]
    with desk.db.everywhere() as everywhere:
        assert rooms.forget_rooms(everywhere, desk.clock.now() + 2 * DAY, 10) == 1


def test_room_of_who_chose_is_kept_as_long_as_they_chose(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    choose(mail, page, "topic=newsletter&often=30&save=1")
    with desk.db.everywhere() as everywhere:
        assert [rooms.forget_rooms(everywhere, desk.clock.now() + days * DAY, 10) for days in (29, 30)] == [0, 1]


def test_another_claim_that_looks_at_the_same_person_is_not_waited_for(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    desk.clock.at += 8 * DAY
    choose(mail, page, "topic=newsletter&often=7&save=1")
    first, second = _plan(desk, ada(desk), "first", "second")
    with desk.db.everywhere() as everywhere:
        assert claims.claim(everywhere, "one", 1, desk.clock.now()) is not None
        _claim(desk)
        assert _state(desk, second) == ("planned", "", desk.clock.now() + timedelta(seconds=10))
    desk.clock.at += timedelta(seconds=10)
    _claim(desk)
    assert (_state(desk, first)[0], _state(desk, second)[:2]) == ("claimed", ("planned", "capped"))


def test_nothing_at_all_takes_back_what_nobody_confirmed_too(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    desk.rows("UPDATE subscription SET state = 'pending' WHERE topic_id = (SELECT id FROM topic WHERE key = 'offers') RETURNING 1")
    choose(mail, page, "none=1")
    assert set(desk.rows("SELECT t.key, s.state FROM subscription s JOIN topic t ON t.id = s.topic_id")) == {
        ("newsletter", "unsubscribed"), ("offers", "unsubscribed"), ("transactional", "subscribed")
    }  # fmt: skip
    assert [one["event"] for one in events(desk)] == ["Unsubscribed"] * 2


def test_a_no_is_kept_where_nobody_had_said_a_word(mail: Mail, page: str) -> None:  # noqa: F811
    desk = mail.desk
    desk.rows("DELETE FROM subscription RETURNING 1")
    assert mail.client.post(mail.unsubscribe, content=b"List-Unsubscribe=One-Click", headers=FORM).status_code == 200
    choose(mail, page, "none=1")
    choose(mail, page, "none=1")
    said = desk.rows("SELECT t.key, s.state FROM subscription s JOIN topic t ON t.id = s.topic_id ORDER BY 1")
    assert said == [("newsletter", "unsubscribed"), ("offers", "unsubscribed")]
    assert len(events(desk)) == 2


def test_what_is_no_form_of_ours_changes_nothing(mail: Mail, page: str) -> None:  # noqa: F811
    for body in ("", "pause=5", "pause=9999999", "often=7", "none=0", "topic=offers", "&" * 600 + "save=1"):
        assert mail.client.post(page, content=body.encode(), headers=FORM).status_code == 400, body
    choose(mail, page, "topic=newsletter&topic=offers&often=8&save=1")
    for method in ("GET", "HEAD"):
        mail.get(f"{page}?pause=30&often=7&none=1", method)
    assert (mail.state(), mail.desk.rows("SELECT FROM preference"), events(mail.desk)) == ("subscribed", [], [])


def test_the_page_speaks_four_languages_without_a_script(mail: Mail, page: str) -> None:  # noqa: F811
    for language, direction in (("en", "ltr"), ("et", "ltr"), ("fa", "rtl"), ("ar", "rtl"), ("xx", "ltr")):
        text = mail.get(f"{page}?lang={language}").text
        spoken = "en" if language == "xx" else language
        assert f'<html lang="{spoken}" dir="{direction}">' in text
        assert "<script" not in text
        assert set(re.findall(r'action="[^"]*\?lang=(\w+)"', text)) == {spoken}
        assert len(re.findall(r'name="pause" value="(\d+)"', text)) == 3
    assert "۳۰ روز" in mail.get(f"{page}?lang=fa").text


def test_what_they_read_is_shown_and_named_by_the_proof(mail: Mail, page: str) -> None:  # noqa: F811
    with mail.desk.db.workspace(mail.desk.workspace_id) as ws:
        confirming.set_wording(ws, "casl", {"en": "You ask {workspace}, {address}, <b>to write</b> {0}."}, make.NOW, "user:1")
    assert "You ask Shop, Pikk 1, Tallinn, &lt;b&gt;to write&lt;/b&gt; {0}." in mail.get(page).text
    choose(mail, page, "topic=offers&save=1")
    (proof,) = mail.desk.rows("SELECT proof FROM consent_log WHERE source = 'preference_page'")[0]
    assert {"wording": 1, "language": "en"}.items() <= dict(proof).items()  # type: ignore[call-overload]


def test_the_page_wears_the_shops_colours(mail: Mail, page: str) -> None:  # noqa: F811
    kit = '{"colours": {"accent": "#0b5fff"}, "dark": {"accent": "#8ab4ff"}}'
    mail.desk.rows("INSERT INTO brand SELECT id, %s::jsonb, now(), 'user:1' FROM workspace RETURNING 1", kit)
    text = mail.get(page).text
    assert ("--accent:#0b5fff" in text, "--accent:#8ab4ff" in text, "#b4531f" in text) == (True, True, False)


def test_the_shops_colours_can_always_be_read() -> None:
    assert look_of(None) == look_of({"accent": "red", "text": None, "background": "#fff; } body { display: none"}) == look_of({})
    assert look_of({}).accent == PLAIN.accent
    for accent in ("#ffff00", "#000000", "#777777", "#00ff88", "#0b5fff"):
        look = look_of({"accent": accent, "on_accent": "#ffffff", "text": "#cccccc", "surface": "#dddddd"})
        assert look.accent == accent
        assert min(contrast(look.on_accent, accent), contrast(look.text, look.surface), contrast(look.muted, look.surface)) >= 4.4
