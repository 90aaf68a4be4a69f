"""Conditions that ask for journeys: for none that there is not, and no journey that its own runs begin.

A person's runs change whom a segment has, and a segment's changes begin runs. Were a journey's own past among what begins it, each run
would cause the next, as quick as facts travel. How often one may come back is the journey's rule of re-entry. Ends, waits and branches may
ask for anything: they only lead on, and every path of a graph ends. What journeys do to people, too: one that starts another, changes an
attribute that decides who enters it, or sends the message that another hears of, must not do so in a round in which everybody may come
back at once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hudhud.consent.queries import find_topics
from hudhud.journeys.acting import webhooks
from hudhud.journeys.graph import parse
from hudhud.journeys.types import Always, InvalidJourney, JourneyLoop, OfSegment, OnEvent, Problem
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput
from hudhud.lifecycle.queries import find_stages
from hudhud.lifecycle.types import MOVED
from hudhud.segments.actions import open_lock
from hudhud.segments.queries import find_asked_attributes, find_asked_journeys
from hudhud.segments.types import And, Segment, journey_keys, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.kinds import Kind
    from hudhud.journeys.types import Trigger
    from hudhud.kit.db import Scope
    from hudhud.segments.types import Condition, Where

QUERIES = sql.load("hudhud.journeys")
# What delivery tells of each message that a server took; its filters know the words of `properties_of` there.
SENT = "Message Sent"


def check_segment(ws: Scope, tree: Condition) -> None:
    """Check a tree that was just saved; raises `InvalidInput` where there is no such journey, `JourneyLoop` where one would begin itself."""
    missing = _missing(ws, journey_keys(tree))
    for path, node in walk(tree):
        key = getattr(node, "journey", None)
        if key in missing:
            raise InvalidInput(f"{path}.journey".removeprefix("."), key, "there is no such journey: use the key of one")
    check_loops(ws)


def check_graph(ws: Scope, graph: Graph) -> None:
    """Check a graph that was just published; raises `InvalidJourney` where it asks for journeys that there are not, and `JourneyLoop`."""
    problems = []
    for node_id, named in _named_journeys(graph):
        problems += [
            Problem(node_id, "unknown_journey", f"there is no journey {key!r}", "choose another journey")
            for key in sorted(_missing(ws, named))
        ]
    topics = {topic.key for topic in find_topics(ws)}
    problems += [
        Problem(node_id, "unknown_topic", f"topic: there is no topic {node.topic!r}", f"use one of {', '.join(sorted(topics))}")
        for node_id, node in graph.nodes.items()
        if node.kind == "topic" and node.topic not in topics
    ]
    for place, tree in _trees(graph).items():
        node = place.partition(".")[0]
        problems += [
            Problem(
                node if node in graph.nodes else "", "unknown_journey", f"{place}: there is no journey {key!r}", "choose another journey"
            )
            for key in sorted(_missing(ws, journey_keys(tree)))
        ]
    problems += webhooks.check_texts(graph)
    if problems:
        raise InvalidJourney(problems)
    check_loops(ws)


def _named_journeys(graph: Graph) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node_id, node in graph.nodes.items():
        if node.kind == "start":
            yield node_id, (node.journey,)
        elif node.kind == "leave":
            yield node_id, node.journeys


def _trees(graph: Graph) -> dict[str, Condition]:
    trigger = graph.trigger.segment if isinstance(graph.trigger, OfSegment) else None
    return graph.conditions() if trigger is None or isinstance(trigger, int) else {"trigger": trigger, **graph.conditions()}


def _missing(ws: Scope, keys: Iterable[str]) -> set[str]:
    wanted = set(keys)
    return wanted - {row[0] for row in ws.rows(QUERIES.find_keys, keys=sorted(wanted))} if wanted else wanted


def check_loops(ws: Scope) -> None:
    """Raise `JourneyLoop` with the way round. Both saves and publications do this under one lock, so that no two make a loop together."""
    open_lock(ws)
    rules = And(tuple(stage.rule for stage in find_stages(ws)))
    begins: dict[str, set[str]] = defaultdict(set)
    for key, text in ws.rows(QUERIES.find_triggers, event=MOVED):
        begins[key] |= find_asked_journeys(ws, _asked_by(parse(text).trigger, rules))
    for key, others in _set_off(ws, rules).items():
        begins[key] |= others
    for key in begins:
        if way := _way(key, key, begins, set()):
            path = " → ".join([key, *way])
            raise JourneyLoop(
                f"Who enters the journey would depend on the journey itself: {path}. Let its rule of re-entry say how often one may come back.",
                path=[key, *way],
            )


def _set_off(ws: Scope, rules: Condition) -> dict[str, set[str]]:
    """Return the journeys that what others do to people can begin, again and again, with those others."""
    graphs = {key: parse(text) for key, text in ws.rows(QUERIES.find_acting)}
    found: dict[str, set[str]] = defaultdict(set)
    for key, graph in graphs.items():
        if not isinstance(graph.reentry, Always):
            # Once for each person, or after days: that ends every round.
            continue
        asked = find_asked_attributes(ws, _asked_by(graph.trigger, rules))
        for other, acting in graphs.items():
            if any(_sets_off(node, key, asked) or _is_heard(node, node_id, other, graph.trigger) for node_id, node in acting.nodes.items()):
                found[key].add(other)
    return found


def _sets_off(node: Kind, key: str, asked: set[str]) -> bool:
    if node.kind == "update":
        return any(change.attribute in asked for change in node.changes)
    return node.kind == "start" and node.journey == key


def _is_heard(node: Kind, node_id: str, sender: str, trigger: Trigger) -> bool:
    """Say whether a message of this step may begin a run, as far as what is told of it can be known before."""
    if node.kind != "send" or not isinstance(trigger, OnEvent) or SENT not in trigger.event_names():
        return False
    told = {"journey": sender, "step": node_id, "topic": node.topic, "source_kind": "journey"}
    return any(
        all(_may_pass(one[part.property], part) for part in trigger.where if part.property in one)
        for one in ({**told, "template": template} for template in node.templates())
    )


def _may_pass(told: str, part: Where) -> bool:
    if isinstance(part.value, tuple):
        return part.op != "one_of" or told in part.value
    return {"is": told == part.value, "is_not": told != part.value}.get(part.op, True)


def _asked_by(trigger: Trigger, rules: Condition) -> Condition:
    """Return the conditions that begin a journey's runs; where a move between stages does, these are the `rules` of all stages."""
    if isinstance(trigger, OfSegment):
        return Segment(trigger.segment) if isinstance(trigger.segment, int) else trigger.segment
    return rules if isinstance(trigger, OnEvent) and MOVED in trigger.event_names() else And(())


def _way(start: str, goal: str, begins: Mapping[str, set[str]], seen: set[str]) -> list[str] | None:
    for asked in sorted(begins.get(start, ())):
        if asked == goal:
            return [goal]
        if asked not in seen:
            seen.add(asked)
            if way := _way(asked, goal, begins, seen):
                return [asked, *way]
    return None
