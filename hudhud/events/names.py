"""What we say ourselves, by kind. Nobody else may say it, whatever key they hold."""

from __future__ import annotations

RESERVED = frozenset(
    {
        *("Segment Entered", "Segment Left", "Lifecycle Stage Changed"),
        *("Journey Entered", "Journey Left", "Journey Called"),
        *("Message Sent", "Message Bounced", "Message Opened", "Message Clicked"),
        "Coupon Redeemed",
        *("Subscribed", "Unsubscribed", "Consent Changed"),
    }
)
