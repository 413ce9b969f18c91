"""What may be measured near a spot, or under a name: ways, entrances of facilities, buildings."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from twin.db import Connection

__all__ = ["Found", "lines", "named", "near"]

MOST = 12
FARTHEST_M = 150.0


@dataclass(frozen=True, slots=True)
class Found:
    """An element that may be measured: `kind:source id`, what it is, its name, and where it is nearest to the spot."""

    element: str
    kind: str  # of an edge its kind, of a facility its service, else building
    name: str | None
    name_zh: str | None
    lon: float
    lat: float
    metres: float | None  # from the spot


def near(connection: Connection, place_id: int, lon: float, lat: float) -> list[Found]:
    """Give the nearest elements to a spot [degrees, WGS 84], at most MOST, none farther than FARTHEST_M."""
    rows = connection.execute(
        sa.text(NEAR), {"place": place_id, "lon": lon, "lat": lat, "far": FARTHEST_M, "most": MOST}
    )
    return [Found(**row) for row in rows.mappings()]


def named(connection: Connection, place_id: int, text: str) -> list[Found]:
    """Give elements whose name or source id has the words of a text, at most MOST."""
    words = text.split()[:6]
    if not words:
        return []
    marks = ("!", "%", "_")
    plain = ["".join(f"!{letter}" if letter in marks else letter for letter in word) for word in words]
    has = " AND ".join(
        f"(name || ' ' || source_id || ' ' || kind) ILIKE :word{i} ESCAPE '!'" for i in range(len(words))
    )
    values = {f"word{i}": f"%{word}%" for i, word in enumerate(plain)}
    rows = connection.execute(
        sa.text(
            f"SELECT {SHOWN}, NULL AS metres FROM ({EVERY}) AS every WHERE {has} ORDER BY name, source_id LIMIT :most"
        ),
        {"place": place_id, "most": MOST, **values},
    )
    return [Found(**row) for row in rows.mappings()]


def lines(connection: Connection, ids: list[int]) -> dict[int, tuple[str, str | None, list[list[float]]]]:
    """Give edges by id: source id, name, that of the nearest street where it has none, points [lon, lat] from tail to head."""
    rows = connection.execute(
        sa.text("""
        SELECT e.id, e.source_id, coalesce(e.name, near.name) AS name, ST_AsGeoJSON(e.geom, 6)::json->'coordinates' AS points
          FROM network_edge AS e
          LEFT JOIN LATERAL (
              SELECT n.name FROM network_edge AS n
               WHERE e.name IS NULL AND n.place_id = e.place_id AND n.name IS NOT NULL ORDER BY n.geom <-> e.geom LIMIT 1) AS near ON true
         WHERE e.id = ANY(:ids)
        """),
        {"ids": ids},
    )
    return {row.id: (row.source_id, row.name, row.points) for row in rows}


EVERY = """
SELECT 'edge:' || source_id AS element, source_id, kind, coalesce(name, '') AS name, NULL AS name_zh, geom FROM network_edge WHERE place_id = :place
UNION ALL
SELECT DISTINCT ON (source_id) 'facility:' || source_id, source_id, service, name, name_zh, point FROM facility WHERE place_id = :place
UNION ALL
SELECT 'building:' || source_id, source_id, 'building', concat_ws(', ', name, address), NULL, point FROM building
 WHERE place_id = :place AND residential
"""
SHOWN = """
element, kind, nullif(name, '') AS name, name_zh, ST_X(ST_PointOnSurface(geom)) AS lon, ST_Y(ST_PointOnSurface(geom)) AS lat
"""
NEAR = f"""
SELECT {SHOWN}, round(ST_Distance(geom::geography, spot::geography)::numeric, 1)::float8 AS metres
  FROM ({EVERY}) AS every CROSS JOIN ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS spot
 WHERE geom && ST_Expand(spot, 0.003) AND ST_DWithin(geom::geography, spot::geography, :far)
 ORDER BY metres LIMIT :most
"""
