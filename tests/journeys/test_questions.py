"""What ready journeys ask before they are installed: guesses from what is known, answers that stand in the graph and the mails."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from liquid import Environment

from hudhud.app.journey_commands import read_answers
from hudhud.content.queries import get_template
from hudhud.content.sandbox import Sandbox
from hudhud.coupons import actions as coupons
from hudhud.coupons.queries import find_pools
from hudhud.coupons.types import PoolWishes
from hudhud.events.actions import record_names
from hudhud.journeys import queries, recipes
from hudhud.journeys.installing.fitting import AnswersNeeded, fit, settle
from hudhud.journeys.installing.questions import Choice, Known, ask, guess, read_book
from hudhud.kit.errors import InvalidInput
from tests.journeys.stage import T0

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.journeys.installing.fitting import Answers
    from tests.journeys.stage import Stage

TODAY = date(2026, 1, 1)
LANGUAGES = {"en", "et", "fa", "ar"}
# Something to answer where nothing can be guessed.
OPEN: dict[str, Answers] = {"cross_sell": {"bought": "Tea", "belongs": "Pots"}, "event_invite": {"begins": "2026-03-04T18:00"}}


def known(*events: str, attributes: tuple[str, ...] = (), **more: Any) -> Known:  # noqa: ANN401 -- fields of Known
    fields = {"values": {}, "topics": [Choice("newsletter", "Newsletter")], "pools": [], "segments": []}
    return Known(list(events), list(attributes), **{**fields, **more})


def fitted(key: str, answers: Answers, there: Known) -> str:
    return msgspec.json.encode(fit(recipes.find_ready()[key], settle(key, answers, there), there, TODAY).graph).decode()


def test_each_recipe_asks_two_questions_at_most_and_each_stands_in_its_file() -> None:
    book = read_book()
    assert set(book.recipes) == set(recipes.find_ready())
    assert {name for asks in book.recipes.values() for name in (*asks.asked, *asks.guessed)} == set(book.questions)
    assert all(set(one.texts) == LANGUAGES for one in book.questions.values())
    for key, asks in book.recipes.items():
        assert 0 < len(asks.asked) <= 2
        text = msgspec.json.encode(recipes.find_ready()[key]).decode()
        for name in (*asks.asked, *asks.guessed):
            stands = book.questions[name].stands
            assert stands == 0 or msgspec.json.encode(stands).decode() in text, (key, name)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param((), ("Order Completed", True), id="nothing known"),
        pytest.param(("order_paid", "Visited"), ("order_paid", True), id="one like it"),
        pytest.param(("Order Completed", "Order Paid"), ("Order Completed", True), id="ours"),
        pytest.param(("Purchase", "Order Paid"), ("Purchase", False), id="two like it"),
        pytest.param(("Visited",), ("Order Completed", True), id="none like it"),
    ],
)
def test_a_guess_is_sure_where_one_name_alone_is_meant(events: tuple[str, ...], expected: tuple[str, bool]) -> None:
    found = guess("order", read_book().questions["order"], known(*events))
    assert (found.guess, found.sure) == expected
    assert [choice.value for choice in found.choices] == list(events)


def test_without_answers_what_is_sure_stands_and_the_rest_is_asked_for() -> None:
    there = known("purchase")
    assert '"Order Completed"' not in fitted("winback", {}, there)  # guessed without being asked
    assert '"purchase"' in fitted("cart", {}, there)
    with pytest.raises(AnswersNeeded) as raised:
        settle("cart", {}, known("Purchase", "Order Paid"))
    assert raised.value.data == {"questions": ["order"]}
    with pytest.raises(AnswersNeeded):
        settle("event_invite", {}, there)
    assert [one.sure for one in ask("cross_sell", there)] == [False, False]


@pytest.mark.parametrize(
    ("key", "answers", "in_it", "gone"),
    [
        ("cart", {"order": "Paid"}, '"name":"Paid"', "Order Completed"),
        ("cart", {"order": " Paid "}, '"name":"Paid"', "Order Completed"),
        ("winback", {"winback_days": 30}, '"amount":30', '"amount":90'),
        ("second_order", {"second_days": 45}, '"amount":45', '"amount":60'),
        ("pricing", {"pricing_path": "/plans"}, '"/plans"', '"/pricing"'),
        ("new_content", {"topic": "blog"}, '"topic":"blog"', '"newsletter"'),
        ("cart", {"cart_pool": "spring"}, '"pool":"spring"', '"pool":"cart"'),
        ("event_invite", {"guests": 7, "begins": "2026-03-04T19:30"}, '"segment":7', '"newsletter","channel"'),
        ("renewal", {"renews_on": "ends"}, '"attribute":"ends"', '"renews_on"'),
    ],
    ids=["event", "event with blanks", "days", "timeout", "text", "topic", "pool", "segment", "attribute"],
)
def test_an_answer_stands_in_the_graph_instead_of_ours(key: str, answers: Answers, in_it: str, gone: str) -> None:
    there = known(topics=[Choice("blog", "Blog")], pools=[Choice("spring", "Spring")], segments=[Choice(7, "Guests")])
    text = fitted(key, answers, there)
    assert in_it in text
    assert gone not in text


def test_an_event_has_its_day_its_hour_and_the_hour_before() -> None:
    text = fitted("event_invite", {"begins": "2026-03-04T17:00"}, known())
    assert all(one in text for one in ('"first":"2026-02-18"', '"2026-03-04T17:00"', '"at":"17:00"', '"at":"16:00"', '"amount":14'))
    # Too late for two weeks: tomorrow, and until the day itself.
    text = fitted("event_invite", {"begins": "2026-01-09T09:00"}, known())
    assert all(one in text for one in ('"first":"2026-01-02"', '"amount":7', '"at":"08:00"'))
    assert "18:00" not in text


@pytest.mark.parametrize(
    ("key", "answers", "field"),
    [
        ("cart", {"colour": "red"}, "answers.colour"),
        ("cart", {"order": " "}, "answers.order"),
        ("cart", {"cart_pool": "nowhere"}, "answers.cart_pool"),
        ("winback", {"winback_days": 3}, "answers.winback_days"),
        ("winback", {"winback_days": "ninety"}, "answers.winback_days"),
        ("new_content", {"topic": "nothing"}, "answers.topic"),
        ("event_invite", {"guests": 99, "begins": "2026-03-04T18:00"}, "answers.guests"),
        ("event_invite", {"begins": "soon"}, "answers.begins"),
        ("event_invite", {"begins": "2026-01-02T18:00"}, "answers.begins"),
        ("event_invite", {"begins": "0001-01-01T18:00"}, "answers.begins"),
        ("renewal", {"renews_on": "both ' and \""}, "answers.renews_on"),
        ("renewal", {"renews_on": "ends }}"}, "answers.renews_on"),
    ],
)
def test_what_is_no_answer_is_refused_by_its_question(key: str, answers: Answers, field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        fitted(key, answers, known())
    assert raised.value.data["field"] == field


@pytest.mark.parametrize("name", ["renews_on", "contract end", "it's", 'a "word"', "پایان\u200cقرارداد", "\u200fend", "a\\\\b", "x{{"])
def test_a_mail_reads_an_attribute_whatever_it_is_called(name: str) -> None:
    """Of Liquid's texts nothing is escaped: a name in Persian has joiners in it, which Python writes as an escape."""
    there = known()
    text = fit(recipes.find_ready()["renewal"], settle("renewal", {"renews_on": name}, there), there, TODAY).rewrite(
        "{{ person.renews_on }}"
    )
    assert Environment().from_string(text).render(person={name: "May"}) == "May"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    process = Sandbox()
    yield process
    process.close()


