"""Texts that have broken somebody's program before, and payloads of those who want to."""

from __future__ import annotations

# JSON as it goes over the wire: half a character and NUL have no other spelling.
REFUSED = [r"\ud800", r"a\udc00b", r"\u0000", r"a\u0000b"]
TEXTS = [
    "👩‍👩‍👧‍👦🏳️‍🌈", "\u202ecod.exe\u202c\u2066x\u2069\u200f", "e\u0301\u0327", "\u00e9", "\ufeff\u200b\u2028", "\ufdfa" * 50, "\x1b[31m\r\n\t", "\u202e" * 300,
    "'; SELECT pg_sleep(9); --", '" OR 1=1 OR sleep(9) #', "$$ || (SELECT secret_hash FROM api_key) || $$", "{x:UInt8} %(workspace_id)s %s {}", "\\' \\\\",
    "%_*.(a+)+$", "' UNION ALL SELECT password FROM auth_user --", "1e999", "-0", "9" * 40, "../../etc/passwd", "=cmd|' /C calc'!A0", "None", "",
]  # fmt: skip
LONG = "õ" * 2**20
