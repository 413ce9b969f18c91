"""Places: what a twin is of, its boundary and its metric CRS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import shapely
import sqlalchemy as sa

from twin import crs
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.staging import ewkb

__all__ = ["Place", "as_areas", "boundary", "bump", "get", "put"]


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
    data_time: datetime | None = None,
) -> int:
    """Add a place, or bring the one with this code up to date, and give its id.

    The metric CRS follows from the boundary's centre. data_time is the state of the source, None where it is not
    stated. Refuses a boundary without area.
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
        "data_time": data_time,
    }
    return int(connection.execute(sa.text(PUT), row).scalar_one())


def get(connection: Connection, code: str | None = None) -> Place:
    """Give the place with this code; without a code, the only place there is.

    Raises NotFound where there is none, and where there are several and no code was said.
    """
    where = "" if code is None else "WHERE code = :code"
    rows = connection.execute(sa.text(f"{GET} {where} ORDER BY code"), {"code": code} if code else {}).all()
    if not rows:
        raise NotFound("no place is loaded" if code is None else f"no place {code!r}")
    if len(rows) > 1:
        raise NotFound(f"several places, say which: {', '.join(row.code for row in rows)}")
    row = rows[0]
    return Place(*row[:10], (row.west, row.south, row.east, row.north))


def boundary(connection: Connection, place_id: int) -> shapely.MultiPolygon:
    """Give the boundary of a place [degrees, WGS 84]; raises NotFound."""
    found = connection.execute(
        sa.text("SELECT ST_AsBinary(boundary) FROM place WHERE id = :place"), {"place": place_id}
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"no place {place_id}")
    return as_areas(shapely.from_wkb(bytes(found)))


def bump(connection: Connection, place_id: int) -> int:
    """Count the network version up, announce it, and give it: readers that hold arrays read them again."""
    version = connection.execute(
        sa.text("UPDATE place SET network_version = network_version + 1 WHERE id = :place RETURNING network_version"),
        {"place": place_id},
    ).scalar_one_or_none()
    if version is None:
        raise NotFound(f"no place {place_id}")
    said = json.dumps({"kind": "network", "place_id": place_id})
    connection.execute(sa.text("SELECT pg_notify('linli', :said)"), {"said": said})
    return int(version)


def as_areas(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Give the polygons in a geometry, made valid; refuses one without area, and one that is not on the earth."""
    polygons = [part for part in _parts(shapely.make_valid(geometry)) if isinstance(part, shapely.Polygon)]
    areas = shapely.MultiPolygon([polygon for polygon in polygons if polygon.area > 0])
    if areas.is_empty:
        raise Refused("the boundary has no area")
    if not shapely.box(*crs.EARTH).covers(shapely.box(*areas.bounds)):
        raise Refused(f"the boundary is not in degrees of longitude and latitude: {areas.bounds}")
    return areas


def _parts(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    """Give the single geometries in a collection of collections."""
    if isinstance(geometry, shapely.GeometryCollection | shapely.MultiPolygon):
        return [single for part in geometry.geoms for single in _parts(part)]
    return [geometry]


PUT = """
INSERT INTO place
    (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution, data_time)
VALUES
    (:code, :name, :name_zh, :boundary, :metric_srid, :timezone, :residents, :households, :attribution, :data_time)
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, name_zh = excluded.name_zh, boundary = excluded.boundary,
    metric_srid = excluded.metric_srid, timezone = excluded.timezone, residents = excluded.residents,
    households = excluded.households, attribution = excluded.attribution,
    data_time = coalesce(excluded.data_time, place.data_time), loaded_at = now()
RETURNING id
"""

GET = """
SELECT id, code, name, name_zh, metric_srid, timezone, residents, households, attribution, network_version,
    ST_XMin(boundary) AS west, ST_YMin(boundary) AS south, ST_XMax(boundary) AS east, ST_YMax(boundary) AS north
FROM place
"""
