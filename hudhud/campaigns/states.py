"""Where a campaign stands: computed from what was decided and from its rows, never declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.campaigns.types import State, Status

if TYPE_CHECKING:
    from collections.abc import Mapping


def state_of(row: Mapping[str, Any], figures: Mapping[str, Any] | None) -> State:
    """Return where it stands. `row`: status, undecided_at, and `is_writing` (rows are being made); `figures`: what its rows came to (numbers.py)."""
    status = Status(row["status"])
    if status is not Status.RUNNING:
        return State(status.value)
    if row["is_writing"]:
        return State.MATERIALISING
    if row["undecided_at"] is not None:
        return State.UNDECIDED
    if figures is None or figures["pending"]:
        return State.SENDING
    return State.DONE if figures["is_done"] else State.TESTING
