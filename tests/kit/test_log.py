"""Addresses are masked in logs."""

from hudhud.kit.log import mask_addresses


def test_addresses_are_masked_above_debug() -> None:
    event = {"event": "sent to sara.k@example.org", "n": 3}
    assert mask_addresses(None, "info", dict(event)) == {"event": "sent to s…@e…", "n": 3}
    assert mask_addresses(None, "debug", dict(event)) == event
