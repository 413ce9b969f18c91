"""A town of 400 dwellings in 25 grids whose true residents are known, in a database."""

from __future__ import annotations

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from twin import crs, places
from twin.db import Connection
from twin.places import Place

BANDS = ("0-17", "18-64", "65+")
SIDE = 20  # dwellings a side
ORIGIN = (7.41, 43.73)
BLOCK = 4  # dwellings a side of a grid
STEP = (0.0008, 0.0006)  # degrees from dwelling to dwelling


def build(connection: Connection, rng: np.random.Generator) -> tuple[Place, NDArray[np.int64]]:
    """Build the town; gives the place and its true residents by dwelling and band, in the order of source ids.

    One person lives on 25 to 60 m² of floor, by dwelling, and the share of each band differs by dwelling too.
    """
    count = SIDE * SIDE
    west, south = ORIGIN
    east, north = west + SIDE * STEP[0], south + SIDE * STEP[1]
    floors = rng.integers(1, 12, count)
    footprint_m2 = rng.uniform(80, 600, count)
    people = rng.poisson(floors * footprint_m2 / rng.uniform(25, 60, count))
    true = np.array([rng.multinomial(n, rng.dirichlet((3, 10, 5))) for n in people], np.int64)
    places.put(
        connection,
        code="town",
        name="Town",
        name_zh="镇",
        boundary=shapely.box(west, south, east, north),
        timezone="Europe/Monaco",
        residents=int(true.sum()),
        households=int(true.sum()) // 2,
        attribution="none",
    )
    place = places.get(connection)
    for number in range((SIDE // BLOCK) ** 2):
        connection.execute(sa.text(GRID), {"place": place.id, "code": f"g{number:02d}", **_box(number)})
    for at in range(count):
        lon, lat = position(at)
        values = {"place": place.id, "source": f"w{at:03d}", "grid": f"g{grid(at):02d}", "lon": lon, "lat": lat}
        connection.execute(sa.text(DWELLING), {**values, "floors": int(floors[at]), "m2": float(footprint_m2[at])})
    return place, true


def position(at: int) -> tuple[float, float]:
    """Give lon, lat of a dwelling."""
    return ORIGIN[0] + (at % SIDE + 0.5) * STEP[0], ORIGIN[1] + (at // SIDE + 0.5) * STEP[1]


def grid(at: int) -> int:
    """Give the number of a dwelling's grid."""
    return at // SIDE // BLOCK * (SIDE // BLOCK) + at % SIDE // BLOCK


def metres(srid: int) -> NDArray[np.float64]:
    """Give the dwellings in a metric CRS, (n, 2)."""
    lon, lat = np.array([position(at) for at in range(SIDE * SIDE)]).T
    return np.column_stack(crs.project(srid, lon, lat))


def _box(number: int) -> dict[str, float]:
    x, y = number % (SIDE // BLOCK), number // (SIDE // BLOCK)
    west, south = ORIGIN[0] + x * BLOCK * STEP[0], ORIGIN[1] + y * BLOCK * STEP[1]
    return {"west": west, "south": south, "east": west + BLOCK * STEP[0], "north": south + BLOCK * STEP[1]}


GRID = """
INSERT INTO grid (place_id, level, code, name, name_zh, households, generated, geom)
VALUES (:place, 'grid', :code, :code, :code, 0, false,
        ST_Multi(ST_MakeEnvelope(:west, :south, :east, :north, 4326)))
"""

DWELLING = """
INSERT INTO building (place_id, source_id, grid_id, kind, residential, floors, floors_assumed, footprint_m2, point, geom)
SELECT :place, :source, g.id, 'apartments', true, :floors, false, :m2, ST_SetSRID(ST_Point(:lon, :lat), 4326),
    ST_Multi(ST_Expand(ST_SetSRID(ST_Point(:lon, :lat), 4326), 0.0001))
FROM grid AS g WHERE g.place_id = :place AND g.code = :grid
"""
