"""The pages behind the links in a mail's footer: plain HTML, no script, four languages, the shop's colours. Only buttons act."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from hudhud.consent.types import EVERY_DAYS, PAUSE_DAYS
from hudhud.edge.look import DARK, PLAIN, style
from hudhud.edge.page_words import LANGUAGE_NAMES, WORDS, in_digits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.edge.look import Look

RIGHT_TO_LEFT = frozenset({"fa", "ar"})
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages of one visit have in common: whose they are, how they speak and look, and where their links and forms lead."""

    language: str
    workspace: str = ""
    token: str = ""
    looks: tuple[Look, Look] = (PLAIN, DARK)
    address: str = ""  # the shop's postal one
    wording: dict[str, str] = field(default_factory=dict)

    def word(self, key: str, **values: str) -> str:
        """Return one of our texts, escaped, with these values; others' words among them keep their own direction."""
        given = {name: value if name == "days" else f"\u2068{value}\u2069" for name, value in values.items()}
        return escape(WORDS[self.language][key].format(**given))

    def agreement(self) -> str:
        """Return what is read where somebody agrees, escaped; nothing where the shop has not said."""
        text = name_in(self.wording, self.language) if self.wording else ""
        return escape(text.replace("{workspace}", self.workspace).replace("{address}", self.address))


@dataclass(frozen=True, slots=True)
class Choices:
    """Where somebody stands: each topic (`key`, `names`, `state`), a pause, and one message in how many days at most."""

    topics: Sequence[dict[str, Any]]
    paused_until: datetime | None = None
    every_days: int | None = None


def language_of(wanted: str | None) -> str:
    """A language that the pages speak."""
    short = (wanted or "").partition("-")[0].lower()
    return short if short in WORDS else "en"


def name_in(names: dict[str, str], language: str) -> str:
    """A topic's name in a language, or in one that it has."""
    return names.get(language) or names.get("en") or next(iter(names.values()))


def _page(frame: Frame, title: str, body: str) -> str:
    direction = "rtl" if frame.language in RIGHT_TO_LEFT else "ltr"
    brand = f'<p class="brand">{escape(frame.workspace)}</p>' if frame.workspace else ""
    return (
        f'<!doctype html><html lang="{frame.language}" dir="{direction}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{style(frame.looks)}</style></head><body>{brand}<main>{body}</main></body></html>'
    )


def _button(name: str, value: object, text: str, kind: str = "") -> str:
    chosen = f' class="{kind}"' if kind else ""
    return f'<button name="{name}" value="{value}"{chosen}>{text}</button>'


def ask(frame: Frame, topic: str) -> str:
    """One button; opening the page changes nothing."""
    action = f"/u/{escape(frame.token)}"
    body = (
        f"<h1>{frame.word('title')}</h1><p>{frame.word('ask', topic=topic, workspace=frame.workspace)}</p>"
        f'<form method="post" action="{action}">{_button("unsubscribe", 1, frame.word("button"))}</form>'
        f'<p><a href="{action}/preferences">{frame.word("choose")}</a></p>'
    )
    return _page(frame, frame.word("title"), body)


def done(frame: Frame, topic: str) -> str:
    """The word was kept."""
    body = (
        f'<h1>{frame.word("title")}</h1><p role="status" class="said">{frame.word("done", topic=topic)}</p>'
        f'<p><a href="/u/{escape(frame.token)}/preferences">{frame.word("choose")}</a></p>'
    )
    return _page(frame, frame.word("title"), body)


def preferences(frame: Frame, choices: Choices, now: datetime, *, saved: bool) -> str:
    """A box for each topic, how often, a break, nothing at all; and the page in other languages."""
    told = f'<p role="status" class="said">{frame.word("saved")}</p>' if saved else ""
    action = f"/u/{escape(frame.token)}/preferences?lang={frame.language}"
    body = f"<h1>{frame.word('choose')}</h1>{told}{_topics(frame, choices, action)}{_break(frame, choices, action, now)}{_languages(frame)}"
    return _page(frame, frame.word("choose"), body)


