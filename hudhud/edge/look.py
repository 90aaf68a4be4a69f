"""How the pages behind the links in a mail's footer look: the shop's colours, made readable where they would not be."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HEX = re.compile(r"#[0-9a-fA-F]{6}")
# WCAG 2.2, 1.4.3: what text needs against what is behind it.
READABLE = 4.5
INK, PAPER = "#241d17", "#ffffff"


@dataclass(frozen=True, slots=True)
class Look:
    """Colours as #rrggbb."""

    text: str = "#2b2622"
    muted: str = "#6b6056"
    accent: str = "#b4531f"
    on_accent: str = "#ffffff"
    surface: str = "#ffffff"
    background: str = "#f4f1ec"
    line: str = "#e6dfd6"


PLAIN = Look()
DARK = Look("#efe8df", "#b9ada0", "#f0a775", "#241d17", "#2b2521", "#1f1a16", "#463d35")
RULES = (
    "body{font:17px/1.6 system-ui,'Segoe UI',Vazirmatn,Tahoma,sans-serif;background:var(--background);color:var(--text);margin:0;padding:7vh 16px 10vh;overflow-wrap:anywhere}label span{min-inline-size:0}"
    ".brand{max-width:32rem;margin:0 auto 14px;font-weight:700;padding-inline:28px}main{max-width:32rem;margin:auto;background:var(--surface);border:1px solid var(--line);border-radius:16px;padding:28px;box-sizing:border-box}"
    "h1{font-size:1.45rem;line-height:1.3;margin:0 0 14px}h2{font-size:1.08rem;margin:0 0 6px}p{margin:0 0 14px}ul{margin:0 0 14px;padding-inline-start:1.3em}"
    "fieldset{border:0;padding:0;margin:0 0 20px}legend{font-weight:600;padding:0;margin-bottom:4px}label{display:flex;gap:10px;align-items:baseline;padding:7px 0;cursor:pointer}"
    "input{accent-color:var(--accent);inline-size:1.05em;block-size:1.05em;flex:none}"
    "button{font:inherit;font-weight:600;color:var(--on-accent);background:var(--accent);border:1px solid transparent;border-radius:9px;padding:11px 20px;cursor:pointer}"
    "button.quiet{color:var(--text);background:transparent;border-color:var(--line)}button.quiet:hover{border-color:var(--text)}.row{display:flex;flex-wrap:wrap;gap:10px}"
    ".apart{border-block-start:1px solid var(--line);padding-block-start:22px;margin-block-start:26px}.small{font-size:.9rem;color:var(--muted)}.said{font-weight:600}"
    "nav{border-block-start:1px solid var(--line);padding-block-start:18px;margin-block-start:26px}nav a{margin-inline-end:8px}"
    "a{color:var(--link)}button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid var(--text);outline-offset:2px}"
)


def look_of(colours: Mapping[str, Any] | None, plain: Look = PLAIN) -> Look:
    """Read the shop's colours; what it has none for, or is no colour, stays plain. What is written on them stays readable."""
    given = {one.name: (colours or {}).get(one.name) for one in fields(Look)}
    look = Look(
        **{name: value if isinstance(value, str) and HEX.fullmatch(value) else getattr(plain, name) for name, value in given.items()}
    )
    return Look(
        _on(look.text, look.surface, look.background),
        _on(look.muted, look.surface),
        look.accent,
        _on(look.on_accent, look.accent),
        look.surface,
        look.background,
        look.line,
    )


def looks_of(kit: Mapping[str, Any] | None) -> tuple[Look, Look]:
    """Read a brand kit (content/brand.py): the colours by day, and those where the reader's system is dark."""
    return look_of((kit or {}).get("colours")), look_of((kit or {}).get("dark"), DARK)


def _on(wanted: str, *behind: str) -> str:
    """Return the wanted colour where it can be read, else ink or paper, whichever can be read better."""
    if all(contrast(wanted, one) >= READABLE for one in behind):
        return wanted
    return max((INK, PAPER), key=lambda one: min(contrast(one, other) for other in behind))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2): 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 -- IEC 61966-2-1
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def style(looks: tuple[Look, Look]) -> str:
    """Return the style sheet: the first colours by day, the second ones where the reader's system is dark."""
    look, dark = looks
    return f":root{{color-scheme:light dark;{_variables(look)}}}@media(prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}{RULES}"


def _variables(look: Look) -> str:
    link = _on(look.accent, look.surface)
    given = {one.name.replace("_", "-"): getattr(look, one.name) for one in fields(Look)} | {"link": link}
    return "".join(f"--{name}:{value};" for name, value in given.items())
