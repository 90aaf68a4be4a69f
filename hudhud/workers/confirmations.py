"""The confirmations role: who asked for a topic that confirms gets a mail with the link. Any number of these may run.

The mail says the names of the topics, which are the shop's words, and nothing that whoever asked may have written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.consent import confirming, queries
from hudhud.consent.types import CONFIRM_TEMPLATE, CONFIRM_TOKEN
from hudhud.delivery.actions import plan
from hudhud.delivery.types import PlannedMessage

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.consent.types import ToConfirm
    from hudhud.kit.db import Scope
    from hudhud.workers.context import Context

EVERY_S = 1.0
PAGE = 200


def run(context: Context) -> None:
    """Work until told to stop."""
    while not context.stop.is_set():
        if work_once(context) < PAGE:
            context.wait("confirmations", EVERY_S)
        context.beat()


def work_once(context: Context) -> int:
    """Plan the mails of a page of people, in one transaction; return how many people were looked at."""
    now = context.clock.now()
    with context.db.everywhere() as everywhere:
        found = confirming.find_to_confirm(everywhere, now, PAGE)
        for one in found:
            with everywhere.within(one.workspace_id) as ws:
                context.count("confirmations", "mails", _write_to(context, ws, one, now))
    return len(found)


def _write_to(context: Context, ws: Scope, one: ToConfirm, now: datetime) -> int:
    topic, mail = queries.find_service_topic(ws), confirming.add_mail(ws, one, now)
    if topic is None or mail is None:
        return 0
    token = context.keys.sign("confirm", CONFIRM_TOKEN.pack(one.workspace_id, mail.id))
    names = [names.get(one.language) or names.get("en") or next(iter(names.values())) for names in mail.names]
    event = {"topics": names, "confirm_url": f"{context.settings.base_url}/u/{token}/confirm"}
    return len(plan(ws, [PlannedMessage("confirm", mail.id, "confirm", one.person_id, topic, CONFIRM_TEMPLATE, event=event)], now))
