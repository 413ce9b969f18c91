"""What is inside of what, one step at a time: the place's grids, a grid's buildings, a building's facilities, its devices.

Residents are those that may be shown (`twin.counts`); devices in dwellings are in nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from twin import addresses
from twin.db import Connection
from twin.devices import WELFARE
from twin.errors import NotFound

__all__ = ["MOST", "NEAR_M", "Part", "Whole", "look"]

MOST = 500  # parts of one kind
NEAR_M = 150  # metres within which a device is named beside a facility; ours


@dataclass(frozen=True, slots=True)
class Part:
    """Something inside; position in degrees, WGS 84."""

    kind: str  # grid, building, facility, thing
    id: int
    name: str
    name_zh: str | None
    sort: str | None  # of a grid its level, of a building its use, of a facility its service, of a device its kind
    lon: float
    lat: float
    residents: int | None = None  # as may be shown; None: not of this kind
    distance_m: float | None = None  # from the facility; None: it is in it, or watches it


@dataclass(frozen=True, slots=True)
class Whole:
    """Something with what is inside; `path` leads to it from the outermost grid, `bands` are its residents by age."""

    part: Part
    path: Sequence[Part]
    parts: Sequence[Part]
    bands: Sequence[tuple[str, int]]
    facts: dict[str, object]


def look(connection: Connection, place_id: int, kind: str, key: int) -> Whole:
    """Look into a grid, a building, a facility or a device; 0 of the kind grid is the place. Raises NotFound."""
    values: dict[str, object] = {"place": place_id, "id": key, "most": MOST, "near": NEAR_M}
    if kind == "grid" and key == 0:
        whole = Part("grid", 0, "", None, None, 0.0, 0.0)
        return Whole(whole, (), _parts(connection, GRIDS_IN.format(parent="IS NULL"), values), (), {})
    row = connection.execute(sa.text(ITSELF[kind]), values).one_or_none()
    if row is None:
        raise NotFound(f"there is no {kind} {key}")
    *fields, facts = row
    part = Part(*fields)
    if kind == "building" and facts["called"] is None:
        part = replace(part, name=_label(connection, place_id, key, part.name))
    path = _parts(connection, PATH_OF_GRID if kind == "grid" else PATH, values | {"lon": part.lon, "lat": part.lat})
    inside: list[Part] = []
    for query in INSIDE[kind]:
        if not (inside and inside[0].kind == "grid"):  # what is in a grid of grids is in one of them
            inside += _parts(connection, query, values)
    bands = [(band, int(n)) for band, n in connection.execute(sa.text(BANDS[kind]), values)] if kind in BANDS else []
    return Whole(part, path, inside, bands, facts)


def _label(connection: Connection, place_id: int, key: int, otherwise: str) -> str:
    """Call a building without name and address by the street it stands at, where the network reaches it."""
    try:
        return addresses.of_building(connection, place_id, key).label
    except NotFound:
        return otherwise


def _parts(connection: Connection, query: str, values: dict[str, object]) -> list[Part]:
    return [Part(*row) for row in connection.execute(sa.text(query), values)]


IN_DWELLINGS = ", ".join(f"'{kind}'" for kind in sorted(WELFARE))
BELOW = """
WITH RECURSIVE below AS (
    SELECT id AS top, id FROM grid WHERE place_id = :place AND {which}
    UNION ALL SELECT below.top, g.id FROM grid AS g JOIN below ON g.parent_id = below.id)
"""
NAME = "coalesce(nullif(concat_ws(', ', b.name, b.address), ''), b.source_id)"
THING = "SELECT 'thing', t.id, t.name, t.name_zh, t.kind, ST_X(t.point), ST_Y(t.point), NULL::integer,"
THINGS = f"t.place_id = :place AND t.point IS NOT NULL AND t.kind NOT IN ({IN_DWELLINGS})"

GRIDS_IN = f"""
{BELOW.format(which="parent_id {parent}")}
SELECT 'grid', g.id, g.name, g.name_zh, g.level, ST_X(ST_PointOnSurface(g.geom)), ST_Y(ST_PointOnSurface(g.geom)),
    coalesce(lived.residents, 0)::integer
