"""Enrolling devices: a thing, its datastreams, and the effects that bind them to what it watches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import places

__all__ = ["GRID", "Device", "Element", "Enrolment", "Rule", "Stream", "elements", "enrol"]

GRID = "grid"  # what a device can watch beside an element: it is linked to it and closes nothing


@dataclass(frozen=True, slots=True)
class Stream:
    """One property a device reports, its UCUM unit and the range its type allows.

    A `category` is one of `words`, stored as its place among them; `text` is any. Both have the unit 1.
    """

    property: str
    unit: str
    lowest: float
    highest: float
    result: str = "number"
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """When a reading of `property` closes the watched element; the limits have the property's unit."""

    property: str
    mobility_groups: tuple[str, ...] | None = None  # None: for everybody
    closes_above: float | None = None
    closes_below: float | None = None
    opens_below: float | None = None  # hysteresis; None: the closing limit
    opens_above: float | None = None
    slows_above: float | None = None  # past these, and not closed, it is slower: by a factor and so many seconds
    slows_below: float | None = None
    slow_factor: float | None = None  # this and slow_s None: an escalator is walked as steps
    slow_s: float | None = None
    max_closed_s: int | None = None
    hold_s: int = 0  # past a limit for so long before the state changes
    lock_s: int = 0  # closed for at least so long


