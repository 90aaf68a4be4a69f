"""From an address to a place, by a country or city file in MaxMind's format that the operator brings. The address itself is not kept."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import maxminddb
import msgspec
import structlog

LOOK_AGAIN_S = 60.0
CODE = re.compile("[A-Z]{2}")

log = structlog.get_logger()


class _Context(msgspec.Struct):
    ip: Any = None


_decoder = msgspec.json.Decoder(_Context)


def ip_in(context: msgspec.Raw) -> str:
    """Return the address that a server tells of its visitor (`context.ip`), or an empty text."""
    if b'"ip"' not in bytes(context):
        return ""
    try:
        found = _decoder.decode(context).ip
    except (msgspec.DecodeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


class Places:
    """The file, read anew when it changes; without one nobody is anywhere."""

    def __init__(self, path: str) -> None:
        """Name the file; it is read when it is first needed."""
        self.path = Path(path) if path else None
        self._reader: maxminddb.Reader | None = None
        self._changed_at = 0.0
        self._looked_at = -LOOK_AGAIN_S

    def find(self, address: str) -> dict[str, str]:
        """Return where an address is: `country` (ISO 3166), and from a city file `region`, `city` and `position`; {} when it is unknown or none."""
        if self.path is None or not address:
            return {}
        self._look_after(self.path)
        if self._reader is None:
            return {}
        try:
            found: Any = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return {}
        return _read(found) if isinstance(found, dict) else {}

    def _look_after(self, path: Path) -> None:
        if time.monotonic() - self._looked_at < LOOK_AGAIN_S:
            return
        self._looked_at = time.monotonic()
        try:
            changed_at = path.stat().st_mtime
            if changed_at != self._changed_at:
                self._reader = maxminddb.open_database(path, maxminddb.MODE_MEMORY)
                self._changed_at = changed_at
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            log.warning("places not read", file=str(path), error=str(error))


def _read(found: dict[str, Any]) -> dict[str, str]:
    codes = ((found.get(kind) or {}).get("iso_code") for kind in ("country", "registered_country"))
    country = next((code for code in codes if isinstance(code, str) and CODE.fullmatch(code)), None)
    if country is None:
        return {}
    place = {"country": country}
    if city := _name(found.get("city")):
        place["city"] = city
        if region := _name(next(iter(found.get("subdivisions") or ()), None)):
            place["region"] = region
        where = found.get("location") or {}
        north, east = where.get("latitude"), where.get("longitude")
        # Without a city it is the middle of a country, where nobody lives.
        if isinstance(north, float) and isinstance(east, float):
            place["position"] = f"{north:.3f},{east:.3f}"
    return place


def _name(entry: dict[str, Any] | None) -> str:
    """Return the English name of a part: the one that every file has."""
    return str(((entry or {}).get("names") or {}).get("en", ""))
