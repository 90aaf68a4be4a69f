"""The brand kit: colours, font, logo, footer and links that all mails of a workspace share; and a *look*, what a mail is dressed with when it is compiled."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import msgspec

from hudhud.kit.errors import InvalidInput

Hex = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-fA-F]{6}\Z")]
Word = Annotated[str, msgspec.Meta(max_length=500)]
Address = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s\"<>{}]{1,1990}\Z")]
FONTS = {
    "system": "-apple-system, 'Segoe UI', Vazirmatn, Tahoma, Roboto, Helvetica, Arial, sans-serif",
    "serif": "Georgia, 'Noto Naskh Arabic', 'Times New Roman', serif",
    "rounded": "Nunito, Vazirmatn, 'Trebuchet MS', Tahoma, sans-serif",
    "mono": "'SFMono-Regular', Consolas, 'Courier New', Vazirmatn, monospace",
}
# Raised when what is made of the same source and brand changes: templates are then compiled anew when they are published again.
LAYOUT = 2


class Colours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What things are coloured with, by what they are; `surface` is what text stands on, `panel` a card on it, `background` what is around."""

    text: Hex = "#2b2622"
    heading: Hex = "#241d17"
    muted: Hex = "#75695e"
    accent: Hex = "#b4531f"
    on_accent: Hex = "#ffffff"
    surface: Hex = "#ffffff"
    panel: Hex = "#faf7f3"
    background: Hex = "#f4f1ec"
    line: Hex = "#e6dfd6"

    def get(self, name: str) -> str:
        """Return a colour by its name, and `#rrggbb` as it is."""
        return name if name.startswith("#") else str(getattr(self, name))


DARK = Colours(
    text="#ece6df", heading="#f7f2ec", muted="#b8ada2", accent="#f0a273", on_accent="#241409",
    surface="#221e1a", panel="#2d2823", background="#161311", line="#463e36",
)  # fmt: skip


class Logo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture in the place of the workspace's name; `width` in pixels."""

    src: Address
    alt: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    width: Annotated[int, msgspec.Meta(ge=16, le=560)] = 160
    href: Annotated[str, msgspec.Meta(pattern=r"^(|https?://[^\s\"<>{}]{1,1990})\Z")] = ""


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where else one is found."""

    network: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    url: Address


class Brand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A brand kit. `dark` is used where a reader's screen is dark; `footer` stands over the postal address, by language."""

    colours: Colours = Colours()
    dark: Colours = DARK
    font: Literal["system", "serif", "rounded", "mono"] = "system"
    radius: Annotated[int, msgspec.Meta(ge=0, le=40)] = 8
    logo: Logo | None = None
    footer: dict[Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")], Word] = {}
    social: Annotated[list[Place], msgspec.Meta(max_length=12)] = []


class Look(msgspec.Struct, frozen=True):
    """What mails are dressed with: the brand, saved blocks by key and language, and the language that stands in for one that is missing."""

    brand: Brand = Brand()
    snippets: dict[str, dict[str, list[Any]]] = {}
    language: str = "en"

    def fingerprint(self) -> str:
        """Return what is different whenever mails would come out differently."""
        return hashlib.sha256(msgspec.json.encode((LAYOUT, self), order="deterministic")).hexdigest()[:16]


PLAIN = Look()


def read_brand(raw: Any) -> Brand:  # noqa: ANN401 -- any JSON
    """Return a typed brand kit; raises `InvalidInput` that names the place in it."""
    try:
        brand = msgspec.convert(raw, Brand)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        raise InvalidInput("brand" + where.rstrip("`"), raw, problem[:1].lower() + problem[1:]) from None
    words = [*brand.footer.values(), *(one.network for one in brand.social), brand.logo.alt if brand.logo else ""]
    if wrong := next((word for word in words if "{{" in word or "{%" in word), None):
        raise InvalidInput("brand", wrong, "write it without {{ and {%: it is the same for everybody")
    return brand
