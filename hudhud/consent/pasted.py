"""Addresses that somebody has pasted: one a line, or a CSV whose rows hold one."""

from __future__ import annotations

import csv
import io

from hudhud.people.identifiers import normal_email
from hudhud.people.types import BadIdentifier

SEPARATORS = ",;\t"


def read_addresses(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the addresses in their normal form, each once, and the lines (from 1) that have none. A first line without one is a header."""
    found: dict[str, None] = {}
    refused: list[tuple[int, str]] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip():
            continue
        address = _first_address(line)
        if address is not None:
            found[address] = None
        elif number > 1 or "@" in line:
            refused.append((number, line.strip()[:200]))
    return list(found), refused


def _first_address(line: str) -> str | None:
    separator = next((one for one in SEPARATORS if one in line), ",")
    cells = next(csv.reader(io.StringIO(line), delimiter=separator), [])
    for cell in cells:
        if "@" in cell:
            try:
                # As mail programs copy it: Ann <ann@example.com>
                return normal_email(cell.rpartition("<")[2].rstrip("> ").strip())
            except BadIdentifier:
                continue
    return None
