"""What keeps a draft from being sent: all of it at once, each with what to do about it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hudhud.campaigns.editions import compile_subjects
from hudhud.campaigns.moments import find_start, is_over
from hudhud.campaigns.queries import get_campaign
from hudhud.campaigns.types import BestHour, Definition, Local, Problem, Variant
from hudhud.consent.queries import find_topics
from hudhud.content import queries as content
from hudhud.content.mime import check_header
from hudhud.content.types import TemplateError
from hudhud.kit.errors import InvalidInput, NotFound
from hudhud.segments.queries import find_missing
from hudhud.segments.types import Segment, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hudhud.campaigns.types import Campaign
    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope


def find_problems(ws: Scope, sandbox: Sandbox, campaign: Campaign, now: datetime) -> list[Problem]:
    """Return what keeps a draft from being sent."""
    definition = campaign.definition
    found = [
        *_of_topic(ws, definition),
        *_of_audience(ws, campaign),
        *(problem for variant in definition.variants for problem in _of_variant(ws, sandbox, definition, variant)),
        *_of_test(definition),
        *_of_times(definition, now),
    ]
    if campaign.resend_of is not None:
        found += _of_resend(ws, definition, campaign.resend_of)
    return found


def _of_topic(ws: Scope, definition: Definition) -> Iterator[Problem]:
    known = [topic.key for topic in find_topics(ws)]
    if definition.topic not in known:
        said = f"there is no topic {definition.topic!r}" if definition.topic else "no topic is chosen"
        yield Problem("topic", "topic", said, f"choose what people subscribed to: {', '.join(known)}")


def _of_audience(ws: Scope, campaign: Campaign) -> Iterator[Problem]:
    audience = campaign.definition.audience
    if audience.is_empty() and campaign.resend_of is None:
        yield Problem("audience", "audience", "nobody is chosen", "choose segments, or conditions")
    in_tree = () if audience.tree is None else (leaf.segment_id for leaf in leaves(audience.tree) if isinstance(leaf, Segment))
    for missing in find_missing(ws, [*audience.include, *audience.exclude, *in_tree]):
        yield Problem("segment", "audience", f"there is no segment {missing} any more", "take it out, or choose another one")


def _of_variant(ws: Scope, sandbox: Sandbox, definition: Definition, variant: Variant) -> Iterator[Problem]:
    place = f"variants[{definition.variants.index(variant)}]"
    if not variant.template:
        yield Problem("template", f"{place}.template", "no template is chosen", "choose what is sent", variant.name)
        return
    try:
        template = content.get_template(ws, variant.template)
    except NotFound:
        yield Problem("template", f"{place}.template", f"there is no template {variant.template!r}", "choose another one", variant.name)
        return
    if template.version_id is None:
        said = f"nothing of {variant.template!r} is published"
        yield Problem("template", f"{place}.template", said, "publish it first", variant.name)
        return
    if template.archived_at is not None:
        yield Problem(
            "template", f"{place}.template", f"{variant.template!r} is archived", "take it out again, or choose another one", variant.name
        )
        return
    yield from _of_subject(sandbox, variant, set(template.languages), place)
    yield from _of_sender(variant, place)
    if variant.at is not None and not isinstance(definition.when, Local):
        said = "a time of its own means something only where everybody gets it by their own clock"
        yield Problem("time", f"{place}.at", said, "send it in each one's time zone, or take the time out", variant.name)


def _of_subject(sandbox: Sandbox, variant: Variant, languages: set[str], place: str) -> Iterator[Problem]:
    if variant.subject is None:
        return
    where = f"{place}.subject"
    if missing := sorted(languages - variant.subject.keys()):
        said = f"the template is in {', '.join(missing)}, too, and the subject is not"
        yield Problem("subject_language", where, said, "write it in each language of the template", variant.name)
    if unknown := sorted(variant.subject.keys() - languages):
        yield Problem("subject_language", where, f"the template has no {', '.join(unknown)}", "take it out", variant.name)
    try:
        compile_subjects(sandbox, variant.subject)
    except TemplateError as error:
        language = str(error.data["field"]).split(".")[1]
        yield Problem("subject", f"{where}.{language}", str(error.data["problem"]), str(error.data["remedy"]), variant.name)


def _of_sender(variant: Variant, place: str) -> Iterator[Problem]:
    try:
        check_header("From", variant.sender_name or "")
    except InvalidInput as error:
        yield Problem("sender_name", f"{place}.sender_name", "it holds signs that no name has", str(error.data["remedy"]), variant.name)


def _of_test(definition: Definition) -> Iterator[Problem]:
    variants, test = definition.variants, definition.test
    if len(variants) > 1 and test is None:
        yield Problem("test", "test", f"there are {len(variants)} variants and no test", "say what share tests them, or keep one")
    if test is None:
        return
    if len(variants) == 1:
        yield Problem("variants", "variants", "there is nothing to test", "write a second variant, or take the test out")
    if test.tie is not None and test.tie not in {variant.name for variant in variants}:
        yield Problem("tie", "test.tie", f"there is no variant {test.tie!r}", "choose one, or decide yourself")
    for one, other in combinations(variants, 2):
        if one.template and _same(one, other):
            said = f"{one.name} and {other.name} are the same"
            yield Problem("same", "variants", said, "change the subject, the template, the sender's name or the time of one", other.name)


def _same(one: Variant, other: Variant) -> bool:
    return (one.template, one.subject, one.sender_name, one.at) == (other.template, other.subject, other.sender_name, other.at)


def _of_times(definition: Definition, now: datetime) -> Iterator[Problem]:
    if is_over(definition, now):
        yield Problem("when", "when", "that moment is over", "choose one that is to come, or send it now")
    if definition.ends_at is not None and definition.ends_at <= now:
        yield Problem("ends_at", "ends_at", "that is over", "choose a later end, or none")
    elif definition.ends_at is not None and definition.ends_at <= find_start(definition, now, at_once=True):
        yield Problem("ends_at", "ends_at", "it ends before it begins", "choose a later end, or none")
    if definition.per_hour is not None and isinstance(definition.when, Local | BestHour):
        said = "so many an hour cannot be kept where each one's clock decides"
        yield Problem("per_hour", "per_hour", said, "send it now or at an instant, or without a limit")


def _of_resend(ws: Scope, definition: Definition, first_id: int) -> Iterator[Problem]:
    """Who has not opened a mail has it all the same: the same once more is no second try."""
    sent = get_campaign(ws, first_id).definition.variants
    for place, variant in enumerate(definition.variants):
        if any((variant.template, variant.subject) == (one.template, one.subject) for one in sent):
            said = "they have got this mail with this subject already"
            yield Problem("same_content", f"variants[{place}]", said, "write another subject, or choose another template", variant.name)