def _topics(frame: Frame, choices: Choices, action: str) -> str:
    if not choices.topics:
        return f"<p>{frame.word('nothing')}</p>"
    boxes = "".join(_box(frame, one) for one in choices.topics)
    agreement = f'<p class="small" dir="auto">{frame.agreement()}</p>' if frame.wording else ""
    return (
        f'<form method="post" action="{action}"><fieldset><legend>{frame.word("which", workspace=frame.workspace)}</legend>{boxes}</fieldset>'
        f"{_often(frame, choices)}{agreement}<p>{_button('save', 1, frame.word('save'))}</p></form>"
    )


def _box(frame: Frame, topic: dict[str, Any]) -> str:
    checked = " checked" if topic["state"] == "subscribed" else ""
    waits = f' <span class="small">({frame.word("unconfirmed")})</span>' if topic["state"] == "pending" else ""
    name = escape(name_in(topic["names"], frame.language))
    return (
        f'<label><input type="checkbox" name="topic" value="{escape(topic["key"])}"{checked}> <span><bdi>{name}</bdi>{waits}</span></label>'
    )


def _often(frame: Frame, choices: Choices) -> str:
    days = sorted({0, *EVERY_DAYS} | ({choices.every_days} if choices.every_days in EVERY_DAYS else set()))
    options = "".join(
        f'<label><input type="radio" name="often" value="{one}"{" checked" if one == (choices.every_days or 0) else ""}> {frame.word(f"often_{one}")}</label>'
        for one in days
    )
    return f"<fieldset><legend>{frame.word('often')}</legend>{options}</fieldset>"


def _break(frame: Frame, choices: Choices, action: str, now: datetime) -> str:
    """A form of its own: its buttons act at once, whatever is ticked above."""
    if choices.paused_until is not None:
        left = in_digits(max(1, math.ceil((choices.paused_until - now).total_seconds() / DAY_S)), frame.language)
        buttons = f"<p>{frame.word('paused', days=left)}</p><p>{_button('pause', 0, frame.word('resume'), 'quiet')}</p>"
    else:
        offers = "".join(_button("pause", days, frame.word("pause", days=in_digits(days, frame.language)), "quiet") for days in PAUSE_DAYS)
        buttons = f'<p class="small">{frame.word("break_lead")}</p><p class="row">{offers}</p>'
    out = (
        f'<h2>{frame.word("all")}</h2><p class="small">{frame.word("all_lead")}</p><p>{_button("none", 1, frame.word("all"), "quiet")}</p>'
    )
    return (
        f'<form method="post" action="{action}" class="apart"><h2>{frame.word("break")}</h2>{buttons}</form>'
        f'<form method="post" action="{action}" class="apart">{out}</form>'
    )


def _languages(frame: Frame) -> str:
    links = "".join(
        f'<a href="?lang={one}" lang="{one}" hreflang="{one}">{name}</a>' for one, name in LANGUAGE_NAMES.items() if one != frame.language
    )
    return f'<nav class="small row">{links}</nav>'


def confirm(frame: Frame, address: str, topics: Sequence[dict[str, Any]]) -> str:
    """What is to be confirmed, and one button; opening the page changes nothing."""
    names = "".join(f"<li><bdi>{escape(name_in(one['names'], frame.language))}</bdi></li>" for one in topics)
    agreement = f'<p class="small" dir="auto">{frame.agreement()}</p>' if frame.wording else ""
    question = frame.word("confirm_ask", workspace=frame.workspace, address=address)
    body = (
        f'<h1>{frame.word("confirm")}</h1><p>{question}</p><ul>{names}</ul>{agreement}<form method="post" action="/u/{escape(frame.token)}/confirm">'
        f'{_button("confirm", 1, frame.word("confirm_button"))}</form><p class="small">{frame.word("confirm_else")}</p>'
    )
    return _page(frame, frame.word("confirm"), body)


def confirmed(frame: Frame) -> str:
    """It is."""
    return _page(
        frame, frame.word("confirm"), f'<h1>{frame.word("confirm")}</h1><p role="status" class="said">{frame.word("confirmed")}</p>'
    )


def closed(frame: Frame) -> str:
    """Nothing is left to confirm: it was done, or said otherwise since."""
    return _page(frame, frame.word("confirm"), f"<h1>{frame.word('confirm')}</h1><p>{frame.word('closed')}</p>")


def missing(language: str) -> str:
    """No such link."""
    frame = Frame(language)
    return _page(frame, "404", f"<h1>404</h1><p>{frame.word('missing')}</p>")
