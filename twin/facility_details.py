"""What the arrays of facilities leave out and a question may need: where they stand, and when they are open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from twin import crs
from twin.db import Connection
from twin.errors import Refused

__all__ = ["MEASURES", "Details", "load", "metric", "rooms"]

MEASURES = ("capacity", "office_m2", "service_m2", "activity_m2", "emergency_m2")  # seats or beds; floor areas


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """Facilities in the order they were asked for; lon, lat in degrees, WGS 84."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    opening_hours: tuple[str | None, ...]


def load(connection: Connection, ids: NDArray[np.int32]) -> Details:
    """Read where these facilities stand now, and their hours as written; NaN and None for one that is not there."""
    rows = connection.execute(
        sa.text("""
        SELECT id, ST_X(point) AS lon, ST_Y(point) AS lat, opening_hours FROM facility WHERE id = ANY(:ids)
        """),
        {"ids": ids.tolist()},
    ).all()
    found = {row.id: row for row in rows}
    here = [found.get(at) for at in ids.tolist()]
    return Details(
        np.array([np.nan if row is None else row.lon for row in here], np.float64),
        np.array([np.nan if row is None else row.lat for row in here], np.float64),
        tuple(None if row is None else row.opening_hours for row in here),
    )


def rooms(connection: Connection, place_id: int, measure: str) -> dict[int, int]:
    """Give what each facility has room for by id, in one of MEASURES; those of which it is not known are left out.

    Floor areas are in whole square metres. Raises Refused where there is no such measure.
    """
    if measure not in MEASURES:
        raise Refused(f"{measure!r} is no measure; one of {', '.join(MEASURES)}")
    rows = connection.execute(
        sa.text(
            f"SELECT id, round({measure})::integer FROM facility WHERE place_id = :place AND {measure} IS NOT NULL"
        ),
        {"place": place_id},
    )
    return {facility_id: room for facility_id, room in rows}  # noqa: C416  # rows are no pairs to mypy


def metric(srid: int, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project points to metres in a metric CRS, (n, 2)."""
    return np.column_stack(crs.project(srid, lon, lat))
