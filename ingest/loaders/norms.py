"""Load a city's own file of norms (.toml), in the form of twin/norms/cn_local.toml."""

from __future__ import annotations

from pathlib import Path

from ingest.loaders.receipt import Receipt
from ingest.loaders.refusal import RefusedFile
from twin import places
from twin.db import Connection
from twin.norms import own

__all__ = ["load"]

MOST_BYTES = 4 * 2**20


def load(connection: Connection, path: Path, *, place: places.Place) -> Receipt:
    """Take the norms of a file into a place, in the stead of the set of that id; Refused with what is wrong."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise RefusedFile("too-large", path, size=size, most=MOST_BYTES)
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RefusedFile("text-encoding", path, why=error) from None
    rules, did = own.put(connection, place.id, content, str(path))
    return Receipt("norms", 1, int(did == "new"), int(did == "changed"), notes=(f"{rules} rules in the file",))
