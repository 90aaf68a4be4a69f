"""Routes of warehouses: where one is, what is read of it and when, its readings. A reading is an import of the same id: stop, bad rows, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ninja import Field, Router, Schema, Status

from hudhud.kit.config import settings
from hudhud.kit.http import apart, needs
from hudhud.transfer.types import Kind, Plan, Understanding
from hudhud.warehouses import actions, queries
from hudhud.warehouses.types import Access, Connection, Run, Schedule, Selection, Warehouse

if TYPE_CHECKING:
    from hudhud.kit.http import Request

router = Router(tags=["warehouses"])
Id = Annotated[int, Field(ge=1, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=200)]
Title = Annotated[str, Field(min_length=1, max_length=100)]
Password = Annotated[str, Field(max_length=1000)]


class NewWarehouse(Schema):
    """A PostgreSQL database; the password is never shown again."""

    name: Title
    kind: Kind
    connection: Connection
    password: Password


class NewConnection(Schema):
    """Where it is and who reads, the password with it."""

    connection: Connection
    password: Password


class NewName(Schema):
    """What to call it."""

    name: Title


class Looking(Schema):
    """What would be read."""

    selection: Selection


class NewPlan(Schema):
    """What is read and what its columns mean."""

    selection: Selection
    plan: Plan


class NewSchedule(Schema):
    """When it is read (null: only when somebody asks), and whether that rests."""

    schedule: Schedule | None
    is_paused: bool = False


class Begun(Schema):
    """Under which id it can be followed: GET /imports/ID."""

    id: int


class Warehouses(Schema):
    """All of them."""

    items: list[Warehouse]
    next: None = None
    total: int


class Runs(Schema):
    """A page of readings."""

    items: list[Run]
    next: int | None
    total: None = None


@router.get("/warehouses", response=Warehouses)
def find_warehouses(request: Request) -> dict[str, Any]:
    """List the databases that are read, the oldest first, each with its last reading."""
    found = queries.find_warehouses(request.scope)
    return {"items": found, "total": len(found)}


@router.post("/warehouses", response={201: Warehouse})
@needs("admin")
@apart
def create_warehouse(request: Request, new: NewWarehouse) -> Status[Warehouse]:
    """Keep a database once it can be reached; an error names the field that keeps us from it."""
    access = _access(new.connection, new.password)
    made = actions.create_warehouse(request.open, request.keys, new.name, new.kind, access, now=request.now, actor=request.actor)
    return Status(201, made)


def _access(connection: Connection, password: str) -> Access:
    return Access(connection, password, settings().private_networks)


@router.get("/warehouses/{warehouse_id}", response=Warehouse)
def get_warehouse(request: Request, warehouse_id: Id) -> Warehouse:
    """Return one."""
    return queries.get_warehouse(request.scope, warehouse_id)


@router.patch("/warehouses/{warehouse_id}", response=Warehouse)
@needs("admin")
def rename(request: Request, warehouse_id: Id, new: NewName) -> Warehouse:
    """Call it otherwise."""
    actions.rename(request.scope, warehouse_id, new.name, now=request.now, actor=request.actor)
    return queries.get_warehouse(request.scope, warehouse_id)


@router.put("/warehouses/{warehouse_id}/connection", response=Warehouse)
@needs("admin")
@apart
def set_connection(request: Request, warehouse_id: Id, new: NewConnection) -> Warehouse:
    """Go elsewhere, or as somebody else; the password is needed again."""
    access = _access(new.connection, new.password)
    actions.set_connection(request.open, request.keys, warehouse_id, access, now=request.now, actor=request.actor)
    with request.open() as ws:
        return queries.get_warehouse(ws, warehouse_id)


@router.post("/warehouses/{warehouse_id}/look", response=Understanding)
@needs("admin")
@apart
def look(request: Request, warehouse_id: Id, wanted: Looking) -> Understanding:
    """Read the first rows, and say what each column seems to mean. Nothing is kept."""
    return actions.look(request.open, request.keys, warehouse_id, wanted.selection, networks=settings().private_networks)


@router.put("/warehouses/{warehouse_id}/plan", response=Warehouse)
@needs("admin")
@apart
def set_plan(request: Request, warehouse_id: Id, new: NewPlan) -> Warehouse:
    """Say what is read and what its columns mean; another query or cursor is read from its beginning."""
    given = (warehouse_id, new.selection, new.plan)
    networks = settings().private_networks
    actions.set_plan(request.open, request.keys, *given, networks=networks, now=request.now, actor=request.actor)
    with request.open() as ws:
        return queries.get_warehouse(ws, warehouse_id)


@router.put("/warehouses/{warehouse_id}/schedule", response=Warehouse)
@needs("admin")
def set_schedule(request: Request, warehouse_id: Id, new: NewSchedule) -> Warehouse:
    """Say when it is read, by the workspace's clock, or let that rest."""
    actions.set_schedule(request.scope, warehouse_id, new.schedule, is_paused=new.is_paused, now=request.now, actor=request.actor)
    return queries.get_warehouse(request.scope, warehouse_id)


@router.post("/warehouses/{warehouse_id}/check", response={202: Begun})
def check(request: Request, warehouse_id: Id) -> Status[dict[str, int]]:
    """Count what the next reading would do; the figures stand in the import of this id when its state is `checked`."""
    return Status(202, {"id": actions.ask_check(request.scope, warehouse_id, now=request.now, actor=request.actor)})


@router.post("/warehouses/{warehouse_id}/run", response={202: Begun})
def run(request: Request, warehouse_id: Id) -> Status[dict[str, int]]:
    """Read it now, paused or not."""
    return Status(202, {"id": actions.ask_run(request.scope, warehouse_id, now=request.now, actor=request.actor)})


@router.post("/warehouses/{warehouse_id}/anew", response=Warehouse)
@needs("admin")
def begin_anew(request: Request, warehouse_id: Id) -> Warehouse:
    """Let the next reading take everything; events that are in stay one."""
    actions.begin_anew(request.scope, warehouse_id, now=request.now, actor=request.actor)
    return queries.get_warehouse(request.scope, warehouse_id)


@router.get("/warehouses/{warehouse_id}/runs", response=Runs)
def find_runs(request: Request, warehouse_id: Id, after: Id | None = None, limit: Limit = 50) -> dict[str, Any]:
    """List its readings and dry runs, newest first."""
    queries.get_warehouse(request.scope, warehouse_id)
    found = queries.find_runs(request.scope, warehouse_id, after=after, limit=limit)
    return {"items": found, "next": found[-1].id if len(found) == limit else None}


@router.delete("/warehouses/{warehouse_id}", response={204: None})
@needs("admin")
def delete_warehouse(request: Request, warehouse_id: Id) -> Status[None]:
    """Forget it and its password; what it brought stays."""
    actions.delete_warehouse(request.scope, warehouse_id, now=request.now, actor=request.actor)
    return Status(204, None)
