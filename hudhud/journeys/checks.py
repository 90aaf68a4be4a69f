"""What a sound graph still lacks in its workspace: templates and topics that it names and that there are not, hours in which it may send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.delivery import queries as delivery
from hudhud.journeys.acting import vouchers, webhooks
from hudhud.journeys.types import OnSubscribe, Problem
from hudhud.kit import sql
from hudhud.kit.localtime import Hours, clock_time

if TYPE_CHECKING:
    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope

DAY_MINUTES = 24 * 60
DRAFTS = sql.load("hudhud.journeys.editing", "drafts.sql")


def find_problems(ws: Scope, graph: Graph) -> list[Problem]:
    """Return which templates and topics are missing, and whose mails nobody would get, each with the step that names it."""
    templates = [(node_id, key) for node_id, node in graph.nodes.items() if node.kind == "send" for key in node.templates()]
    topics = [(node_id, node.topic) for node_id, node in graph.nodes.items() if node.kind in {"send", "topic"}]
    topics += [("", graph.trigger.topic)] if isinstance(graph.trigger, OnSubscribe) else []
    there = {row[0] for row in ws.rows(DRAFTS.find_templates, keys=sorted({key for _, key in templates}))}
    found = [
        Problem(node_id, "unknown_template", f"template: there is no template {key!r}", "write it, or name one that there is")
        for node_id, key in templates
        if key not in there
    ]
    found += webhooks.check_reach(ws, graph)
    found += vouchers.check_pools(ws, graph)
    found += _check_hours(ws, graph)
    there = {row[0] for row in ws.rows(DRAFTS.find_topics, keys=sorted({key for _, key in topics}))}
    return found + [
        Problem(node_id, "unknown_topic", f"topic: there is no topic {key!r}", "make it, or name one that there is")
        for node_id, key in topics
        if key not in there
    ]


def _check_hours(ws: Scope, graph: Graph) -> list[Problem]:
    """Return the steps whose marketing would never leave, as the journey sends in quiet hours only."""
    window, quiet = graph.send_window, delivery.get_quiet_hours(ws)
    if (
        window is None
        or window.since is None
        or quiet is None
        or not _minutes(window) <= _minutes(Hours(since=quiet["from"], until=quiet["to"]))
    ):
        return []
    streams = delivery.find_topics(ws)
    said = f"send_window: {window.since} to {window.until} lies in the quiet hours, {quiet['from']} to {quiet['to']}: nobody would get this mail"
    remedy = "open `send_window` at other times, or change the workspace's quiet hours"
    return [
        Problem(node_id, "always_quiet", said, remedy)
        for node_id, node in graph.nodes.items()
        if node.kind == "send" and streams.get(node.topic) == "marketing"
    ]


def _minutes(hours: Hours) -> set[int]:
    """Return in which minutes of a day something is open, whatever the weekday."""
    assert hours.since is not None
    assert hours.until is not None
    first, last = (at.hour * 60 + at.minute for at in (clock_time(hours.since), clock_time(hours.until)))
    return {minute % DAY_MINUTES for minute in range(first, last if last > first else last + DAY_MINUTES)}
