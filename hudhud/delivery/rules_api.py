"""Routes of the rules for sending: caps, quiet hours, and what they would have held back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.accounts.actions import record_audit
from hudhud.delivery import actions, queries
from hudhud.delivery.caps import Cap, Unit
from hudhud.delivery.effect import measure
from hudhud.kit.http import Request, needs

router = Router(tags=["messages"])
DayTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
MOST_CAPS = 20


class SendingCap(Schema):
    """At most `most` marketing messages to one person in any `amount` of `unit`, on one channel and topic or (null) on all together."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    most: Annotated[int, Field(ge=1, le=1000)]
    amount: Annotated[int, Field(ge=1, le=1000)]
    unit: Unit
    channel: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    topic: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    def to_cap(self, cap_id: int) -> Cap:
        """Return it as the word of this module."""
        return Cap(cap_id, self.name, self.most, self.amount, self.unit, self.channel, self.topic)


class QuietHours(Schema):
    """No marketing leaves from the one time until the other, where the person lives; past midnight where the second is earlier."""

    since: Annotated[DayTime, Field(alias="from")]
    until: Annotated[DayTime, Field(alias="to")]


class SendingRules(Schema):
    """Rules to try on what was sent."""

    caps: list[SendingCap] = Field(default_factory=list, max_length=MOST_CAPS)
    quiet_hours: QuietHours | None = None


@router.get("/sending-rules")
def find_rules(request: Request) -> dict[str, Any]:
    """Return caps and quiet hours, and what they would have held back of the last 30 days' messages."""
    caps, quiet = queries.find_caps(request.scope), queries.get_quiet_hours(request.scope)
    times = (quiet["from"], quiet["to"]) if quiet else None
    return {"caps": [asdict(cap) for cap in caps], "quiet_hours": quiet, "effect": measure(request.scope, caps, times, request.now)}


@router.post("/sending-rules/effect")
def measure_rules(request: Request, rules: SendingRules) -> dict[str, Any]:
    """Say what rules would have held back of the last 30 days' messages; `held` is by their places, from 0."""
    quiet = (rules.quiet_hours.since, rules.quiet_hours.until) if rules.quiet_hours else None
    return measure(request.scope, [cap.to_cap(place) for place, cap in enumerate(rules.caps)], quiet, request.now)


@router.post("/sending-rules/caps", response={201: dict[str, Any]})
@needs("admin")
def add_cap(request: Request, cap: SendingCap) -> Status[dict[str, Any]]:
    """Add a cap; what people got before counts."""
    cap_id = actions.add_cap(request.scope, cap.to_cap(0), request.now)
    record_audit(request.scope, request.now, request.actor, "cap.add", f"cap:{cap_id}", **cap.dict())
    return Status(201, {"id": cap_id})


@router.put("/sending-rules/caps/{int:cap_id}", response={204: None})
@needs("admin")
def change_cap(request: Request, cap_id: int, cap: SendingCap) -> Status[None]:
    """Change a cap; who waits for it looks again."""
    actions.change_cap(request.scope, cap.to_cap(cap_id), request.now)
    record_audit(request.scope, request.now, request.actor, "cap.change", f"cap:{cap_id}", **cap.dict())
    return Status(204, None)


@router.delete("/sending-rules/caps/{int:cap_id}", response={204: None})
@needs("admin")
def drop_cap(request: Request, cap_id: int) -> Status[None]:
    """Lift a cap; who waits for it looks again."""
    actions.drop_cap(request.scope, cap_id, request.now)
    record_audit(request.scope, request.now, request.actor, "cap.drop", f"cap:{cap_id}")
    return Status(204, None)


@router.put("/sending-rules/quiet-hours", response={204: None})
@needs("admin")
def put_quiet_hours(request: Request, hours: QuietHours) -> Status[None]:
    """Set the hours in which no marketing leaves, where each person lives."""
    actions.put_quiet_hours(request.scope, hours.since, hours.until, request.now)
    record_audit(request.scope, request.now, request.actor, "quiet_hours.set", begins=hours.since, ends=hours.until)
    return Status(204, None)


@router.delete("/sending-rules/quiet-hours", response={204: None})
@needs("admin")
def drop_quiet_hours(request: Request) -> Status[None]:
    """Have no quiet hours."""
    actions.drop_quiet_hours(request.scope, request.now)
    record_audit(request.scope, request.now, request.actor, "quiet_hours.drop")
    return Status(204, None)
