"""What a sound graph still lacks in its workspace: templates and topics that it names and that there are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.journeys import vouchers, webhooks
from hudhud.journeys.types import OnSubscribe, Problem
from hudhud.kit import sql

if TYPE_CHECKING:
    from hudhud.journeys.graph import Graph
    from hudhud.kit.db import Scope

DRAFTS = sql.load("hudhud.journeys", "drafts.sql")


def find_problems(ws: Scope, graph: Graph) -> list[Problem]:
    """Return which templates and topics are missing, each with the step that names it."""
    templates = [(node_id, node.template) for node_id, node in graph.nodes.items() if node.kind == "send"]
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
    there = {row[0] for row in ws.rows(DRAFTS.find_topics, keys=sorted({key for _, key in topics}))}
    return found + [
        Problem(node_id, "unknown_topic", f"topic: there is no topic {key!r}", "make it, or name one that there is")
        for node_id, key in topics
        if key not in there
    ]
