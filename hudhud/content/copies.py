"""What is given as a template's languages, into copies; and what a copy names outside of itself."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.content.types import SOURCES, Copy
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEY = re.compile(r"[a-z0-9_]{1,64}")
# Words that stand in the place of a key in addresses of the API.
TAKEN = frozenset({"ready", "preview", "check", "links"})
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
TEXTS = frozenset({"subject", "preheader", "mjml", "html", "text"})
FIELDS = TEXTS | {"mode", "document", "inline_css"}
LONGEST_NAME, MOST_NAMES, MOST_LANGUAGES = 200, 50, 50


def check_key(key: str) -> str:
    """Return the key of a template if it can be one; raises `InvalidInput`."""
    if not KEY.fullmatch(key) or key in TAKEN:
        raise InvalidInput("key", key, f"use up to 64 letters a-z, digits and _; not {', '.join(sorted(TAKEN))}")
    return key


def check_names(names: Mapping[str, str]) -> None:
    """Raise `InvalidInput` unless there is a name, by language."""
    if (
        not names
        or len(names) > MOST_NAMES
        or not all(isinstance(name, str) and 0 < len(name.strip()) <= LONGEST_NAME for name in names.values())
    ):
        raise InvalidInput("names", names, f'give at least one name of up to {LONGEST_NAME} characters, e.g. {{"en": "Welcome"}}')
    if wrong := next((language for language in names if not LANGUAGE.fullmatch(language)), None):
        raise InvalidInput("names", wrong, "use language codes such as en or fa")
    write(names, "names")


def read_copies(languages: Mapping[str, Mapping[str, Any]]) -> dict[str, Copy]:
    """Return copies by language; raises `InvalidInput` for what has not the shape of one."""
    if not languages or len(languages) > MOST_LANGUAGES:
        raise InvalidInput("languages", len(languages), 'give at least one, e.g. {"en": {"subject": …, "mjml": …}}')
    for language in languages:
        if not LANGUAGE.fullmatch(language):
            raise InvalidInput("languages", language, "use a language code such as en or fa")
    return {language: read_copy(copy, f"languages.{language}") for language, copy in languages.items()}


def read_copy(raw: Mapping[str, Any], place: str) -> Copy:
    """Return one copy; raises `InvalidInput` for what has not the shape of one, e.g. a source that its mode does not have."""
    if not isinstance(raw, dict):
        raise InvalidInput(place, raw, 'give an object, e.g. {"subject": …, "mjml": …}')
    if unknown := set(raw) - FIELDS:
        raise InvalidInput(place, min(unknown), f"known parts are {', '.join(sorted(FIELDS))}")
    write(raw, place)
    mode = raw.get("mode", "mjml")
    if not isinstance(mode, str) or mode not in SOURCES:
        raise InvalidInput(f"{place}.mode", mode, f"use one of {', '.join(SOURCES)}")
    for name in sorted(TEXTS & set(raw)):
        if not isinstance(raw[name], str):
            raise InvalidInput(f"{place}.{name}", raw[name], "give a text")
    _check_source(raw, mode, place)
    return Copy(**raw)


def _check_source(raw: Mapping[str, Any], mode: str, place: str) -> None:
    if missing := {"subject", SOURCES[mode]} - set(raw):
        raise InvalidInput(place, min(missing), f"it is missing; with mode {mode} give subject and {SOURCES[mode]}")
    if other := next((name for key, name in SOURCES.items() if key != mode and raw.get(name)), None):
        raise InvalidInput(f"{place}.{other}", raw[other], f"with mode {mode} give {SOURCES[mode]} alone")
    if mode == "blocks" and not isinstance(raw["document"], dict):
        raise InvalidInput(f"{place}.document", raw["document"], "give a block document")
    check_numbers(raw.get("document"), f"{place}.document")
    if not isinstance(raw.get("inline_css", False), bool) or (raw.get("inline_css") and mode != "html"):
        raise InvalidInput(f"{place}.inline_css", raw["inline_css"], "give true or false, with mode html only")


def write(value: object, place: str) -> str:
    """Return a value as JSON that the database can keep; raises `InvalidInput` for zero characters and halves of characters."""
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in text or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput(place, "a text", "leave out zero characters and halves of characters")
    return text


def check_numbers(source: object, place: str) -> None:
    """Raise `InvalidInput` for whole numbers of more than 64 bits: the way to the render process knows none."""
    try:
        msgspec.msgpack.encode(source)
    except OverflowError:
        raise InvalidInput(place, "a number", "use whole numbers of up to 18 digits") from None


def snippets_in(copies: Iterable[Copy]) -> list[str]:
    """Return the keys of the snippets that copies name."""
    return sorted({key for copy in copies if copy.document for key in snippets_of(copy.document)})


def snippets_of(document: Mapping[str, Any]) -> set[str]:
    """Return the keys of the snippets that a document names, sound or not."""
    blocks = document.get("blocks")
    found = (
        [block.get("key") for block in blocks if isinstance(block, dict) and block.get("type") == "snippet"]
        if isinstance(blocks, list)
        else []
    )
    return {key for key in found if isinstance(key, str)}
