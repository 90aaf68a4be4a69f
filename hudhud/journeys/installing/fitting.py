"""A ready journey made to fit: the answers stand in the graph and in its mails where the file has our own words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.journeys.graph import parse
from hudhud.journeys.installing.questions import Known, Question, ask, guess, read_book
from hudhud.kit.errors import HudhudError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hudhud.journeys.graph import Graph

LONGEST = 100
Answers = dict[str, str | int]


class AnswersNeeded(HudhudError):
    """This ready journey cannot be installed without answers."""

    code = "answers_needed"
    status = 422


@dataclass(frozen=True, slots=True)
class Fitted:
    """A graph that fits; which attributes its mails call by another name; which pools it takes codes from, by the question."""

    graph: Graph
    attributes: dict[str, str] = field(default_factory=dict)
    pools: dict[str, str] = field(default_factory=dict)

    def rewrite(self, text: str) -> str:
        """Let a mail read the attributes that were named."""
        for ours, theirs in self.attributes.items():
            text = re.sub(rf"\bperson\.{re.escape(ours)}\b", partial(_as_liquid, theirs), text)
        return text


def _as_liquid(attribute: str, _found: object = None) -> str:
    """Write an attribute of a person as mails read it: text in Liquid's quotation marks stands as it is, nothing in it is escaped."""
    if re.fullmatch(r"[A-Za-z_]\w*", attribute, re.ASCII):
        return f"person.{attribute}"
    return f"person['{attribute}']" if "'" not in attribute else f'person["{attribute}"]'


def settle(key: str, given: Mapping[str, str | int], known: Known) -> Answers:
    """Return all answers of a recipe: those given, else what is guessed for sure.

    Raises `AnswersNeeded` with the questions that are open, and `InvalidInput` for an answer to a question that is not asked.
    """
    book = read_book()
    asks = book.recipes[key]
    odd = sorted(set(given) - set(asks.asked))
    if odd:
        raise InvalidInput(f"answers.{odd[0]}", given[odd[0]], f"answer only {', '.join(asks.asked)}")
    found = {one.key: one.guess for one in ask(key, known) if one.sure and one.guess is not None}
    silent = [guess(name, book.questions[name], known) for name in asks.guessed]
    found |= {one.key: one.guess for one in silent if one.sure and one.guess is not None}
    found |= {name: _trim(value, known) for name, value in given.items() if value != ""}
    missing = [name for name in asks.asked if name not in found]
    if missing:
        raise AnswersNeeded(f"Answer first: {', '.join(missing)}.", questions=missing)
    return {name: value for name, value in found.items() if value is not None}


def _trim(answer: str | int, known: Known) -> str | int:
    """Leave out blanks around what somebody typed; a name that is known stands as it is."""
    return answer if isinstance(answer, int) or answer in known.events or answer in known.attributes else answer.strip()


def fit(graph: Graph, answers: Answers, known: Known, today: date) -> Fitted:
    """Return the graph with the answers in it; raises `InvalidInput` for an answer that does not do."""
    book = read_book()
    raw: dict[str, Any] = msgspec.to_builtins(graph)
    fitted = Fitted(graph)
    for key, answer in answers.items():
        question = book.questions[key]
        _check(key, question, answer, known)
        if question.kind == "attribute" and answer != question.stands:
            fitted.attributes[str(question.stands)] = str(answer)
        if question.kind == "pool":
            fitted.pools[key] = str(answer)
        FITS[question.kind](raw, question, answer, today)
    return Fitted(parse(raw), fitted.attributes, fitted.pools)


def _check(key: str, question: Question, answer: str | int, known: Known) -> None:
    """Refuse what is no answer to a question."""
    place = f"answers.{key}"
    if question.kind == "days":
        if not isinstance(answer, int) or not question.least <= answer <= question.most:
            raise InvalidInput(place, answer, f"give a whole number of days, {question.least} to {question.most}")
    elif question.kind == "segment":
        if answer != question.stands and answer not in [one.value for one in known.segments]:
            raise InvalidInput(place, answer, "give the id of a segment that there is")
    elif not isinstance(answer, str) or not 0 < len(answer.strip()) <= LONGEST:
        raise InvalidInput(place, answer, f"give a text of 1 to {LONGEST} characters")
    elif question.kind == "attribute" and ({"'", '"'} <= set(answer) or "}}" in answer or "%}" in answer):
        raise InvalidInput(
            place, answer, "mails cannot read an attribute with both kinds of quotation marks, }} or %} in its name: rename it"
        )
    elif question.kind in {"topic", "pool"} and answer != question.stands:
        there = [one.value for one in (known.topics if question.kind == "topic" else known.pools)]
        if answer not in there:
            raise InvalidInput(place, answer, f"give one that there is: {', '.join(map(str, there)) or 'none yet'}")