FROM grid AS g LEFT JOIN (
    SELECT below.top, sum(r.residents) AS residents
    FROM below JOIN building AS b ON b.grid_id = below.id JOIN resident_shown AS r ON r.building_id = b.id GROUP BY 1
) AS lived ON lived.top = g.id
WHERE g.id IN (SELECT top FROM below) ORDER BY g.code LIMIT :most
"""
BUILDINGS_IN = f"""
SELECT 'building', b.id, {NAME}, NULL, b.kind, ST_X(b.point), ST_Y(b.point), coalesce(lived.residents, 0)::integer
FROM building AS b LEFT JOIN (
    SELECT building_id, sum(residents) AS residents FROM resident_shown WHERE place_id = :place GROUP BY 1
) AS lived ON lived.building_id = b.id
WHERE b.place_id = :place AND b.grid_id = :id ORDER BY lived.residents DESC NULLS LAST, 3 LIMIT :most
"""
FACILITIES_IN = """
SELECT 'facility', f.id, f.name, f.name_zh, f.service, ST_X(f.point), ST_Y(f.point)
FROM facility AS f JOIN {holder} AS h ON h.id = :id AND ({inside}) WHERE f.place_id = :place
ORDER BY f.service, f.name, f.id LIMIT :most
"""
THINGS_IN_GRID = f"""
{THING} NULL::float FROM thing AS t JOIN grid AS g ON g.id = :id AND ST_Covers(g.geom, t.point)
WHERE {THINGS} ORDER BY t.kind, t.name LIMIT :most
"""
WATCHING = """EXISTS (SELECT FROM effect AS e JOIN datastream AS d ON d.id = e.datastream_id
    WHERE d.thing_id = t.id AND e.element_kind = '{element}' AND e.element_id = :id)"""
THINGS_AT_BUILDING = f"""
{THING} NULL::float FROM thing AS t JOIN building AS b ON b.id = :id
WHERE {THINGS} AND (ST_Covers(b.geom, t.point) OR {WATCHING.format(element="building_lift")})
ORDER BY t.kind, t.name LIMIT :most
"""
THINGS_AT_FACILITY = f"""
{THING} CASE WHEN {WATCHING.format(element="facility")} THEN NULL ELSE ST_Distance(t.point::geography, f.point::geography) END
FROM thing AS t JOIN facility AS f ON f.id = :id
WHERE {THINGS} AND ({WATCHING.format(element="facility")} OR ST_DWithin(t.point::geography, f.point::geography, :near))
ORDER BY 9 NULLS FIRST, t.name LIMIT :most
"""
INSIDE: dict[str, tuple[str, ...]] = {
    "grid": (
        GRIDS_IN.format(parent="= :id"),
        BUILDINGS_IN,
        FACILITIES_IN.format(holder="grid", inside="ST_Covers(h.geom, f.point)"),
        THINGS_IN_GRID,
    ),
    "building": (
        FACILITIES_IN.format(holder="building", inside="f.building_id = h.id OR ST_Covers(h.geom, f.point)"),
        THINGS_AT_BUILDING,
    ),
    "facility": (THINGS_AT_FACILITY,),
    "thing": (),
}
ITSELF: dict[str, str] = {
    "grid": """
SELECT 'grid', g.id, g.name, g.name_zh, g.level, ST_X(ST_PointOnSurface(g.geom)), ST_Y(ST_PointOnSurface(g.geom)),
    NULL::integer, NULL::float, jsonb_build_object('code', g.code) FROM grid AS g WHERE g.place_id = :place AND g.id = :id
""",
    "building": f"""
SELECT 'building', b.id, {NAME}, NULL, b.kind, ST_X(b.point), ST_Y(b.point), NULL::integer, NULL::float,
    jsonb_build_object('code', b.source_id, 'floors', b.floors, 'floors_assumed', b.floors_assumed, 'lift', b.lift,
        'called', coalesce(b.name, b.address))
FROM building AS b WHERE b.place_id = :place AND b.id = :id
""",
    "facility": """
SELECT 'facility', f.id, f.name, f.name_zh, f.service, ST_X(f.point), ST_Y(f.point), NULL::integer, NULL::float,
    jsonb_build_object('code', f.source_id, 'hours', f.opening_hours, 'step_free', f.step_free, 'capacity', f.capacity)
FROM facility AS f WHERE f.place_id = :place AND f.id = :id
""",
    "thing": f"""
{THING} NULL::float, jsonb_build_object('code', t.key) FROM thing AS t WHERE {THINGS} AND t.id = :id
""",
}
PATH_OF_GRID = """
WITH RECURSIVE above AS (
    SELECT parent_id, 0 AS height FROM grid WHERE id = :id
    UNION ALL SELECT g.parent_id, height + 1 FROM grid AS g JOIN above ON g.id = above.parent_id)
SELECT 'grid', g.id, g.name, g.name_zh, g.level, ST_X(ST_PointOnSurface(g.geom)), ST_Y(ST_PointOnSurface(g.geom))
FROM above JOIN grid AS g ON g.id = above.parent_id ORDER BY height DESC
"""
PATH = """
SELECT 'grid', g.id, g.name, g.name_zh, g.level, ST_X(ST_PointOnSurface(g.geom)), ST_Y(ST_PointOnSurface(g.geom))
FROM grid AS g WHERE g.place_id = :place AND ST_Covers(g.geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))
ORDER BY ST_Area(g.geom) DESC
"""
BANDS: dict[str, str] = {
    "grid": f"""
{BELOW.format(which="id = :id")}
SELECT r.age_band, sum(r.residents) FROM below JOIN building AS b ON b.grid_id = below.id
JOIN resident_shown AS r ON r.building_id = b.id GROUP BY 1 ORDER BY split_part(replace(r.age_band, '+', '-'), '-', 1)::integer
""",
    "building": """
SELECT age_band, residents FROM resident_shown WHERE place_id = :place AND building_id = :id
ORDER BY split_part(replace(age_band, '+', '-'), '-', 1)::integer
""",
}
