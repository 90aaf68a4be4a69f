"""Lots: by chance, yet always the same for the same person and salt; live, in a rehearsal and in ten years.

A lot is BLAKE2b("salt:person") (RFC 7693), 64 bits of it, spread over 0 to 9,999: hundredths of a percent, each equally likely to one in 10^15.
"""

from __future__ import annotations

from hashlib import blake2b

LOTS = 10_000
HUNDREDTHS = 100  # of a percent
Percent = int | float


def draw(salt: str, person_id: int) -> int:
    """Return a person's lot: 0 to 9,999."""
    digest = blake2b(f"{salt}:{person_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) * LOTS) >> 64


def count_lots(percent: Percent) -> int:
    """Return how many lots a share has; raises `ValueError` for one that is not more than 0, at most 100, in hundredths."""
    lots = percent * HUNDREDTHS
    if not 0 < lots <= LOTS or abs(lots - round(lots)) > 1e-6:  # noqa: PLR2004 -- 0.07 * 100 is not quite 7
        message = f"percent {percent}: use more than 0 and at most 100, with two decimals at most"
        raise ValueError(message)
    return round(lots)
