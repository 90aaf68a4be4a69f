"""Named queries: SQL lives in `queries.sql` beside the code that runs it.

A query is introduced by `-- name: find_people` and a comment line with its purpose. Parameters are named
(`%(limit)s`); `%(workspace_id)s` is bound by `Scope` itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One named SQL statement."""

    name: str
    text: str


class Queries:
    """The queries of one file, as attributes."""

    def __init__(self, queries: dict[str, Query]) -> None:
        """Hold queries by name."""
        self._queries = queries

    def __getattr__(self, name: str) -> Query:
        """Return the query called `name`; a typo fails with the names that exist."""
        try:
            return self._queries[name]
        except KeyError:
            message = f"no query {name!r}; there are: {', '.join(sorted(self._queries))}"
            raise AttributeError(message) from None

    def __iter__(self) -> Iterator[Query]:
        """Iterate over all queries (tests prove that each one prepares)."""
        return iter(self._queries.values())


def parse(text: str) -> Queries:
    """Split the text of a `queries.sql` into its named queries."""
    parts = _NAME.split(text)
    return Queries({name: Query(name, body.strip().rstrip(";")) for name, body in zip(parts[1::2], parts[2::2], strict=True)})


def numbers(values: Iterable[int]) -> str:
    """Write integers as PostgreSQL's array literal, for `%(ids)s::bigint[]`: thirty times quicker than a list through the driver."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[object]) -> str:
    """Write values as PostgreSQL's array literal, for `%(names)s::text[]` (or any type that can be read from text); None = null."""
    return "{" + ",".join(["NULL" if value is None else _quoted(str(value)) for value in values]) + "}"


def instants(values: Iterable[datetime]) -> str:
    """Write aware instants as PostgreSQL's array literal, for `%(ats)s::timestamptz[]`."""
    return "{" + ",".join([value.isoformat() for value in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def load(package: str, file: str = "queries.sql") -> Queries:
    """Read the queries of `package`, e.g. `load("hudhud.people")`."""
    return parse(resources.files(package).joinpath(file).read_text("utf-8"))
