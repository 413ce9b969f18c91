"""A payload as a screen can show it: text where it is some, bytes in hexadecimal otherwise, and no more than wanted."""

from __future__ import annotations

from typing import Any

__all__ = ["shown"]

A_LINE = 16  # bytes of a line in hexadecimal
BREAKS = "\n\r\t"


def shown(payload: bytes, whole: int, most: int) -> dict[str, Any]:
    """Give text or hex of the first `most` bytes, how many there were, and whether something is left out."""
    cut = payload[:most]
    text = _text(cut, is_cut=len(cut) < len(payload))
    lines = [cut[start : start + A_LINE].hex(" ") for start in range(0, len(cut), A_LINE)] if text is None else None
    return {
        "text": text,
        "hex": None if lines is None else "\n".join(lines),
        "bytes": whole,
        "is_cut": len(cut) < whole,
    }


def _text(payload: bytes, *, is_cut: bool) -> str | None:
    """Give UTF-8 text of characters that can be seen; None where it is none. A cut may go through a character."""
    for shorter in range(4 if is_cut else 1):
        try:
            text = payload[: len(payload) - shorter].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return text if all(c in BREAKS or c.isprintable() for c in text) else None
    return None
