"""A customer's database that is read on a schedule: where it is, what is read, when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time  # noqa: TC003 -- read at run time by the schemas
from typing import Annotated, Literal

from pydantic import Field

from hudhud.kit.errors import Conflict, NotFound
from hudhud.transfer.types import Kind, Plan, State  # noqa: TC001 -- read at run time by the schemas

# off: in the clear. require: encrypted, to whoever answers. verify: encrypted, and the certificate names the host.
Tls = Literal["off", "require", "verify"]
MOST_WAREHOUSES = 50
MOST_ROWS = 1_000_000
# Each row that may be read again is remembered by so many bytes, for so many rows at most; others are known by their messages.
DIGEST_BYTES, MOST_DIGESTS = 12, 20_000


class WarehouseNotFound(NotFound):
    """There is no such warehouse."""

    code = "warehouse_not_found"


class NothingToRead(Conflict):
    """Say first what is read and what its columns mean."""

    code = "warehouse_without_plan"


class AlreadyReading(Conflict):
    """It is being read right now; wait for that to end, or stop it."""

    code = "warehouse_running"


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a database is and who reads it; the password is kept apart."""

    # No path of a socket: that would lead into our own machine.
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")]
    database: Annotated[str, Field(min_length=1, max_length=63)]
    user: Annotated[str, Field(min_length=1, max_length=63)]
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    tls: Tls = "require"


@dataclass(frozen=True, slots=True)
class Access:
    """How a database is reached: with the password, and the private networks that the operator allows."""

    connection: Connection
    password: str = field(repr=False)
    networks: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What is read: a SELECT, or a table's name; the column that grows with every change (none: everything, every time); limits."""

    query: Annotated[str, Field(min_length=1, max_length=20_000)]
    cursor: Annotated[str, Field(max_length=63)] = ""
    # So far behind the last place it is looked again for what was written late: seconds of a time, or numbers.
    overlap: Annotated[int, Field(ge=0, le=604_800)] = 600
    most_rows: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 200_000  # of one reading
    longest_s: Annotated[int, Field(ge=1, le=3600)] = 300  # of the database's own work


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it is read: every so many minutes or hours, or each day at a time of the workspace's clock."""

    every: Literal["minutes", "hours", "day"]
    amount: Annotated[int, Field(ge=1, le=1440)] = 1
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One reading, as lists show it; the rest of it is an import of the same id."""

    id: int
    state: State
    accepted: int
    rejected: int
    problem: str
    created_by: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A database that is read; its password is not in it."""

    id: int
    name: str
    kind: Kind
    connection: Connection
    selection: Selection | None
    plan: Plan | None
    schedule: Schedule | None
    is_paused: bool
    place: str | None
    next_at: datetime | None
    created_at: datetime
    last: Run | None
