"""Who is busy and what is done often, by Zipf's law: people with a shift of a thousand, names without."""

from __future__ import annotations

NAMES = (
    "Page Viewed",
    "Product Viewed",
    "Product Added",
    "Cart Viewed",
    "Checkout Started",
    "Order Completed",
    *(f"Event {n}" for n in range(7, 50)),
)
SHIFT, APART = 1000, 7_368_787  # APART shares no divisor with the number of people


def draw_name(lot: float) -> int:
    """Return the place of a name for a lot between 0 and 1."""
    return int(len(NAMES) ** lot) - 1


def draw_place(lot: float, people: int) -> int:
    """Return the number of a person: who is busy has nothing to do with who came first."""
    place = min(int(SHIFT * (((people + SHIFT) / SHIFT) ** lot - 1)), people - 1)
    return place * APART % people
