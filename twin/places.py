"""Places: what a twin is of, its boundary and its metric CRS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import shapely
import sqlalchemy as sa

from twin import changes, crs
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.history import as_of
from twin.shapes import polygons
from twin.staging import ewkb

__all__ = ["Place", "as_areas", "boundary", "bump", "date", "get", "put"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it is in the twin; bounds are west, south, east, north [degrees, WGS 84]."""

    id: int
    code: str
    name: str
    name_zh: str
    metric_srid: int
    timezone: str
    residents: int
    households: int
    attribution: str
    network_version: int
    bounds: tuple[float, float, float, float]


def put(
    connection: Connection,
    *,
    code: str,
    name: str,
    name_zh: str,
    boundary: shapely.Geometry,
    timezone: str,
    residents: int,
    households: int,
    attribution: str,
) -> int:
    """Add a place, or bring the one with this code up to date, and give its id.

    The metric CRS follows from the boundary's centre. Refuses a boundary without area.
    """
    areas = as_areas(boundary)
    row = {
        "code": code,
        "name": name,
        "name_zh": name_zh,
        "boundary": ewkb([areas])[0],
        "metric_srid": crs.metric_srid(areas.centroid.x, areas.centroid.y),
        "timezone": timezone,
        "residents": residents,
        "households": households,
        "attribution": attribution,
    }
    return int(connection.execute(sa.text(PUT), row).scalar_one())


def get(connection: Connection, code: str | None = None, revision: int | None = None) -> Place:
    """Give the place with this code, or what it was after a revision; without a code, the only place there is.

    Raises NotFound where there is none, and where there are several and no code was said.
    """
    where = "" if code is None else "WHERE code = :code"
    rows = (
        connection.execute(sa.text(as_of(f"{GET} {where} ORDER BY code", revision)), {"code": code} if code else {})
        .mappings()
        .all()
    )
    if not rows:
        raise NotFound("no place is loaded" if code is None else f"no place {code!r}")
    if len(rows) > 1:
        raise NotFound(f"several places, say which: {', '.join(row['code'] for row in rows)}")
    fields = dict(rows[0])
    west, south, east, north = (fields.pop(side) for side in ("west", "south", "east", "north"))
    return Place(**fields, bounds=(west, south, east, north))


def boundary(connection: Connection, place_id: int) -> shapely.MultiPolygon:
    """Give the boundary of a place [degrees, WGS 84]; raises NotFound."""
    found = connection.execute(
        sa.text("SELECT ST_AsBinary(boundary) FROM place WHERE id = :place"), {"place": place_id}
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"no place {place_id}")
    return as_areas(shapely.from_wkb(bytes(found)))


def date(connection: Connection, place_id: int, state: datetime) -> None:
    """Say which state of the source the place's map is of."""
    connection.execute(
        sa.text("UPDATE place SET data_time = :state WHERE id = :place"), {"place": place_id, "state": state}
    )


def bump(connection: Connection, place_id: int) -> int:
    """Count the network version up, announce it, and give it: readers that hold arrays read them again."""
    version = connection.execute(
        sa.text("UPDATE place SET network_version = network_version + 1 WHERE id = :place RETURNING network_version"),
        {"place": place_id},
    ).scalar_one_or_none()
    if version is None:
        raise NotFound(f"no place {place_id}")
    changes.announce(connection, "network", place_id=place_id)
    return int(version)


def as_areas(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Give the polygons in a geometry, made valid; refuses one without area, and one that is not on the earth."""
    areas = polygons(geometry)
    if areas.is_empty:
        raise Refused("the boundary has no area")
    if not shapely.box(*crs.EARTH).covers(shapely.box(*areas.bounds)):
        raise Refused(f"the boundary is not in degrees of longitude and latitude: {areas.bounds}")
    return areas


PUT = """
INSERT INTO place
    (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
VALUES
    (:code, :name, :name_zh, :boundary, :metric_srid, :timezone, :residents, :households, :attribution)
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, name_zh = excluded.name_zh, boundary = excluded.boundary,
    metric_srid = excluded.metric_srid, timezone = excluded.timezone, residents = excluded.residents,
    households = excluded.households, attribution = excluded.attribution, loaded_at = now()
RETURNING id
"""

GET = """
SELECT id, code, name, name_zh, metric_srid, timezone, residents, households, attribution, network_version,
    ST_XMin(boundary) AS west, ST_YMin(boundary) AS south, ST_XMax(boundary) AS east, ST_YMax(boundary) AS north
FROM {place} AS place
"""
