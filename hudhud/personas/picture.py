"""Pictures that people upload: read with care, and drawn anew (promises.md A-17).

What is kept is a WebP of our own, square and small. Of the file that came nothing survives: no metadata, no second format hidden
behind the first. SVG is no picture here: it is a program. What an image needs in memory is told by its head, before it is unpacked.
"""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image, ImageOps

from hudhud.kit.errors import InvalidInput

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 25_000_000
SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP")


def to_picture(data: bytes) -> bytes:
    """Return the picture as a square WebP without metadata; raises `InvalidInput` for anything else, and for what is too large."""
    if len(data) > MOST_BYTES:
        raise InvalidInput("data", f"{len(data)} bytes", f"use a picture of at most {MOST_BYTES // 1024 // 1024} MB")
    drawn = BytesIO()
    ImageOps.fit(_read(data), (SIDE, SIDE)).save(drawn, "WEBP", quality=85, exif=b"", icc_profile=b"")
    return drawn.getvalue()


def _read(data: bytes) -> Image.Image:
    """Return the picture upright, and not much larger than it will be."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(data), formats=FORMATS) as image:
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; we refuse them
            _check_pixels(*image.size)
            image.thumbnail((SIDE * 2, SIDE * 2))
            return ImageOps.exif_transpose(image).convert("RGBA")
    except InvalidInput:
        raise
    except Exception as error:  # decoders fail in many ways, all of which mean: not a picture
        raise InvalidInput("data", data[:16], "use a PNG, JPEG or WebP picture: this one cannot be read") from error


def _check_pixels(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise InvalidInput("data", f"{width} × {height}", f"use a picture of at most {MOST_PIXELS // 1_000_000} million pixels")
