"""Writes about people's clocks: learn at which hours they are there."""

from __future__ import annotations

from hudhud.clocks.learning import learn as learn
