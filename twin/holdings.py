"""What a place has, as the registers ask: floor area by function, workers, people, sensed buildings, layers with their age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from twin import residents, unlocated
from twin.db import Connection
from twin.devices import Thing
from twin.terms import AgeBand, Condition, Service, ThingKind

__all__ = [
    "STALE_MONTHS",
    "FloorArea",
    "Layer",
    "People",
    "Sensed",
    "Staff",
    "Tended",
    "floor_area",
    "layers",
    "outside_grids",
    "people",
    "sensed",
    "staff",
    "tended",
]

STALE_MONTHS = 12  # a layer older than this is marked; an assumption
DAYS_A_MONTH = 30.44


@dataclass(frozen=True, slots=True)
class FloorArea:
    """Floor area of a place's facilities by function [m²], each site once; sites says of how many it is known."""

    office_m2: float
    service_m2: float
    activity_m2: float
    emergency_m2: float
    sites: int
    sites_without: int

    @property
    def total_m2(self) -> float:
        """All functions together."""
        return self.office_m2 + self.service_m2 + self.activity_m2 + self.emergency_m2


@dataclass(frozen=True, slots=True)
class Staff:
    """Workers of a place's community stations, each site once; sites says of how many it is known."""

    workers: int
    sites: int
    sites_without: int


@dataclass(frozen=True, slots=True)
class Tended:
    """Grids of a place, how many have a grid worker, and the codes of the vacant ones. Never who the worker is."""

    grids: int
    with_worker: int
    vacant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Residents of an age band as they may be shown; residents = located + not_located, the denominator of any share."""

    band: str
    residents: int
    located: int
    not_located: int


@dataclass(frozen=True, slots=True)
class Sensed:
    """Residential buildings with devices of a kind in them: with one that works, and with none but silent ones."""

    kind: str
    buildings: int
    working: int
    silent: int  # silent or never seen: not known, never normal
    share: float | None  # working of buildings; None where there are none
    devices: int
    offline_share: float | None  # silent or never seen, of devices


@dataclass(frozen=True, slots=True)
class Layer:
    """A source of the base data: when it is of, or was loaded; stale where that is too long ago."""

    name: str
    source: str
    at: datetime | None
    stale: bool


def floor_area(connection: Connection, place_id: int) -> FloorArea:
    """Add up the floor areas of a place's facilities; a site with several services counts once."""
    return FloorArea(*connection.execute(sa.text(AREAS), {"place": place_id}).one())


def staff(connection: Connection, place_id: int) -> Staff:
    """Add up the workers of a place's community stations."""
    values = {"place": place_id, "service": Service.COMMUNITY_STATION.value}
    return Staff(*connection.execute(sa.text(STAFF), values).one())


def tended(connection: Connection, place_id: int) -> Tended:
    """Say which grids have a worker: an account of that role, not disabled, that holds the grid; raises Forbidden.

    A grid worker is told of the own grids only.
    """
    rows = connection.execute(sa.text(TENDED), {"place": place_id}).all()
    vacant = tuple(row.code for row in rows if not row.has_worker)
    return Tended(len(rows), len(rows) - len(vacant), vacant)


TENDED = """
SELECT g.code, EXISTS (SELECT FROM tended_grid AS t WHERE t.grid_id = g.id) AS has_worker
FROM grid AS g WHERE g.place_id = :place AND g.level = 'grid' ORDER BY g.code
"""


def people(connection: Connection, place_id: int) -> list[People]:
    """Give the residents of a place by age band, with those who are not located, as they may be shown."""
    located = residents.by_band(connection, place_id)
    away = unlocated.shown(connection, place_id)
    bands = sorted(located.keys() | away.keys(), key=lambda band: AgeBand.parse(band).start)
    both = ((band, located.get(band, 0), away.get(band, 0)) for band in bands)
    return [People(band, here + missing, here, missing) for band, here, missing in both]


def sensed(connection: Connection, place_id: int, things: Sequence[Thing], kind: ThingKind) -> Sensed:
    """Count the residential buildings in whose outline a device of a kind stands that reports in time."""
    mine = [thing for thing in things if thing.kind == kind]
    working = [thing.id for thing in mine if thing.condition is Condition.OK]
    row = connection.execute(
        sa.text(SENSED), {"place": place_id, "ids": [thing.id for thing in mine], "working": working}
    ).one()
    return Sensed(
        kind=kind.value,
        buildings=row.buildings,
        working=row.working,
        silent=row.sensed - row.working,
        share=round(row.working / row.buildings, 4) if row.buildings else None,
        devices=len(mine),
        offline_share=round(1 - len(working) / len(mine), 3) if mine else None,
    )


def outside_grids(connection: Connection, place_id: int) -> list[str]:
    """List the devices of a place that stand in none of its grids, by key; every other is in the grid that covers it."""
    return list(connection.scalars(sa.text(OUTSIDE), {"place": place_id}))


def layers(connection: Connection, place_id: int, now: datetime, *, months: float = STALE_MONTHS) -> list[Layer]:
    """List the base data of a place with source and age: the map by the date of its data, files by when they came."""
    rows = connection.execute(sa.text(LAYERS), {"place": place_id})
    oldest_s = months * DAYS_A_MONTH * 86_400
    return [Layer(name, source, at, at is None or (now - at).total_seconds() > oldest_s) for name, source, at in rows]


SITES = """
WITH site AS (
    SELECT source_id, source, max(office_m2) AS office, max(service_m2) AS service, max(activity_m2) AS activity,
        max(emergency_m2) AS emergency, max(staff) AS staff
    FROM facility WHERE place_id = :place AND {which} GROUP BY source_id, source
)
"""

AREAS = f"""
{SITES.format(which="coalesce(office_m2, service_m2, activity_m2, emergency_m2) IS NOT NULL OR service = 'community_station'")}
SELECT coalesce(sum(office), 0), coalesce(sum(service), 0), coalesce(sum(activity), 0), coalesce(sum(emergency), 0),
    count(*) FILTER (WHERE coalesce(office, service, activity, emergency) IS NOT NULL),
    count(*) FILTER (WHERE coalesce(office, service, activity, emergency) IS NULL)
FROM site
"""

STAFF = f"""
{SITES.format(which="service = :service")}
SELECT coalesce(sum(staff), 0), count(staff), count(*) - count(staff) FROM site
"""

SENSED = """
SELECT count(*) AS buildings, count(*) FILTER (WHERE any_one) AS sensed, count(*) FILTER (WHERE one_works) AS working
FROM (
    SELECT bool_or(t.id IS NOT NULL) AS any_one, bool_or(t.id = ANY(CAST(:working AS integer[]))) AS one_works
    FROM building AS b LEFT JOIN thing AS t ON t.id = ANY(CAST(:ids AS integer[])) AND ST_Covers(b.geom, t.point)
    WHERE b.place_id = :place AND b.residential GROUP BY b.id
) AS each
"""

OUTSIDE = """
SELECT t.key FROM thing AS t
WHERE t.place_id = :place AND t.point IS NOT NULL AND NOT EXISTS (
    SELECT FROM grid AS g WHERE g.place_id = t.place_id AND g.level = 'grid' AND ST_Covers(g.geom, t.point))
ORDER BY t.key COLLATE "C"
"""

LAYERS = """
SELECT 'map', attribution, data_time FROM place WHERE id = :place
UNION ALL
SELECT * FROM (
    SELECT DISTINCT ON (kind) kind, file_name, at FROM import_receipt
    WHERE kind NOT IN ('demo', 'place', 'osm') ORDER BY kind, at DESC
) AS file
"""
