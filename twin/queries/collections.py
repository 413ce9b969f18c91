"""What the twin shows as collections of features: each a SELECT, its properties and their kinds.

To add a collection, add one entry to COLLECTIONS: the interfaces know nothing of any by name. None shows a count of
residents but `coverage`, whose rows come from the simulation as they may be shown. Devices in dwellings are in none, but for the care
role's `cases`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy import Subquery

from twin.devices import WELFARE
from twin.errors import NotFound
from twin.history import as_of
from twin.queries.expressions import Kind
from twin.queries.typed import TYPES, Typed

__all__ = ["COLLECTIONS", "Collection", "Past", "Shown", "collection"]

NUMBER, TEXT, TRUTH, TIME = Kind.NUMBER, Kind.TEXT, Kind.TRUTH, Kind.TIME


@dataclass(frozen=True, slots=True)
class Past:
    """A moment of the past and the last revision that had begun by then."""

    moment: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection; `select` binds :place and, where the rows are computed, :rows (JSON).

    `interval` names the properties of the time it is of, for `datetime`. One without stands for a moment: for now, or for a
    moment of the past where it `is_kept`; its tables are then in braces (`twin.history.as_of`), and it may bind :moment, null for now.
    `version` gives a text that changes with its features, of a layer that has no number of its own in layer_version: what
    ingest writes in every batch must not wait for one row.
    """

    id: str
    title: str
    title_zh: str
    description: str
    geometry: str  # as GeoJSON names it
    properties: Mapping[str, Kind]
    select: str
    interval: tuple[str, str] | None = None
    is_computed: bool = False
    is_kept: bool = False
    version: str | None = None

    def of(self, place_id: int, computed: str | None = None, past: Past | None = None) -> Shown:
        """Give the collection's rows of one place; of what is kept, as they were in the past where one is named."""
        shape: Any = Geometry(srid=4326)
        kinds = {name: TYPES[kind] for name, kind in self.properties.items()}
        values: dict[str, Any] = {"place": place_id} | ({"rows": computed or "[]"} if self.is_computed else {})
        if ":moment" in self.select:
            values["moment"] = None if past is None else past.moment
        select = as_of(self.select, None if past is None else past.revision) if self.is_kept else self.select
        asked = sa.text(select).bindparams(**values).columns(id=sa.BigInteger, geom=shape, **kinds)
        return Shown(self, asked.subquery())


@dataclass(frozen=True, slots=True)
class Shown:
    """A collection of one place; the rows have id, geom and the properties."""

    collection: Collection
    rows: Subquery

    def typed(self) -> Mapping[str, Typed]:
        """Give what a filter may name: the properties, the id and the geometry, under either of its names."""
        columns = self.rows.c
        shape = Typed(Kind.SHAPE, columns.geom)
        named = {name: Typed(kind, columns[name]) for name, kind in self.collection.properties.items()}
        return named | {"id": Typed(NUMBER, columns.id), "geometry": shape, "geom": shape}


def collection(name: str) -> Collection:
    """Give the collection of this name. Raises NotFound."""
    if name not in COLLECTIONS:
        raise NotFound(f"no collection is called {name[:50]}; there are {', '.join(COLLECTIONS)}")
    return COLLECTIONS[name]