def _walk(raw: Any, change: Callable[[dict[str, Any]], None]) -> None:  # noqa: ANN401 -- any JSON
    """Look at every object in a graph."""
    if isinstance(raw, dict):
        change(raw)
    for part in raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list | tuple) else ():
        _walk(part, change)


def _put(raw: Any, name: str, old: object, new: object, mark: Callable[[dict[str, Any]], bool]) -> None:  # noqa: ANN401 -- any JSON
    """Write `new` where a field `name` of a marked object is `old`, or has it in its list."""

    def change(part: dict[str, Any]) -> None:
        if name not in part or not mark(part):
            return
        now = part[name]
        if isinstance(now, list | tuple):
            part[name] = [new if one == old else one for one in now]
        elif now == old and isinstance(now, bool) == isinstance(old, bool):
            part[name] = new

    _walk(raw, change)


def _event(raw: dict[str, Any], question: Question, answer: str | int, _today: date) -> None:
    _put(raw, "name", question.stands, answer, lambda part: part.get("kind") == "event")


def _attribute(raw: dict[str, Any], question: Question, answer: str | int, _today: date) -> None:
    _put(raw, "attribute", question.stands, answer, lambda _: True)
    _put(raw, "name", question.stands, answer, lambda part: part.get("kind") == "attribute")


def _topic(raw: dict[str, Any], question: Question, answer: str | int, _today: date) -> None:
    _put(raw, "topic", question.stands, answer, lambda _: True)


def _pool(raw: dict[str, Any], question: Question, answer: str | int, _today: date) -> None:
    _put(raw, "pool", question.stands, answer, lambda _: True)


def _days(raw: dict[str, Any], question: Question, answer: str | int, _today: date) -> None:
    _put(raw[question.part], "amount", question.stands, answer, lambda part: part.get("unit") == "days")


def _text(raw: dict[str, Any], question: Question, answer: str | int, _today: date) -> None:
    _put(raw, "value", question.stands, answer, lambda part: "property" in part)


def _segment(raw: dict[str, Any], question: Question, answer: str | int, _today: date) -> None:
    if answer != question.stands:
        raw["trigger"]["segment"] = answer


def _moment(raw: dict[str, Any], question: Question, answer: str | int, today: date) -> None:
    """Set the day and the hour: people are invited so many days before, or tomorrow where it is too late for that, and may answer until then."""
    try:
        begins = datetime.strptime(str(answer), "%Y-%m-%dT%H:%M")  # noqa: DTZ007 -- where each person lives
    except ValueError:
        raise InvalidInput("answers.begins", answer, "write day and time, such as 2027-03-04T18:00") from None
    first = today + timedelta(days=1)
    if begins.date() <= first or begins.hour == 0:
        raise InvalidInput("answers.begins", answer, "let it begin the day after tomorrow or later, not before one in the morning")
    first = max(begins.date() - timedelta(days=question.days_before), first)
    stood = datetime.fromisoformat(str(question.stands))
    hour = timedelta(hours=1)
    raw["trigger"]["first"] = first.isoformat()
    _put(raw["nodes"], "value", question.stands, answer, lambda _: True)
    _put(raw["nodes"], "amount", question.days_before, (begins.date() - first).days, lambda part: part.get("unit") == "days")
    # Both clock times at once: one may become what the other was.
    clocks = {f"{stood:%H:%M}": f"{begins:%H:%M}", f"{stood - hour:%H:%M}": f"{begins - hour:%H:%M}"}
    _walk(raw["nodes"], lambda part: part.update(at=clocks[part["at"]]) if part.get("kind") == "date" and part["at"] in clocks else None)


FITS: dict[str, Callable[[dict[str, Any], Question, str | int, date], None]] = {
    "event": _event,
    "attribute": _attribute,
    "topic": _topic,
    "pool": _pool,
    "days": _days,
    "text": _text,
    "segment": _segment,
    "moment": _moment,
}
