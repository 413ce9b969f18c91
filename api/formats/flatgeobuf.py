"""FlatGeobuf: features with an index in one file that can be read in part."""

from __future__ import annotations

from api.formats.table import Table
from api.formats.vector_file import written

__all__ = ["MEDIA_TYPE", "SUFFIX", "write"]

SUFFIX = "fgb"
MEDIA_TYPE = "application/vnd.flatgeobuf"


def write(table: Table) -> bytes:
    """Write a table as FlatGeobuf; with an index, its rows come in the index's order. It holds no word of its own.

    A row without a shape has no place in an index, so that a table with one has none.
    """
    is_whole = table.shapes is not None and None not in table.shapes.wkb
    return written(table, "FlatGeobuf", SPATIAL_INDEX="YES" if is_whole else "NO")
