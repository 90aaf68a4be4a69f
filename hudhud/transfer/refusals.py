"""What lists from elsewhere say about people who must not be written to: who unsubscribed, whose address bounced, who complained.

A cell that says nothing of the kind is empty, "no" or "subscribed"; one that we cannot read spoils its row, so that nobody's "no" is lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hudhud.kit.errors import HudhudError, InvalidInput
from hudhud.transfer import values

if TYPE_CHECKING:
    from hudhud.transfer.types import DateStyle, Why

_SPACES = re.compile(r"[\s_-]+")
_BRACKETS = str.maketrans("", "", "[](){}\"'")
_BETWEEN = re.compile("[,;|]")
_NOTHING = frozenset(
    [
        "",
        "0",
        "false",
        "no",
        "n",
        "none",
        "null",
        "never",
        "subscribed",
        "active",
        "never subscribed",
        "contactable",
        "ei",
        "nein",
        "nej",
        "non",
        "off",
        "n/a",
        "na",
        "nan",
        "not set",
        "undefined",
        "<null>",
        "نه",
        "خیر",
        "لا",
    ]
)
WHYS: dict[str, Why] = {
    **dict.fromkeys(["unsubscribed", "unsubscribe", "opt out", "opted out", "optout", "global unsubscribe"], "unsubscribed"),
    **dict.fromkeys(
        ["hard", "hard bounce", "hardbounce", "bounce", "bounced", "cleaned", "invalid", "invalid email", "undeliverable", "soft bounce"],
        "hard_bounce",
    ),
    **dict.fromkeys(["complaint", "complained", "spam", "spam complaint", "marked as spam", "abuse", "abuse complaint"], "complaint"),
    **dict.fromkeys(
        ["manual", "user suppressed", "suppressed", "blocked", "blocklisted", "blacklisted", "do not contact", "erased"], "manual"
    ),
}
# Headers (as `guess.normal_name` writes them) of tools that our users come from, and what they say.
FIELDS: dict[str, str] = {
    **dict.fromkeys(
        [
            "unsub_time",
            "unsubscribed",
            "unsubscribed_at",
            "unsubscribed_on",
            "unsubscribe_date",
            "unsubscribed_from_all_email",
            "hs_email_optout",
            "opt_out",
            "opted_out",
            "optout",
            "optout_date",
            "email_opt_out",
            "hasoptedoutofemail",
            "do_not_email",
            "tellimusest_loobunud",
            "لغو_اشتراک",
        ],
        "unsubscribed",
    ),
    **dict.fromkeys(
        ["clean_time", "cleaned", "bounced", "bounced_at", "hard_bounced", "hard_bounce", "email_hard_bounce_reason", "hs_email_hard_bounce_reason",
         "hs_email_hard_bounce_reason_enum", "invalid_email_address", "hs_email_bad_address"],
        "suppressed.hard_bounce",
    ),
    **dict.fromkeys(["complained", "complained_at", "spam_complaint", "marked_as_spam"], "suppressed.complaint"),
    **dict.fromkeys(
        ["email_suppressions", "suppressed", "suppression", "suppression_reason", "email_suppression_reason", "dnc", "dnc_reason", "do_not_contact",
         "email_address_quarantined", "hs_email_quarantined"],
        "suppressed",
    ),
}  # fmt: skip
# How a server says why an address bounced, and HubSpot's words for it. "Valid" in such a column must not silence a good list.
_ANSWER = re.compile(
    r"\b[245][0-9]{2}\b|\b[245]\.[0-9]+\.[0-9]+|mailbox|user|recipient|account|address|domain|host|dns|smtp|invalid|reject|refus|denied|block|"
    r"fail|unavailable|disabled|exist|full|quota|policy|content|temporary|other|timed? ?out|relay|reputation"
)
# One header for each kind of mail: who said no to one of them is taken at the word.
_OPTED_OUT = "opted_out_of_email"
# A file of nothing but them, by its name: unsubscribed_members_export_….csv, cleaned_….csv.
_NAMES: dict[str, Why] = {"unsubscribe": "unsubscribed", "optout": "unsubscribed", "opt_out": "unsubscribed", "cleaned": "hard_bounce", "bounce": "hard_bounce",
                          "complain": "complaint", "spam": "complaint", "suppress": "manual", "blacklist": "manual", "blocklist": "manual"}  # fmt: skip


def field_of(name: str) -> str:
    """Return which field a header means that speaks of refusals (its normal name); nothing for any other."""
    return "unsubscribed" if name.startswith(_OPTED_OUT) else FIELDS.get(name, "")


def why_of_file(name: str) -> Why | None:
    """Guess from a file's name why nobody in it is to be written to."""
    plain = name.lower().replace("-", "_")
    # cleaned_customers.csv is what somebody has tidied up.
    if plain.startswith("cleaned") and "export" not in plain and plain.rpartition(".")[0] != "cleaned":
        return None
    return next((why for word, why in _NAMES.items() if plain.startswith(word)), None)


def said_no(cell: str, style: DateStyle) -> str | None:
    """Read a cell that tells that somebody unsubscribed: since when (ISO 8601), or nothing known of that; None where it says no such thing."""
    word = _plain(cell)
    if _is_nothing(word):
        return None
    if word in WHYS or _is_yes(word):
        return ""
    found = _since(cell, style)
    if found is None:
        raise InvalidInput("unsubscribed", cell, "write yes, no or a date, or choose how dates are written")
    return found


def whys(cell: str, default: Why, style: DateStyle) -> tuple[set[Why], str]:
    """Read a cell that tells why an address must not be written to, and since when; `default` for one that only says that it is so."""
    if known := {WHYS[one] for one in map(_plain, _BETWEEN.split(cell)) if one in WHYS}:
        return known, ""
    word = _plain(cell)
    if _is_nothing(word):
        return set(), ""
    if _is_yes(word):
        return {default}, ""
    found = _since(cell, style)
    if found is None and not (default == "hard_bounce" and _ANSWER.search(word)):
        field = "suppressed" if default == "manual" else f"suppressed.{default}"
        raise InvalidInput(field, cell, "write unsubscribed, hard_bounce, complaint, manual, yes, no or a date")
    return {default}, found or ""


def _plain(cell: str) -> str:
    return _SPACES.sub(" ", cell.strip().lower().translate(_BRACKETS)).strip()


def _is_nothing(word: str) -> bool:
    return word in _NOTHING or not word.strip("0 :/.")


def _is_yes(word: str) -> bool:
    if word.removesuffix(".0").isdecimal():  # 1.0: a column of numbers with gaps, as pandas writes it
        return True
    try:
        return values.truth(word)
    except HudhudError:
        return False


def _since(cell: str, style: DateStyle) -> str | None:
    try:
        return values.instant(cell, style)
    except HudhudError:
        return None
