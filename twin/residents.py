"""Residents, as counts by building and age band: linli holds no register of persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import ArrayLike, NDArray

from twin import counts
from twin.buildings import Buildings
from twin.db import Connection
from twin.rounding import apportion, spread
from twin.staging import Merged, driver, stage
from twin.terms import AgeBand

__all__ = [
    "Counts",
    "Dwellings",
    "Residents",
    "by_band",
    "by_floor",
    "dwellings",
    "estimate",
    "load",
    "load_shown",
    "store",
]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Residents:
    """The residents of a place: counts int32[b, bands], rows as in Buildings, columns the age bands from the youngest.

    units int64[bands]: what the counts of a band are multiples of, 1 where they are as counted; the people of a floor
    are then multiples too. lives bool[b, bands]: somebody of the band lives there, though the count may say 0.
    """

    bands: tuple[str, ...]
    counts: NDArray[np.int32]
    units: Ints
    lives: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Dwellings:
    """The residential buildings of a place, by source id: ids int64[d], source_ids, floor_area_m2 float64[d].

    The floor area is footprint times floors. grid_codes has "" for a building that is in no grid yet.
    """

    ids: Ints
    source_ids: tuple[str, ...]
    floor_area_m2: NDArray[np.float64]
    grid_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Residents int64[d, bands] and households int64[d] by dwelling, estimated or given; bands from the youngest."""

    bands: tuple[str, ...]
    residents: Ints
    households: Ints


def estimate(
    where: Dwellings,
    *,
    residents: int,
    households: int,
    shares: Mapping[str, float],
    order: Sequence[int] | None = None,
) -> Counts:
    """Spread official totals over the dwellings by their floor area.

    shares gives each age band its share of the residents; they need not add up to 1, as published shares are rounded.
    Whatever `order` is, a permutation of the dwellings, each gets the same residents and households; along it, the age
    bands of any run of dwellings are less than 2 people from their share. No order: that of the dwellings.

    Every dwelling with residents has a household, and none more households than residents.
    """
    people = apportion(residents, where.floor_area_m2)
    along = np.arange(len(people)) if order is None else np.asarray(order, dtype=np.int64)
    bands = tuple(sorted(shares, key=lambda band: AgeBand.parse(band).start))
    table = np.zeros((len(people), len(bands)), dtype=np.int64)
    table[along] = spread(people[along], apportion(residents, [shares[band] for band in bands]))
    return Counts(bands, table, split_households(people, households))


def split_households(people: Ints, households: int) -> Ints:
    """Divide households in proportion to people: one at least where there are any, and no more than people.

    Where there are fewer households than dwellings with people, or more than people, only the sum is kept.
    """
    lived_in = people > 0
    if not lived_in.sum() <= households <= people.sum():
        return apportion(households, people)
    return lived_in + apportion(households - int(lived_in.sum()), np.maximum(people - 1, 0))


def by_floor(counts: ArrayLike, floors: int) -> Ints:
    """Split a building's residents evenly over its floors, the ground floor first; shape (floors, bands).

    Bands and total are kept, and two floors differ by one person at most; the larger floors are as far from each other
    as they can be, so that none is favoured. Which floors have dwellings is not known, so
    people are put on the ground floor too, though it may hold shops; that makes no one's way longer than it is.
    """
    bands = np.asarray(counts, dtype=np.int64)
    up_to = (2 * int(bands.sum()) * np.arange(floors + 1) + floors) // (2 * floors)  # the even share, to the nearest
    return spread(np.diff(up_to), bands)


def dwellings(connection: Connection, place_id: int) -> Dwellings:
    """Read the residential buildings of a place."""
    rows = connection.execute(
        sa.text("""
        SELECT b.id, b.source_id, b.footprint_m2 * b.floors, coalesce(g.code, '')
        FROM building AS b LEFT JOIN grid AS g ON g.id = b.grid_id
        WHERE b.place_id = :place AND b.residential ORDER BY b.source_id COLLATE "C"
        """),
        {"place": place_id},
    ).all()
    return Dwellings(
        ids=np.array([row[0] for row in rows], dtype=np.int64),
        source_ids=tuple(row[1] for row in rows),
        floor_area_m2=np.array([row[2] for row in rows], dtype=np.float64),
        grid_codes=tuple(row[3] for row in rows),
    )


def by_band(connection: Connection, place_id: int) -> dict[str, int]:
    """Count the residents of a place as they may be shown, by age band, the youngest first."""
    rows = connection.execute(
        sa.text("""
        SELECT age_band, sum(residents)::integer FROM resident_shown WHERE place_id = :place GROUP BY 1
        """),
        {"place": place_id},
    )
    return {band: n for band, n in sorted(rows, key=lambda row: AgeBand.parse(row[0]).start)}  # noqa: C416  # rows are no pairs to mypy


