"""Spread counts of zones (grids, cells) over the dwellings in them, by residential floor area, in whole people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from twin.db import Connection
from twin.rounding import apportion, spread

__all__ = ["Spread", "households", "points", "spread_zones", "within_grids"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """What became of zones: residents int64[dwellings, bands], and of each zone without a dwelling its people by band."""

    residents: Ints
    unlocated: dict[str, Ints]


def spread_zones(zone_of: NDArray[np.object_], floor_area_m2: Floats, counts: Mapping[str, Ints], bands: int) -> Spread:
    """Spread the people of each zone over the dwellings in it in proportion to their floor area.

    zone_of object[d] is each dwelling's zone, None where it is in none; floor_area_m2 float64[d]; counts gives each
    zone's people by band, int64[bands]. By largest remainder: every dwelling has its exact share rounded down or up,
    every zone keeps its people of every band. A zone whose dwellings have no floor area counts as one without any.
    """
    residents = np.zeros((len(zone_of), bands), np.int64)
    unlocated: dict[str, Ints] = {}
    members: dict[str, list[int]] = {}
    for row, zone in enumerate(zone_of.tolist()):
        if zone is not None:
            members.setdefault(zone, []).append(row)
    for zone, people in counts.items():
        inside = np.array(members.get(zone, []), np.int64)
        if len(inside) == 0 or not floor_area_m2[inside].sum() > 0:
            unlocated[zone] = people
        else:
            residents[inside] += spread(apportion(int(people.sum()), floor_area_m2[inside]), people)
    return Spread(residents, unlocated)


def points(connection: Connection, place_id: int) -> Floats:
    """Give lon, lat [degrees, WGS 84] of the residential buildings of a place, in the order of residents.dwellings."""
    rows = connection.execute(
        sa.text("""
        SELECT ST_X(point), ST_Y(point) FROM building
        WHERE place_id = :place AND residential ORDER BY source_id COLLATE "C"
        """),
        {"place": place_id},
    ).all()
    return np.array([tuple(row) for row in rows], np.float64).reshape(-1, 2)


def households(connection: Connection, place_id: int) -> dict[int, int]:
    """Give the households of each building of a place that has any, by id; of a place without residents there are none."""
    rows = connection.execute(
        sa.text("SELECT id, households FROM building WHERE place_id = :place AND households > 0"), {"place": place_id}
    )
    return {row.id: row.households for row in rows}


def within_grids(connection: Connection, place_id: int) -> dict[str, frozenset[str]]:
    """Give, by the code of each street, community and grid of a place, the codes of the grids in it: a grid's its own."""
    rows = connection.execute(sa.text(WITHIN), {"place": place_id})
    return {code: frozenset(inside) for code, inside in rows}


WITHIN = """
WITH RECURSIVE inside AS (
    SELECT code AS top, id, code FROM grid WHERE place_id = :place
    UNION ALL
    SELECT inside.top, grid.id, grid.code FROM inside JOIN grid ON grid.parent_id = inside.id
)
SELECT top, array_agg(code) FROM inside GROUP BY top
"""
