"""Routes of what journeys show: lots and lift, tests and their winners, targets and how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.journeys.measuring import experiments, rounds
from hudhud.journeys.measuring.lift import find_draws
from hudhud.journeys.measuring.progress import find_all, find_progress
from hudhud.journeys.queries import get_version

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["journeys"])


class TestWinner(Schema):
    """The arm that whoever comes from now on shall go."""

    winner: Annotated[str, Field(min_length=1, max_length=100)]


@router.get("/journeys/{key}/lots")
def find_lots(request: Request, key: str) -> dict[str, Any]:
    """Return for each step that draws lots how many people went each way and reached the goal, and the lift over the held out, within 95 percent."""
    items = [draw.to_dict() for draw in find_draws(request.scope, key)]
    return {"items": items, "next": None, "total": len(items), "as_of": request.now.isoformat()}


@router.get("/journeys/{key}/tests")
def find_tests(request: Request, key: str) -> dict[str, Any]:
    """Return for each test what its arms have shown, within 95 percent, how many people it takes, and the winner with the figures that decided."""
    version, _ = get_version(request.scope, key)
    items = experiments.find_results(request.scope, request.clickhouse, version, request.now)
    return {"items": items, "next": None, "total": len(items), "as_of": request.now.isoformat()}


@router.post("/journeys/{key}/tests/{node}/winner", response={204: None})
def call_test(request: Request, key: str, node: str, said: TestWinner) -> Status[None]:
    """Declare a winner by hand: whoever comes from now on goes that way."""
    experiments.call(request.scope, request.clickhouse, key, node, said.winner, request.now, by=request.actor)
    return Status(204, None)


@router.post("/journeys/{key}/tests/{node}/anew")
def begin_test_anew(request: Request, key: str, node: str) -> dict[str, Any]:
    """Begin a test anew: other lots, and only those count who come from now on."""
    return {"number": rounds.begin_anew(request.scope, key, node, request.now, by=request.actor)}


@router.get("/journeys/{key}/target")
def get_target(request: Request, key: str) -> dict[str, Any]:
    """Return how far the journey's target is, what it takes and where it leads; `progress` null: it has none."""
    found = find_progress(request.scope, request.clickhouse, key, request.now)
    return {"progress": found and found.to_dict()}


@router.get("/targets")
def find_targets(request: Request) -> dict[str, Any]:
    """List the targets of all journeys in use with how far they are, the nearest date first."""
    items = find_all(request.scope, request.clickhouse, request.now)
    return {"items": items, "next": None, "total": len(items), "as_of": request.now.isoformat()}
