"""A photo is kept as its points alone: whatever a camera or anybody else put beside them is gone."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image

from twin.errors import Refused
from twin.photos import LONGEST_PX, MOST_BYTES, draw

GPS = 0x8825


def camera(side: tuple[int, int] = (640, 480), kind: str = "JPEG", orientation: int = 1) -> bytes:
    """A picture with a red left half, and beside it what a camera writes: place, owner, orientation."""
    picture = Image.new("RGB", side, "white")
    picture.paste((220, 20, 20), (0, 0, side[0] // 2, side[1]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "SOMEBODY BY NAME"
    exif.get_ifd(GPS)[2] = (43.0, 44.0, 12.0)
    out = io.BytesIO()
    picture.save(out, kind, exif=exif, icc_profile=b"PROFILE" * 30)
    return out.getvalue() + b"<script>alert(1)</script>SECRET TAIL"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_place_owner_profile_and_tail_are_gone_and_the_points_are_there(kind: str) -> None:
    sent = camera(kind=kind)
    assert b"SOMEBODY BY NAME" in sent
    photo = draw(sent)
    assert photo.hash == hashlib.sha256(photo.content).hexdigest()
    for hidden in (b"SOMEBODY", b"PROFILE", b"script", b"SECRET", b"Exif", b"ICC"):
        assert hidden not in photo.content
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert (kept.format, kept.size, dict(kept.getexif()), kept.info.get("icc_profile")) == (
            "JPEG",
            (640, 480),
            {},
            None,
        )
        assert [round(x, -1) for x in kept.getpixel((40, 40))] == [220, 20, 20]  # type: ignore[union-attr]
    assert draw(sent).hash == photo.hash


def test_a_photo_taken_sideways_is_kept_upright_and_no_larger_than_needed() -> None:
    photo = draw(camera((4000, 3000), orientation=6))
    assert (photo.width, photo.height) == (LONGEST_PX * 3 // 4, LONGEST_PX)
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert kept.getpixel((photo.width // 2, 40))[1] < 60  # type: ignore[index]  # red is on top now
        assert kept.getpixel((photo.width // 2, photo.height - 40))[1] > 200  # type: ignore[index]


def test_what_is_clear_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(draw(out.getvalue()).content)) as kept:
        assert kept.getpixel((10, 10)) == (255, 255, 255)


def bomb() -> bytes:
    """A PNG of some hundred bytes that says it is 60,000 by 60,000 points."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "cannot be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "cannot be read"),
        (b"GIF89a" + b"\0" * 40, "cannot be read"),
        (camera()[:900], "cannot be read"),
        (bomb(), "million points|cannot be read"),
        (b"\xff" * (MOST_BYTES + 1), "larger than 15 MiB"),
    ],
)
def test_what_is_no_photo_is_refused(sent: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        draw(sent)
