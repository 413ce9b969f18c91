"""What the arrays of facilities leave out and a question may need: where they stand, and when they are open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from twin import crs
from twin.db import Connection

__all__ = ["Details", "load", "metric"]


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """The facilities of a place, rows as in `twin.facilities.Facilities`; lon, lat in degrees, WGS 84."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    opening_hours: tuple[str | None, ...]


def load(connection: Connection, place_id: int) -> Details:
    """Read where the facilities of a place stand, and their hours as they are written."""
    rows = connection.execute(
        sa.text("""
        SELECT ST_X(point) AS lon, ST_Y(point) AS lat, opening_hours FROM facility
        WHERE place_id = :place ORDER BY id
        """),
        {"place": place_id},
    ).all()
    return Details(
        np.array([row.lon for row in rows], np.float64),
        np.array([row.lat for row in rows], np.float64),
        tuple(row.opening_hours for row in rows),
    )


def metric(srid: int, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project points to metres in a metric CRS, (n, 2)."""
    return np.column_stack(crs.project(srid, lon, lat))
