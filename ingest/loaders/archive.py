"""Zip archives of strangers: looked through before a library unpacks them, in bounded memory and time."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from ingest.loaders.refusal import RefusedFile

__all__ = ["check", "unpack"]

MOST_ENTRIES = 1000
MOST_BYTES = 256 * 2**20  # of all entries together, unpacked
# A sheet of numbers shrinks 5- to 40-fold, one of equal rows 100-fold; zeros shrink 1030-fold (deflate's limit).
MOST_RATIO = 200
SMALL_BYTES = 1 * 2**20  # an entry below this may shrink as it likes
CHUNK = 2**16
MARKUP = (".xml", ".rels", ".vml")
# in any encoding an XML reader takes without being told: UTF-8 and UTF-16
FORBIDDEN = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
LONGEST_WORD = max(len(word) for word in FORBIDDEN)


def check(path: Path) -> None:
    """Refuse an archive that unpacks to too much, leads outside, or declares XML entities.

    What the directory of the archive says is not believed: each entry is unpacked, and dropped, up to the limit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise RefusedFile("zip-entries", count=len(entries), most=MOST_ENTRIES)
            total = 0
            for entry in entries:
                _check_name(entry.filename)
                _check_ratio(entry.file_size, entry.compress_size)
                with archive.open(entry) as file:
                    total += _drain(file, entry, MOST_BYTES - total)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        # RuntimeError is what zipfile raises for an encrypted entry
        raise RefusedFile("zip-broken", why=error) from None


def unpack(path: Path, folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Unpack the entries with these suffixes, by their last name alone, into a folder; call check() before."""
    unpacked = []
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = PurePosixPath(entry.filename)
            if name.suffix.lower() in suffixes and not entry.is_dir():
                target = folder / name.name
                target.write_bytes(archive.read(entry))
                unpacked.append(target)
    return unpacked


def _check_name(name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in name or "\0" in name:
        raise RefusedFile("zip-path", name=name[:80])


def _check_ratio(size: int, packed: int) -> None:
    if size > MOST_BYTES or (size > SMALL_BYTES and size > MOST_RATIO * max(packed, 1)):
        raise RefusedFile("zip-bomb", size=size, ratio=size // max(packed, 1))


def _drain(file: IO[bytes], entry: zipfile.ZipInfo, most: int) -> int:
    """Read an entry to its end and give its true size; refuse more than `most`, and entities where it is XML."""
    size, before = 0, b""
    markup = entry.filename.lower().endswith(MARKUP)
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if size > most:
            raise RefusedFile("zip-bomb", size=f"more than {most}", ratio=size // max(entry.compress_size, 1))
        if markup and any(word in before + chunk for word in FORBIDDEN):
            raise RefusedFile("xml-entities", name=entry.filename[:80])
        before = chunk[-LONGEST_WORD:]
    _check_ratio(size, entry.compress_size)
    return size
