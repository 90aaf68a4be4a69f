"""Passwords: argon2id (RFC 9106), with a bound on how much memory hashing takes at once."""

from __future__ import annotations

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

from hudhud.kit.errors import InvalidInput

MIN_LENGTH = 8
# Two hashes at a time: 2 × 19 MiB, whatever the number of sign-ins. More would only wait for the processor.
_turns = threading.BoundedSemaphore(2)


class Argon2idHasher(Argon2PasswordHasher):
    """OWASP's second choice of parameters (19 MiB, two passes, one lane): as strong as 46 MiB in one pass."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash; waits for its turn."""
        with _turns:
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Compare in constant time; waits for its turn."""
        with _turns:
            return bool(super().verify(password, encoded))


def hash_password(password: str) -> str:
    """Return what is stored; raises `InvalidInput` for a password that is too short."""
    if len(password) < MIN_LENGTH:
        raise InvalidInput("password", "…", f"use at least {MIN_LENGTH} characters")
    hasher = Argon2idHasher()
    return hasher.encode(password, hasher.salt())
