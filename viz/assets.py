"""Scripts and styles as they are served: read once, compressed once, under a name that changes with any of them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from viz import palette

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
NOT_SERVED = {".toml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its content, the same compressed, and its media type."""

    content: bytes
    compressed: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by path below static/, and one version for all: modules name each other by relative path."""

    version: str
    files: dict[str, Asset]


def read() -> Assets:
    """Read static/ and the palettes' own stylesheet."""
    contents = {
        path.relative_to(STATIC).as_posix(): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and path.suffix not in NOT_SERVED
    }
    contents["palette.css"] = palette.css().encode()
    mark = hashlib.sha256()
    for name, content in contents.items():
        mark.update(name.encode() + b"\0" + content)
    return Assets(mark.hexdigest()[:12], {name: _asset(name, content) for name, content in contents.items()})


def _asset(name: str, content: bytes) -> Asset:
    kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "text/plain; charset=utf-8"
    return Asset(content, gzip.compress(content, 9, mtime=0), kind)
