"""Routes of what becomes of mail: providers' doors, what was said about a message or an address, and from how many on something follows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.accounts.actions import record_audit
from hudhud.delivery.outcomes import brakes, doors, reports
from hudhud.delivery.outcomes.rules import OutcomeRules, get_rules, put_rules
from hudhud.kit.http import Request, needs

if TYPE_CHECKING:
    from hudhud.delivery.outcomes.types import Door

router = Router(tags=["outcomes"])


class NewReportDoor(Schema):
    """Which provider reports here."""

    kind: Annotated[str, Field(max_length=20)]


class ReportProof(Schema):
    """What a provider's bodies are checked with; leave out what stays. `topic`: the ARN of the SNS topic (SES)."""

    secret: Annotated[str, Field(max_length=1000)] | None = None
    topic: Annotated[str, Field(max_length=400)] | None = None


class OutcomeNumbers(Schema):
    """From how many on something follows."""

    soft_bounces: Annotated[int, Field(ge=1, le=100)]
    soft_days: Annotated[int, Field(ge=1, le=365)]
    brake_hours: Annotated[int, Field(ge=1, le=720)]
    brake_least: Annotated[int, Field(ge=1, le=1_000_000)]
    complaint_rate: Annotated[float, Field(gt=0, le=1)]
    bounce_rate: Annotated[float, Field(gt=0, le=1)]


def _shown(found: tuple[Door, str]) -> dict[str, Any]:
    door, path = found
    return {**asdict(door), "path": path, "is_signed": door.kind in doors.SIGNED}


@router.get("/report-doors")
@needs("admin")
def find_doors(request: Request) -> dict[str, Any]:
    """List the addresses at which providers report what became of mail, and what came last; `path` is on this host."""
    items = [_shown(one) for one in doors.find_doors(request.scope, request.keys)]
    return {"items": items, "next": None, "total": len(items)}


@router.post("/report-doors", response={201: dict[str, Any]})
@needs("admin")
def open_door(request: Request, new: NewReportDoor) -> Status[dict[str, Any]]:
    """Make an address for a provider: ses, postmark, mailgun, sendgrid, brevo, mailjet, sparkpost, resend or mailersend."""
    doors.open_door(request.scope, new.kind, request.now, request.actor)
    return Status(201, next(_shown(one) for one in doors.find_doors(request.scope, request.keys) if one[0].kind == new.kind))


@router.put("/report-doors/{kind}", response={204: None})
@needs("admin")
def prove_door(request: Request, kind: str, proof: ReportProof) -> Status[None]:
    """Say what a provider's bodies are checked with: its signing key, or its topic."""
    doors.prove(request.scope, request.keys, kind, secret=proof.secret, topic=proof.topic, now=request.now, actor=request.actor)
    return Status(204, None)


@router.post("/report-doors/{kind}/rotate", response={204: None})
@needs("admin")
def rotate_door(request: Request, kind: str) -> Status[None]:
    """Give a provider another address; the old one ends within a second."""
    doors.rotate(request.scope, kind, request.now, request.actor)
    return Status(204, None)


@router.delete("/report-doors/{kind}", response={204: None})
@needs("admin")
def close_door(request: Request, kind: str) -> Status[None]:
    """Take no more reports of a provider; what came stays."""
    doors.close_door(request.scope, kind, request.now, request.actor)
    return Status(204, None)


@router.get("/messages/{int:message_id}/reports")
def find_reports(request: Request, message_id: int) -> dict[str, Any]:
    """List what servers, providers and postmasters said about a message, what each was taken for by which rule, and what followed."""
    found = reports.find_reports(request.scope, message_id)
    return {"items": found, "next": None, "total": len(found)}


@router.get("/address-reports")
def find_address_reports(request: Request, address: Annotated[str, Field(max_length=320)], channel: str = "email") -> dict[str, Any]:
    """List what was said about mail to an address, newest first: why it is suppressed, or how near it is to that."""
    return reports.find_reports_of(request.scope, channel, address, request.now)


@router.get("/outcome-rules")
def find_outcome_rules(request: Request) -> dict[str, Any]:
    """Return from how many soft bounces on an address is left alone, and from which rates on marketing stands still."""
    return asdict(get_rules(request.scope, request.scope.workspace_id or 0))


@router.put("/outcome-rules", response={204: None})
@needs("admin")
def put_outcome_rules(request: Request, rules: OutcomeNumbers) -> Status[None]:
    """Set these numbers."""
    put_rules(request.scope, OutcomeRules(**rules.dict()))
    record_audit(request.scope, request.now, request.actor, "outcome_rules.set", **rules.dict())
    return Status(204, None)


@router.get("/sending-brakes")
def find_brakes(request: Request) -> dict[str, Any]:
    """List marketing that stands still because too many complained or bounced, with the numbers that said so, and what did before."""
    found = brakes.find_brakes(request.scope)
    return {"items": found, "next": None, "total": len(found)}


@router.post("/sending-brakes/{int:brake_id}/release")
@needs("admin")
def release_brake(request: Request, brake_id: int) -> dict[str, Any]:
    """Let it go on; complaints and bounces are counted anew from now on."""
    return {"messages": brakes.release(request.scope, brake_id, request.now, request.actor)}
