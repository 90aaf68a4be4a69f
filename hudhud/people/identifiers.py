"""Normal forms of identifiers and places: two spellings of one address are one identifier."""

from __future__ import annotations

import re
import unicodedata
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from hudhud.people.search import fold
from hudhud.people.types import BadIdentifier

# The common shape, decided without the validator (which takes 50 µs): its normal form is itself with the domain in small letters.
_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@((?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24})")
_PLAIN_LOCAL, _PLAIN_TOTAL, _LABEL = 64, 200, 63
_PHONE_NOISE = re.compile(r"[\s().\-/\u00a0]")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9_-]*)?")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_ZONES = frozenset(available_timezones())
_PLACE = 100
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(?:[.][0-9]{1,20})?")
_NORTH, _EAST = 90, 180


def normal_email(text: str) -> str:
    """Return the normal form (local part as written in NFC, domain in IDNA ASCII and small letters); raises `BadIdentifier`."""
    text = text.strip()
    plain = _PLAIN.fullmatch(text)
    # Of so few letters no part can have too many.
    if plain and (len(text) <= _LABEL or _is_short(text, *plain.groups())):
        return f"{plain[1]}@{plain[2].lower()}"
    try:
        # Names like shop.test are fine here: whether mail can reach them is not a question of identity.
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError as error:
        raise BadIdentifier(f"email: {text[:80]!r} is not an address ({error})") from None
    if found.ascii_domain is None or "." not in found.ascii_domain:
        raise BadIdentifier(f"email: {text[:80]!r} has no full domain name after the @")
    return f"{found.local_part}@{found.ascii_domain.lower()}"


def _is_short(text: str, local: str, domain: str) -> bool:
    return len(text) <= _PLAIN_TOTAL and len(local) <= _PLAIN_LOCAL and max(map(len, domain.split("."))) <= _LABEL


def normal_phone(text: str) -> str:
    """Return E.164 (`+37255512345`), whatever digits it is written in; raises `BadIdentifier` for anything without a country code."""
    plain = _PHONE_NOISE.sub("", unicodedata.normalize("NFKC", text))
    digits = "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in plain)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not _E164.fullmatch(digits):
        raise BadIdentifier(f"phone: {text[:40]!r} is not an international number; write it like +37255512345")
    return digits


NORMAL = {"email": normal_email, "phone": normal_phone}


def normal_language(value: object) -> str | None:
    """Return the primary subtag (`pt-BR` → `pt`), or None when it is no language tag."""
    found = _LANGUAGE.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1].lower() if found else None


def normal_country(value: object) -> str | None:
    """Return the ISO 3166 alpha-2 code, or None when it is none."""
    found = _COUNTRY.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[0].upper() if found else None


def normal_place(value: object) -> str | None:
    """Return the name of a region or city with single blanks, or None when it is none."""
    name = " ".join(value.split()) if isinstance(value, str) else ""
    return name if name.isprintable() and 0 < len(name) <= _PLACE else None


def normal_position(latitude: object, longitude: object) -> str | None:
    """Return `59.437,24.754` (degrees, to about a hundred metres: nobody's door), or None when it is no position; 0, 0 is how none is told."""
    if not all(isinstance(one, int | float | str) and _DEGREES.fullmatch(str(one)) for one in (latitude, longitude)):
        return None
    north, east = round(float(str(latitude)), 3) + 0.0, round(float(str(longitude)), 3) + 0.0
    if abs(north) > _NORTH or abs(east) > _EAST or north == east == 0:
        return None
    return f"{north:.3f},{east:.3f}"


def place_word(name: str) -> str:
    """Return the form in which names of places are compared: as in a search, small letters without accents."""
    return fold(name)


def normal_zone(value: object) -> str | None:
    """Return the IANA zone, or None when there is no such zone."""
    return value if isinstance(value, str) and value in _ZONES else None
