"""GeoPackage (OGC 12-128r19), what it is about in its metadata."""

from __future__ import annotations

from api.formats.table import Table
from api.formats.vector_file import written

__all__ = ["MEDIA_TYPE", "SUFFIX", "write"]

SUFFIX = "gpkg"
MEDIA_TYPE = "application/geopackage+sqlite3"


def write(table: Table) -> bytes:
    """Write a table as a GeoPackage of one layer."""
    return written(table, "GPKG")
