"""A-17: what is uploaded as a picture is drawn anew, or refused."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from hudhud.kit.errors import InvalidInput
from hudhud.personas.picture import MOST_BYTES, SIDE, to_picture

SCRIPT = b"<script>alert(1)</script>"


def drawn(kind: str, size: tuple[int, int] = (300, 200), mode: str = "RGB", **how: object) -> bytes:
    file = BytesIO()
    Image.new(mode, size, 100).save(file, kind, **how)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def flood() -> bytes:
    """A small PNG that says it is 50,000 × 50,000."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("JPEG", "CMYK"), ("JPEG", "L"), ("WEBP", "RGB")]
)
def test_pictures_become_square_webp(kind: str, mode: str) -> None:
    with Image.open(BytesIO(to_picture(drawn(kind, mode=mode)))) as found:
        assert (found.format, found.size) == ("WEBP", (SIDE, SIDE))


def test_nothing_but_the_picture_survives() -> None:
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()
    exif[0x0112] = 6  # lies on its side
    lying = Image.new("RGB", (200, 100))
    lying.paste((255, 0, 0), (0, 0, 100, 100))
    file = BytesIO()
    lying.save(file, "JPEG", exif=exif, quality=95)
    found = to_picture(file.getvalue() + SCRIPT + b"PK\x03\x04 a second format at the end")
    assert SCRIPT not in found
    assert b"PK" not in found
    with Image.open(BytesIO(found)) as image:
        assert not image.getexif()
        above, below = image.convert("RGB").getpixel((SIDE // 2, 20)), image.convert("RGB").getpixel((SIDE // 2, SIDE - 20))
    assert (above[0] > 200, below[0] < 60) == (True, True)  # type: ignore[index]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", id="svg"),
        pytest.param(b"<html>" + SCRIPT, id="page"),
        pytest.param(drawn("GIF"), id="gif"),
        pytest.param(drawn("TIFF"), id="tiff"),
        pytest.param(drawn("PNG")[:60], id="cut-off"),
        pytest.param(drawn("JPEG")[:200], id="cut-off-jpeg"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + SCRIPT, id="only-looks-so"),
        pytest.param(flood(), id="pixel-flood"),
        pytest.param(drawn("PNG", (6_000, 6_000), "1"), id="too-many-pixels"),
        pytest.param(drawn("PNG") + b"\0" * MOST_BYTES, id="too-long"),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        to_picture(data)
    assert refused.value.data["field"] == "data"
