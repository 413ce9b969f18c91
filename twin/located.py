"""Where elements, buildings, facilities and grids lie and what they are called, by the keys that answers name them by.

A key is `kind#id`: building#12, building_lift#12 (the building), facility#3, edge#45, and grid#CODE by the grid's code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from twin.db import Connection

__all__ = ["KINDS", "Located", "located"]


@dataclass(frozen=True, slots=True)
class Located:
    """One of them; wkb is its shape and lon, lat a point on it, WGS 84."""

    name: str | None
    name_zh: str | None
    lon: float
    lat: float
    wkb: bytes


def located(connection: Connection, place_id: int, keys: Iterable[str]) -> dict[str, Located]:
    """Find what these keys name; one that names nothing now is not in the answer."""
    sought: dict[str, list[str]] = {}
    for key in set(keys):
        kind, _, name = key.partition("#")
        sought.setdefault(kind, []).append(name)
    found = {}
    for kind, names in sought.items():
        if kind not in KINDS:
            continue
        rows = connection.execute(sa.text(FOUND.format(rows=KINDS[kind][1])), {"place": place_id, "names": names})
        for row in rows:
            found[f"{kind}#{row.key}"] = Located(row.name, row.name_zh, row.lon, row.lat, bytes(row.wkb))
    return found


FOUND = """
SELECT key, name, name_zh, ST_X(middle) AS lon, ST_Y(middle) AS lat, ST_AsBinary(geom) AS wkb
FROM (SELECT key, name, name_zh, geom,
    CASE ST_Dimension(geom) WHEN 1 THEN ST_LineInterpolatePoint(geom, 0.5) ELSE ST_PointOnSurface(geom) END AS middle
    FROM ({rows}) AS sought) AS found
"""

BUILDING = """
SELECT id::text AS key, coalesce(name, address) AS name, NULL::text AS name_zh, geom FROM building
WHERE place_id = :place AND id::text = ANY(:names)
"""

# By the first part of a key: what its shape is called in GeoJSON, and where it is.
KINDS: dict[str, tuple[str, str]] = {
    "building": ("MultiPolygon", BUILDING),
    "building_lift": ("MultiPolygon", BUILDING),
    "facility": (
        "Point",
        """
SELECT id::text AS key, name, name_zh, point AS geom FROM facility WHERE place_id = :place AND id::text = ANY(:names)
""",
    ),
    "edge": (
        "LineString",
        """
SELECT e.id::text AS key, coalesce(t.name, e.name) AS name, t.name_zh, e.geom FROM network_edge AS e
LEFT JOIN LATERAL (
    SELECT thing.name, thing.name_zh FROM effect
    JOIN datastream ON datastream.id = effect.datastream_id JOIN thing ON thing.id = datastream.thing_id
    WHERE effect.element_kind = 'edge' AND effect.element_id = e.id ORDER BY thing.id LIMIT 1) AS t ON true
WHERE e.place_id = :place AND e.id::text = ANY(:names)
""",
    ),
    "grid": (
        "MultiPolygon",
        "SELECT code AS key, name, name_zh, geom FROM grid WHERE place_id = :place AND code = ANY(:names)",
    ),
}
