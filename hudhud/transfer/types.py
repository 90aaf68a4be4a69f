"""Files that come in and go out: how one is read, what its columns mean, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 -- api.py reads these at run time
from typing import Annotated, Literal

from pydantic import Field

from hudhud.kit.errors import Conflict, NotFound

Kind = Literal["people", "events", "consent", "suppressions"]
# Why somebody must not be written to, as lists from elsewhere tell it.
Why = Literal["unsubscribed", "hard_bounce", "complaint", "manual"]
Format = Literal["csv", "ndjson", "xlsx", "parquet"]
# How a value is read: auto decides value by value; own undoes what our own export did.
ValueType = Literal["auto", "text", "number", "truth", "date", "json", "own"]
DateStyle = Literal["iso", "dmy", "mdy"]
# Columns (by place) that a file with types of its own hands over as values instead of texts, and how a text in them would be read.
Typed = dict[int, ValueType]
# What becomes of a person's value where there is one: by the date in `newest_by` (newest), only with the row that makes the person (new_only).
Upsert = Literal["overwrite", "if_empty", "new_only", "append", "newest"]
State = Literal["draft", "checking", "checked", "running", "done", "cancelled", "failed", "weighing", "undoing", "undone"]

IMPORTED = "import:"
PIECE_BYTES = 2 * 1024 * 1024
MAX_FILE_BYTES = 20 * 1024**3
MAX_COLUMNS = 16_384  # of XLSX; others are held to the same


class ImportNotFound(NotFound):
    """There is no such import."""

    code = "import_not_found"


class ImportRunning(Conflict):
    """This file is being imported right now; wait for that to end."""

    code = "import_running"


class TooLate(Conflict):
    """An import can be taken back for 30 days; whom this one spoke of is no longer known."""

    code = "import_too_old"


class WrongState(Conflict):
    """That cannot be done with the import as it stands."""

    code = "import_state"


def source_of(import_id: int) -> str:
    """Return what stands as the source in all that comes by an import."""
    return f"{IMPORTED}{import_id}"


def import_of(source: str) -> int | None:
    """Return by which import something came."""
    number = source.removeprefix(IMPORTED)
    return int(number) if number is not source and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Reading:
    """How the bytes of a file are read."""

    format: Format = "csv"
    encoding: str = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    has_header: bool = True
    dates: DateStyle = "iso"
    decimal: Annotated[str, Field(pattern="^[.,]$")] = "."
    # +372: for numbers written without a country.
    phone_prefix: Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{0,3})?$")] = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column means: `field` as in `--map` (email, user_id, at, traits.NAME, topic.KEY, unsubscribed …), empty = left out."""

    name: str
    field: Annotated[str, Field(max_length=256)] = ""
    type: ValueType = "auto"
    upsert: Upsert = "overwrite"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides what becomes of each row."""

    reading: Reading
    columns: tuple[Column, ...] = ()
    event: Annotated[str, Field(max_length=256)] = ""  # the name of all events, when no column has it
    subscribe: tuple[str, ...] = ()  # topics that all of them agreed to
    consent_source: Annotated[str, Field(max_length=500)] = ""  # where and how they agreed: the proof
    refused: Why | Literal[""] = ""  # why nobody in this list is to be written to, where no column says so
    newest_by: Annotated[str, Field(max_length=256)] = ""  # the field (traits.NAME) with the date that `newest` goes by
    takes_erased: bool = False  # also rows about people who were erased here: they come back as somebody new


@dataclass(frozen=True, slots=True)
class Seen:
    """A column as it was found: examples, what it seems to mean, and why a guess may be wrong."""

    name: str
    samples: list[str]
    field: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Understanding:
    """What was understood of a file before anything is written."""

    reading: Reading
    product: str  # whose export it is: mailchimp, klaviyo, hubspot, mautic, hudhud, or empty
    columns: list[Seen]
    rows: list[list[str]]
    is_date_style_sure: bool
    refused: Why | Literal[""] = ""  # its name says that nobody in it is to be written to


@dataclass(slots=True)
class Checked:
    """What a run would do."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0
    kept_out: int = 0  # said to be subscribed, but they unsubscribed here: stays so
    refusing: int = 0  # rows that say that somebody unsubscribed
    suppressed: int = 0  # addresses that would come on the list of those never to be written to
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Undone:
    """What taking an import back does, or has done so far."""

    people_removed: int = 0  # whom it made, and nobody else has spoken of or written to since
    people_kept: int = 0  # whom it made, and others have
    values_back: int = 0  # attributes, places and addresses that are again what they were
    values_left: int = 0  # that others have changed since
    words_back: int = 0  # about consent, withdrawn
    words_left: int = 0  # about consent, after which somebody else said something
    events: int = 0
    suppressed: int = 0  # addresses off the list of those never to be written to, which this import alone put there


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way in, as lists and screens show it."""

    id: int
    kind: Kind
    name: str
    state: State
    size: int
    received: int
    read_bytes: int
    line: int
    accepted: int
    rejected: int
    rejects_gone: int  # of the rejected, those that are not kept to be downloaded: there were too many
    numbers: Checked | None
    plan: Plan | None
    undo: Undone | None
    problem: str
    created_by: str
    started_at: datetime
    finished_at: datetime | None