@dataclass(frozen=True, slots=True)
class Device:
    """A device to enrol, its place in WGS 84; `watches` is `kind:source id`, such as `edge:n1685108365`, or `grid:code`."""

    key: str
    name: str
    name_zh: str | None
    kind: str
    format: str
    topic: str
    lon: float | None  # None, and lat with it: at the watched element
    lat: float | None
    interval_s: int
    simulated: bool
    watches: str | None
    streams: tuple[Stream, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What enrolling did, by device key."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]  # key, reason


class Element(NamedTuple):
    """One element of the twin, or a grid, that a device can watch."""

    kind: str
    id: int
    lon: float
    lat: float


# A source id with no index means all pieces of that way or lift: n123 is n123:0 and n123:1 too.
ELEMENTS = sa.text("""
WITH asked AS (SELECT watch, split_part(watch, ':', 1) AS kind, substr(watch, strpos(watch, ':') + 1) AS source
                 FROM unnest(CAST(:watches AS text[])) AS watch),
edges AS (
    SELECT a.watch, e.id, e.geom FROM asked a JOIN network_edge e ON e.source_id = a.source
     WHERE a.kind = 'edge' AND e.place_id = :place_id
    UNION ALL
    SELECT a.watch, e.id, e.geom FROM asked a JOIN network_edge e ON split_part(e.source_id, ':', 1) = a.source
     WHERE a.kind = 'edge' AND e.place_id = :place_id AND e.source_id <> a.source),
found AS (
    SELECT watch, 'edge' AS kind, id, ST_LineInterpolatePoint(geom, 0.5) AS point FROM edges
    UNION ALL
    SELECT a.watch, a.kind, f.id, f.point FROM asked a JOIN facility f ON f.source_id = a.source
     WHERE a.kind = 'facility' AND f.place_id = :place_id
    UNION ALL
    SELECT a.watch, a.kind, b.id, b.point FROM asked a JOIN building b ON b.source_id = a.source
     WHERE a.kind = 'building_lift' AND b.place_id = :place_id
    UNION ALL
    SELECT a.watch, a.kind, g.id, ST_PointOnSurface(g.geom) FROM asked a JOIN grid g ON g.code = a.source
     WHERE a.kind = 'grid' AND g.place_id = :place_id)
SELECT watch, kind, id, ST_X(point) AS lon, ST_Y(point) AS lat FROM found ORDER BY watch, id
""")


def elements(connection: Connection, place_id: int, watches: Sequence[str]) -> dict[str, list[Element]]:
    """Find what each `kind:source id` names; one that names nothing is not in the answer.

    A way or lift of several pieces gives one element a piece, a facility with several services one a service.
    """
    found: dict[str, list[Element]] = {}
    for row in connection.execute(ELEMENTS, {"place_id": place_id, "watches": list(watches)}):
        found.setdefault(row.watch, []).append(Element(row.kind, row.id, row.lon, row.lat))
    return found


# How far from the place [m], and how far with lon and lat swapped; swapped ones may be no place on the earth.
DISTANCES = sa.text("""
SELECT d.key, d.lon, d.lat, ST_Distance(p.boundary::geography, ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4326)::geography) AS away_m,
       CASE WHEN abs(d.lon) <= 90 THEN
           ST_Distance(p.boundary::geography, ST_SetSRID(ST_MakePoint(d.lat, d.lon), 4326)::geography) END AS swapped_m
  FROM unnest(CAST(:keys AS text[]), CAST(:lons AS float8[]), CAST(:lats AS float8[])) AS d(key, lon, lat)
  JOIN place p ON p.id = :place_id
 WHERE NOT ST_DWithin(p.boundary::geography, ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4326)::geography, :most_m)
""")
FARTHEST_M = 10_000.0  # of a device from the boundary of its place: what is farther is a mistake


def enrol(connection: Connection, place_id: int, batch: Sequence[Device]) -> Enrolment:
    """Enrol the devices of one place, or bring enrolled ones up to date; keys are unique in `batch`.

    The same batch twice changes nothing. A device keeps its kind, its place and the history of its datastreams; an
    effect that stays keeps its state, a new one starts unknown. Devices not in `batch` are left alone. Where what is
    watched has changed, the network's version counts up: what was open for want of a sensor may be unknown now, and a
    building has a lift where one is watched.
    """
    found = elements(connection, place_id, [device.watches for device in batch if device.watches])
    rejected = _refusals(connection, place_id, batch, found)
    taken = [device for device in batch if device.key not in rejected]
    rows = json.dumps([_row(device, found.get(device.watches or "", [])) for device in taken])
    touched: dict[str, bool] = {}
    is_bound_anew = False
    for statement in (STORE_THINGS, STORE_STREAMS, STORE_WORDS, DROP_EFFECTS, STORE_EFFECTS):
        for key, is_new in connection.execute(statement, {"place_id": place_id, "rows": rows}):
            touched[key] = touched.get(key, False) or is_new
            is_bound_anew |= statement in (DROP_EFFECTS, STORE_EFFECTS)
    if is_bound_anew:
        places.bump(connection, place_id)
    return Enrolment(
        added=tuple(device.key for device in taken if touched.get(device.key) is True),
        changed=tuple(device.key for device in taken if touched.get(device.key) is False),
        unchanged=tuple(device.key for device in taken if device.key not in touched),
        rejected=tuple(rejected.items()),
    )


def _refusals(
    connection: Connection, place_id: int, batch: Sequence[Device], found: dict[str, list[Element]]
) -> dict[str, str]:
    """Say for each device that cannot be enrolled why."""
    enrolled = {
        row.key: row
        for row in connection.execute(
            sa.text("SELECT key, kind, place_id FROM thing WHERE key = ANY(:keys)"), {"keys": [d.key for d in batch]}
        )
    }
    reasons = _strays(connection, place_id, batch)
    for device in batch:
        known = enrolled.get(device.key)
        if known is not None and known.place_id != place_id:
            reasons[device.key] = "this key is enrolled in another place"
        elif known is not None and known.kind != device.kind:
            reasons[device.key] = f"this key is enrolled as a {known.kind}: a device keeps its kind"
        elif device.watches and device.watches not in found:
            reasons[device.key] = f"watches {device.watches}, which is not in this place"
        elif device.lon is None and (not device.watches or device.watches.startswith(f"{GRID}:")):
            reasons[device.key] = "has neither lon and lat nor an element that it watches"
    return reasons


def _strays(connection: Connection, place_id: int, batch: Sequence[Device]) -> dict[str, str]:
    """Say of each device that stands nowhere near the place how far off it is, or that lon and lat are swapped."""
    placed = [device for device in batch if device.lon is not None]
    values = {"keys": [d.key for d in placed], "lons": [d.lon for d in placed], "lats": [d.lat for d in placed]}
    reasons = {}
    for row in connection.execute(DISTANCES, values | {"place_id": place_id, "most_m": FARTHEST_M}):
        if row.swapped_m is not None and row.swapped_m <= FARTHEST_M:
            reasons[row.key] = (
                f"lon {row.lon:g}, lat {row.lat:g} are the wrong way round: swapped they are in this place"
            )
        else:
            reasons[row.key] = (
                f"lon {row.lon:g}, lat {row.lat:g} is {row.away_m / 1000:.0f} km from this place; "
                f"a device stands within {FARTHEST_M / 1000:.0f} km of it"
            )
    return reasons


def _row(device: Device, watched: Sequence[Element]) -> dict[str, object]:
    """Make the JSON that the statements below read."""
    lon, lat = (device.lon, device.lat) if device.lon is not None else (watched[0].lon, watched[0].lat)
    grid = next((element.id for element in watched if element.kind == GRID), None)
    targets = [{"element_kind": element.kind, "element_id": element.id} for element in watched if element.kind != GRID]
    return asdict(device) | {"lon": lon, "lat": lat, "targets": targets, "watched_grid_id": grid}


STORE_THINGS = sa.text("""
INSERT INTO thing (place_id, key, name, name_zh, kind, format, topic, interval_s, simulated, point, watched_grid_id)
SELECT :place_id, key, name, name_zh, kind, format, topic, interval_s, simulated, ST_SetSRID(ST_MakePoint(lon, lat), 4326),
       watched_grid_id
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, name text, name_zh text, kind text, format text,
       topic text, interval_s integer, simulated boolean, lon double precision, lat double precision, watched_grid_id integer)
ON CONFLICT (key) DO UPDATE
   SET name = excluded.name, name_zh = excluded.name_zh, format = excluded.format, topic = excluded.topic,
       interval_s = excluded.interval_s, simulated = excluded.simulated, point = excluded.point,
       watched_grid_id = excluded.watched_grid_id
 WHERE (thing.name, thing.name_zh, thing.format, thing.topic, thing.interval_s, thing.simulated, thing.point,
        thing.watched_grid_id)
       IS DISTINCT FROM (excluded.name, excluded.name_zh, excluded.format, excluded.topic, excluded.interval_s,
                         excluded.simulated, excluded.point, excluded.watched_grid_id)
RETURNING key, xmax = 0 AS is_new
""")

# A property that a kind no longer has keeps its datastream: history is not deleted by an import.
STORE_STREAMS = sa.text("""
WITH stored AS (
    INSERT INTO datastream (thing_id, property, unit, lowest, highest, result)
    SELECT t.id, s.property, s.unit, s.lowest, s.highest, s.result
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, streams jsonb)
      JOIN thing t ON t.key = r.key AND t.place_id = :place_id
     CROSS JOIN jsonb_to_recordset(r.streams) AS s(property text, unit text, lowest double precision, highest double precision,
           result text)
    ON CONFLICT (thing_id, property) DO UPDATE
       SET unit = excluded.unit, lowest = excluded.lowest, highest = excluded.highest,
           stated_unit = CASE WHEN datastream.unit = excluded.unit THEN datastream.stated_unit END
     WHERE (datastream.unit, datastream.lowest, datastream.highest)
           IS DISTINCT FROM (excluded.unit, excluded.lowest, excluded.highest)
    RETURNING thing_id)
SELECT DISTINCT t.key, false AS is_new FROM stored JOIN thing t ON t.id = stored.thing_id
""")

# A word keeps its code, for that is what is stored; new ones come after those there are.
STORE_WORDS = sa.text("""
WITH stored AS (
    INSERT INTO category (datastream_id, code, word)
    SELECT d.id, coalesce((SELECT max(code) + 1 FROM category c WHERE c.datastream_id = d.id), 0)
                 + row_number() OVER (PARTITION BY d.id ORDER BY w.at) - 1, w.word
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, streams jsonb)
      JOIN thing t ON t.key = r.key AND t.place_id = :place_id
     CROSS JOIN jsonb_to_recordset(r.streams) AS s(property text, words jsonb)
      JOIN datastream d ON d.thing_id = t.id AND d.property = s.property AND d.result = 'category'
     CROSS JOIN jsonb_array_elements_text(s.words) WITH ORDINALITY AS w(word, at)
     WHERE NOT EXISTS (SELECT FROM category c WHERE c.datastream_id = d.id AND c.word = w.word)
    RETURNING datastream_id)
SELECT DISTINCT t.key, false AS is_new FROM stored JOIN datastream d ON d.id = stored.datastream_id JOIN thing t ON t.id = d.thing_id
""")

WANTED = """
WITH wanted AS (
    SELECT r.key, d.id AS datastream_id, g.element_kind, g.element_id,
           CASE WHEN jsonb_typeof(u.mobility_groups) = 'array'
                THEN ARRAY(SELECT jsonb_array_elements_text(u.mobility_groups)) END AS mobility_groups,
           u.closes_above, u.closes_below, u.opens_below, u.opens_above,
           u.slows_above, u.slows_below, u.slow_factor, u.slow_s, u.max_closed_s, u.hold_s, u.lock_s
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, rules jsonb, targets jsonb)
      JOIN thing t ON t.key = r.key AND t.place_id = :place_id
     CROSS JOIN jsonb_to_recordset(r.rules) AS u(property text, mobility_groups jsonb, closes_above double precision,
           closes_below double precision, opens_below double precision, opens_above double precision,
           slows_above double precision, slows_below double precision, slow_factor double precision,
           slow_s double precision, max_closed_s integer, hold_s integer, lock_s integer)
      JOIN datastream d ON d.thing_id = t.id AND d.property = u.property
     CROSS JOIN jsonb_to_recordset(r.targets) AS g(element_kind text, element_id integer))
"""
SAME = """(w.datastream_id, w.element_kind, w.element_id, w.mobility_groups, w.closes_above, w.closes_below,
           w.opens_below, w.opens_above, w.slows_above, w.slows_below, w.slow_factor, w.slow_s, w.max_closed_s, w.hold_s, w.lock_s)
          IS NOT DISTINCT FROM
          (e.datastream_id, e.element_kind, e.element_id, e.mobility_groups, e.closes_above, e.closes_below,
           e.opens_below, e.opens_above, e.slows_above, e.slows_below, e.slow_factor, e.slow_s, e.max_closed_s, e.hold_s, e.lock_s)"""

DROP_EFFECTS = sa.text(f"""{WANTED}, gone AS (
    DELETE FROM effect e
     USING datastream d, thing t, jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text)
     WHERE e.datastream_id = d.id AND d.thing_id = t.id AND t.key = r.key AND t.place_id = :place_id
       AND NOT EXISTS (SELECT FROM wanted w WHERE w.datastream_id = e.datastream_id AND {SAME})
    RETURNING t.key)
SELECT DISTINCT key, false AS is_new FROM gone
""")

STORE_EFFECTS = sa.text(f"""{WANTED}, fresh AS (
    SELECT * FROM wanted w
     WHERE NOT EXISTS (SELECT FROM effect e WHERE e.datastream_id = w.datastream_id AND {SAME})),
bound AS (
    INSERT INTO effect (datastream_id, element_kind, element_id, mobility_groups, closes_above, closes_below,
                        opens_below, opens_above, slows_above, slows_below, slow_factor, slow_s, max_closed_s, hold_s, lock_s)
    SELECT datastream_id, element_kind, element_id, mobility_groups, closes_above, closes_below,
           opens_below, opens_above, slows_above, slows_below, slow_factor, slow_s, max_closed_s, hold_s, lock_s FROM fresh ORDER BY datastream_id, element_id, mobility_groups
    RETURNING id),
started AS (
    INSERT INTO effect_state (effect_id, state, since) SELECT id, 'unknown', now() FROM bound)
SELECT DISTINCT key, false AS is_new FROM fresh
""")