@pytest.mark.long
def test_it_is_installed_by_what_the_shop_calls_things_with_a_pool_and_mails_that_fit(stage: Stage, sandbox: Sandbox) -> None:
    stage.people({"contract end": "2026-05-01"})
    with stage.db.workspace(stage.workspace_id) as ws:
        record_names(ws, [stage.event(1, "Order Paid", T0)])
        recipes.install(ws, sandbox, "cart", T0, by="test")
        recipes.install(ws, sandbox, "renewal", T0, by="test", answers={"renews_on": "contract end"})
        assert "Order Paid" in queries.get_version(ws, "cart")[0].text
        (pool,) = find_pools(ws, T0)
        assert (pool.key, pool.valid_days, pool.free, pool.pattern) == ("cart", 1, 0, "")
        coupons.create_pool(ws, "birthday", PoolWishes("Before"), T0, by="test")
        coupons.set_archived(ws, "birthday", T0, is_archived=True, by="test")
        with pytest.raises(InvalidInput, match="archived"):
            recipes.install(ws, sandbox, "birthday", T0, by="test")
        copies = get_template(ws, "renewal_month").languages
    assert set(copies) == LANGUAGES
    assert all("person['contract end']" in copy["mjml"] and "renews_on" not in copy["mjml"] for copy in copies.values())


def test_on_the_command_line_a_number_is_one_where_a_number_is_asked_for() -> None:
    """An event may be called 404."""
    given = ["order=404", "winback_days=30", "begins=a=b"]
    assert read_answers(given) == {"order": "404", "winback_days": 30, "begins": "a=b"}
    with pytest.raises(InvalidInput):
        read_answers(["order"])
