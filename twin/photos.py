"""Photos of elements: drawn anew from their points, so that nothing else that was in the file is kept.

A camera writes place, time, owner and a small preview beside the picture, and a file may carry a script behind it. The
picture is therefore decoded, turned upright, made no larger than LONGEST_PX and written anew as JPEG without any of that.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

import sqlalchemy as sa
from PIL import Image, ImageOps, UnidentifiedImageError

from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["MOST_BYTES", "Photo", "content", "draw", "put", "remove"]

MOST_BYTES = 15 * 2**20  # of a file as a telephone makes it
MOST_POINTS = 60_000_000  # of a picture before it is made smaller; more is no photo but a bomb
LONGEST_PX = 1_920  # of the longer side as it is kept: a hand's width of a kerb can be read on it
QUALITY = 82  # of 100, of the JPEG
FORMATS = ("JPEG", "PNG", "WEBP")
MEDIA_TYPE = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it is kept; hash is the SHA-256 of its content."""

    hash: str
    width: int
    height: int
    content: bytes


def draw(sent: bytes) -> Photo:
    """Draw a JPEG, PNG or WebP anew; the first picture where there are several. Refused where it is none, or too large."""
    if len(sent) > MOST_BYTES:
        raise Refused(f"the photo is larger than {MOST_BYTES // 2**20} MiB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(sent), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_POINTS:
                    raise Refused(f"the photo has more than {MOST_POINTS // 1_000_000} million points")
                opened.draft("RGB", (LONGEST_PX, LONGEST_PX))  # a JPEG is decoded at a part of its size
                upright = ImageOps.exif_transpose(opened)
                drawn = _on_white(upright)
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("the photo cannot be read: JPEG, PNG or WebP") from None
    drawn.thumbnail((LONGEST_PX, LONGEST_PX))
    plain = Image.new("RGB", drawn.size)  # a new picture: of the old one nothing but the points
    plain.paste(drawn)
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    made = out.getvalue()
    return Photo(hashlib.sha256(made).hexdigest(), plain.width, plain.height, made)


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")


def put(connection: Connection, photo: Photo) -> None:
    """Keep a photo; one that is kept already stays as it is."""
    connection.execute(
        sa.text("SELECT photo_put(:hash, :type, :width, :height, :content)"),
        {
            "hash": photo.hash,
            "type": MEDIA_TYPE,
            "width": photo.width,
            "height": photo.height,
            "content": photo.content,
        },
    )


def content(connection: Connection, photo_hash: str) -> bytes:
    """Give a photo's JPEG; raises NotFound where there is none, or where it was taken away."""
    found = connection.scalar(sa.text("SELECT content FROM photo WHERE hash = :hash"), {"hash": photo_hash})
    if found is None:
        raise NotFound("no such photo")
    return bytes(found)


def remove(connection: Connection, photo_hash: str) -> None:
    """Take a photo away, for somebody is to be seen on it: its hash stays, its points do not. Raises NotFound."""
    if not connection.scalar(sa.text("SELECT photo_remove(:hash)"), {"hash": photo_hash}):
        raise NotFound("no such photo")