COLLECTIONS: dict[str, Collection] = {
    one.id: one
    for one in (
        Collection(
            "grids",
            "Grids",
            "网格",
            "Streets, communities and the grids in them.",
            "MultiPolygon",
            {
                "code": TEXT,
                "name": TEXT,
                "name_zh": TEXT,
                "level": TEXT,
                "parent_code": TEXT,
                "households": NUMBER,
                "generated": TRUTH,
            },
            """
SELECT g.id, g.geom, g.code, g.name, g.name_zh, g.level, parent.code AS parent_code, g.households, g.generated
FROM {grid} AS g LEFT JOIN {grid} AS parent ON parent.id = g.parent_id WHERE g.place_id = :place
""",
            is_kept=True,
        ),
        Collection(
            "buildings",
            "Buildings",
            "楼栋",
            "Buildings with their floors; `lift` is null where nobody has said.",
            "MultiPolygon",
            {
                "source_id": TEXT,
                "name": TEXT,
                "address": TEXT,
                "kind": TEXT,
                "residential": TRUTH,
                "floors": NUMBER,
                "floors_assumed": TRUTH,
                "lift": TRUTH,
                "footprint_m2": NUMBER,
                "grid_code": TEXT,
            },
            """
SELECT b.id, b.geom, b.source_id, b.name, b.address, b.kind, b.residential, b.floors, b.floors_assumed, b.lift,
    b.footprint_m2, g.code AS grid_code
FROM {building} AS b LEFT JOIN {grid} AS g ON g.id = b.grid_id WHERE b.place_id = :place
""",
            is_kept=True,
        ),
        Collection(
            "facilities",
            "Facilities",
            "设施",
            "Places that give a service; opening_hours as OpenStreetMap writes them.",
            "Point",
            {
                "source_id": TEXT,
                "service": TEXT,
                "name": TEXT,
                "name_zh": TEXT,
                "opening_hours": TEXT,
                "step_free": TRUTH,
                "capacity": NUMBER,
                "source": TEXT,
            },
            """
SELECT id, point AS geom, source_id, service, name, name_zh, opening_hours, step_free, capacity, source
FROM {facility} AS facility WHERE place_id = :place
""",
            is_kept=True,
        ),
        Collection(
            "network",
            "Walking network",
            "步行网络",
            "Edges of the walking network with what is known of them.",
            "LineString",
            {
                "source_id": TEXT,
                "kind": TEXT,
                "name": TEXT,
                "one_way": TRUTH,
                "length_m": NUMBER,
                "incline": NUMBER,
                "step_count": NUMBER,
                "kerb": TEXT,
                "surface": TEXT,
                "width_m": NUMBER,
                "wheelchair": TEXT,
                "barrier": TEXT,
                "lit": TRUTH,
                "tunnel": TRUTH,
            },
            """
SELECT id, geom, source_id, kind, name, one_way, length_m, incline, step_count, kerb, surface, width_m, wheelchair,
    barrier, lit, tunnel
FROM {network_edge} AS network_edge WHERE place_id = :place
""",
            is_kept=True,
        ),
        Collection(
            "things",
            "Devices",
            "设备",
            "Sensors where they stand, with the time of their newest reading; last_time is null where none ever came, and where newer ones came since.",
            "Point",
            {
                "key": TEXT,
                "name": TEXT,
                "name_zh": TEXT,
                "kind": TEXT,
                "format": TEXT,
                "interval_s": NUMBER,
                "simulated": TRUTH,
                "watched_grid_code": TEXT,
                "last_time": TIME,
            },
            f"""
SELECT t.id, t.point AS geom, t.key, t.name, t.name_zh, t.kind, t.format, t.interval_s, t.simulated,
    g.code AS watched_grid_code, (SELECT max(latest.time) FROM {{datastream}} AS d JOIN latest ON latest.datastream_id = d.id
     WHERE d.thing_id = t.id AND latest.time <= coalesce(CAST(:moment AS timestamptz), 'infinity')) AS last_time
FROM {{thing}} AS t LEFT JOIN {{grid}} AS g ON g.id = t.watched_grid_id
WHERE t.place_id = :place AND t.kind NOT IN ({", ".join(f"'{kind}'" for kind in sorted(WELFARE))})
""",
            is_kept=True,
        ),
        Collection(
            "losses",
            "Service losses",
            "服务中断",
            "Buildings that lost a service, from when till when; until is null while it lasts. Not how many people.",
            "Point",
            {
                "service": TEXT,
                "mobility_group": TEXT,
                "certain": TRUTH,
                "limit_s": NUMBER,
                "usual_s": NUMBER,
                "now_s": NUMBER,
                "next_best": TEXT,
                "building_name": TEXT,
                "since": TIME,
                "until": TIME,
            },
            """
SELECT l.id, b.point AS geom, l.service, l.mobility_group, l.certain, l.limit_s, l.usual_s, l.now_s,
    f.name AS next_best, b.name AS building_name, l.since, l.until
FROM service_loss AS l JOIN building AS b ON b.id = l.building_id LEFT JOIN facility AS f ON f.id = l.facility_id
WHERE l.place_id = :place
""",
            interval=("since", "until"),
        ),
        Collection(
            "cases",
            "Cases",
            "处置事项",
            "Alarms and what became of them, from raised to closed; where is null for those of no device. Not how many people.",
            "Point",
            {
                "kind": TEXT,
                "severity": TEXT,
                "standing": TEXT,
                "urgency": NUMBER,
                "count": NUMBER,
                "subject": TEXT,
                "thing_key": TEXT,
                "thing_name": TEXT,
                "thing_kind": TEXT,
                "raised_at": TIME,
                "acknowledged_at": TIME,
                "escalated_at": TIME,
                "cleared_at": TIME,
                "closed_at": TIME,
            },
            """
SELECT a.id, t.point AS geom, a.kind, a.severity, CASE WHEN a.closed_at IS NOT NULL THEN 'closed'
    WHEN a.cleared_at IS NOT NULL THEN 'cleared' WHEN a.suppressed_by IS NOT NULL THEN 'explained' ELSE 'open' END AS standing,
    a.urgency, a.count, a.subject, t.key AS thing_key, t.name AS thing_name, t.kind AS thing_kind,
    a.raised_at, a.acknowledged_at, a.escalated_at, a.cleared_at, a.closed_at
FROM alarm AS a LEFT JOIN thing AS t ON t.id = a.thing_id WHERE a.place_id = :place
""",
            interval=("raised_at", "cleared_at"),
            version="""
SELECT concat_ws('-', count(*), sum(hashtext(concat_ws('|', id, severity, urgency, count, suppressed_by, acknowledged_at,
    escalated_at, cleared_at, closed_at)))) FROM alarm
""",
        ),
        Collection(
            "coverage",
            "Coverage by grid",
            "网格覆盖率",
            "Who reaches which service within 15 minutes, now, by grid; shares of the grid's residents.",
            "MultiPolygon",
            {
                "grid_code": TEXT,
                "grid_name": TEXT,
                "service": TEXT,
                "mobility_group": TEXT,
                "minutes": NUMBER,
                "residents": NUMBER,
                "share": NUMBER,
                "share_possible": NUMBER,
            },
            """
SELECT r.id, g.geom, g.code AS grid_code, g.name AS grid_name, r.service, r.mobility_group, r.minutes, r.residents,
    r.share, r.share_possible
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, grid_id integer, service text, mobility_group text,
    minutes double precision, residents double precision, share double precision, share_possible double precision)
JOIN grid AS g ON g.id = r.grid_id WHERE g.place_id = :place
""",
            is_computed=True,
        ),
    )
}