def load(connection: Connection, buildings: Buildings) -> Residents:
    """Read the residents of these buildings as counted; a place without any has no bands."""
    query = "SELECT building_id, age_band, residents FROM resident_count WHERE building_id = ANY(:ids)"
    bands, found, lives = _read(connection, query, buildings, {"ids": buildings.ids.tolist()})
    return Residents(bands, found, np.ones(len(bands), np.int64), lives)


def load_shown(connection: Connection, place_id: int, buildings: Buildings, revision: int | None = None) -> Residents:
    """Read the residents of a place as they may be shown, or might after a revision; `twin.counts` says what that is."""
    shown = "resident_shown" if revision is None else "resident_shown_at(:revision)"
    query = f"SELECT building_id, age_band, residents FROM {shown} WHERE place_id = :place"
    bands, found, lives = _read(connection, query, buildings, {"place": place_id, "revision": revision})
    return Residents(bands, found, counts.steps(bands), lives)


def _read(
    connection: Connection, query: str, buildings: Buildings, values: Mapping[str, object]
) -> tuple[tuple[str, ...], NDArray[np.int32], NDArray[np.bool_]]:
    """Read bands, counts, and where there is somebody: a row says that, whatever number is in it."""
    rows = connection.execute(sa.text(query), values).all()
    bands = tuple(sorted({row.age_band for row in rows}, key=lambda band: AgeBand.parse(band).start))
    column = {band: position for position, band in enumerate(bands)}
    people = np.zeros((len(buildings.ids), len(bands)), dtype=np.int32)
    at = np.searchsorted(buildings.ids, [row.building_id for row in rows])
    columns = [column[row.age_band] for row in rows]
    people[at, columns] = [row.residents for row in rows]
    lives = np.zeros(people.shape, np.bool_)
    lives[at, columns] = True
    people.setflags(write=False)
    return bands, people, lives


def store(connection: Connection, place_id: int, ids: Ints, found: Counts, *, method: str) -> Merged:
    """Make the residents and households of a place these, sum the households of its grids, and put the method on record.

    ids int64[d] are the buildings that the rows of `found` are about; other buildings of the place have none. Gives what
    changed of the counts that are not 0.
    """
    row, column = np.nonzero(found.residents)
    bands = [found.bands[i] for i in column.tolist()]
    people = zip(ids[row].tolist(), bands, found.residents[row, column].tolist(), strict=True)
    stage(connection, "staged_count", {"building_id": "integer", "age_band": "text", "residents": "integer"}, people)
    homes = zip(ids.tolist(), found.households.tolist(), strict=True)
    stage(connection, "staged_household", {"building_id": "integer", "households": "integer"}, homes)
    with driver(connection).cursor() as cursor:
        removed = cursor.execute(REMOVE, {"place": place_id}).rowcount
        written = [is_new for (is_new,) in cursor.execute(WRITE).fetchall()]
        cursor.execute(HOUSEHOLDS, {"place": place_id})
        cursor.execute(GRID_HOUSEHOLDS, {"place": place_id})
        cursor.execute("UPDATE place SET residents_method = %s WHERE id = %s", (method, place_id))
    return Merged(added=sum(written), changed=len(written) - sum(written), removed=removed)


REMOVE = """
DELETE FROM resident_count AS old USING building AS b
WHERE b.id = old.building_id AND b.place_id = %(place)s AND NOT EXISTS (
    SELECT FROM staged_count AS new WHERE (new.building_id, new.age_band) = (old.building_id, old.age_band))
"""

WRITE = """
INSERT INTO resident_count AS old (building_id, age_band, residents)
SELECT building_id, age_band, residents FROM staged_count
ON CONFLICT (building_id, age_band) DO UPDATE SET residents = excluded.residents
WHERE old.residents <> excluded.residents
RETURNING old.xmax = 0
"""

HOUSEHOLDS = """
UPDATE building AS old SET households = new.households
FROM (SELECT b.id, coalesce(s.households, 0) AS households
      FROM building AS b LEFT JOIN staged_household AS s ON s.building_id = b.id WHERE b.place_id = %(place)s) AS new
WHERE old.id = new.id AND old.households <> new.households
"""

GRID_HOUSEHOLDS = """
WITH RECURSIVE inside AS (
    SELECT id AS top, id FROM grid WHERE place_id = %(place)s
    UNION ALL
    SELECT inside.top, grid.id FROM inside JOIN grid ON grid.parent_id = inside.id
), total AS (
    SELECT top, coalesce(sum(b.households), 0) AS households
    FROM inside LEFT JOIN building AS b ON b.grid_id = inside.id GROUP BY top
)
UPDATE grid SET households = total.households FROM total
WHERE grid.id = total.top AND grid.households <> total.households
"""
