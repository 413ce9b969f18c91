"""Vector tiles of a collection in the web's square tiles (WebMercatorQuad), made by PostGIS.

Source: OGC 17-083r4 (tile matrix sets), annex D.1; Mapbox Vector Tile 2.1.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Subquery

from twin.db import Connection
from twin.errors import NotFound
from twin.queries.collections import Shown
from twin.queries.expressions import Kind

__all__ = ["DEEPEST", "EXTENT", "tile"]

DEEPEST = 22
EXTENT = 4_096
BUFFER = 64  # of EXTENT, so that lines and outlines meet over the edge
MARGIN = BUFFER / EXTENT  # as a share of the tile
MERCATOR = 3857


def tile(connection: Connection, shown: Shown, matrix: int, row: int, column: int) -> bytes:
    """Make one tile; one without features is empty bytes. Raises NotFound outside of the tile matrix."""
    if not (0 <= matrix <= DEEPEST and 0 <= row < 2**matrix and 0 <= column < 2**matrix):
        raise NotFound("no such tile")
    rows = shown.rows
    near = sa.func.ST_Transform(sa.func.ST_TileEnvelope(matrix, column, row, sa.text(f"margin => {MARGIN}")), 4326)
    bounds = sa.func.ST_TileEnvelope(matrix, column, row)
    drawn = (
        sa.select(rows.c.id, *_values(shown), _drawn(rows, bounds).label("geom"))
        .where(rows.c.geom.op("&&", return_type=sa.Boolean())(near))
        .subquery("drawn")
    )
    seen = sa.select(drawn).where(drawn.c.geom.is_not(None)).subquery("seen")
    made = sa.func.ST_AsMVT(sa.literal_column("seen"), shown.collection.id, EXTENT, "geom", "id")
    return bytes(connection.scalar(sa.select(made).select_from(seen)) or b"")


def _drawn(rows: Subquery, bounds: ColumnElement[object]) -> ColumnElement[object]:
    return sa.func.ST_AsMVTGeom(sa.func.ST_Transform(rows.c.geom, MERCATOR), bounds, EXTENT, BUFFER, sa.true())


def _values(shown: Shown) -> list[ColumnElement[object]]:
    """Give the properties as tiles can hold them: a time as text."""
    return [
        sa.func.to_char(sa.func.timezone("UTC", shown.rows.c[name]), 'YYYY-MM-DD"T"HH24:MI:SS"Z"').label(name)
        if kind is Kind.TIME
        else shown.rows.c[name]
        for name, kind in shown.collection.properties.items()
    ]
