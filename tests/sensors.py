"""A small community with sensors, for the tests that need things to report."""

from __future__ import annotations

import sqlalchemy as sa

from twin.db import Connection

COMMUNITY = """
INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
VALUES ('c', 'Community', '社区', ST_Multi(ST_MakeEnvelope(7, 43, 8, 44, 4326)), 32632, 'UTC', 10, 5, '')
RETURNING id
"""
THING = """
INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, enrolled_at, point)
SELECT id, :key, :key, :kind, '', '', :interval_s, '2026-01-01', ST_SetSRID(ST_MakePoint(7.5, 43.5), 4326) FROM place
RETURNING id
"""
STREAM = """
INSERT INTO datastream (thing_id, property, unit, lowest, highest)
VALUES (:thing_id, :property, :unit, :lowest, :highest) RETURNING id
"""
EFFECT = """
INSERT INTO effect (datastream_id, element_kind, element_id, closes_above, closes_below, opens_below, opens_above, max_closed_s,
                    hold_s, lock_s, slows_above, slows_below, slow_factor, slow_s)
VALUES (:datastream_id, 'edge', :element_id, :closes_above, :closes_below, :opens_below, :opens_above, :max_closed_s,
        coalesce(:hold_s, 0), coalesce(:lock_s, 0), :slows_above, :slows_below, :slow_factor, :slow_s)
RETURNING id
"""
MANY = """
INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, point)
SELECT p.id, 'device-' || i, 'device', 'climate', '', '', 60, ST_SetSRID(ST_MakePoint(7.5, 43.5), 4326)
  FROM place p, generate_series(1, :n) i;
"""
LIMITS = (
    *("closes_above", "closes_below", "opens_below", "opens_above", "max_closed_s", "hold_s", "lock_s"),
    *("slows_above", "slows_below", "slow_factor", "slow_s"),
)


def community(connection: Connection) -> int:
    """Make a place and give its id."""
    return int(connection.execute(sa.text(COMMUNITY)).scalar_one())


def stream(
    connection: Connection,
    key: str,
    name: str,
    unit: str = "1",
    *,
    kind: str = "climate",
    lowest: float = 0,
    highest: float = 100,
    interval_s: int = 60,
) -> int:
    """Enrol one property of a thing, the thing too where it is new; give the datastream's id."""
    thing_id = connection.execute(sa.text("SELECT id FROM thing WHERE key = :key"), {"key": key}).scalar()
    if thing_id is None:
        values = {"key": key, "kind": kind, "interval_s": interval_s}
        thing_id = connection.execute(sa.text(THING), values).scalar_one()
    values = {"thing_id": thing_id, "property": name, "unit": unit, "lowest": lowest, "highest": highest}
    return int(connection.execute(sa.text(STREAM), values).scalar_one())


def effect(connection: Connection, datastream_id: int, element_id: int = 1, **limits: float) -> int:
    """Bind a datastream to an edge; the state begins unknown."""
    values = {"datastream_id": datastream_id, "element_id": element_id} | {name: limits.get(name) for name in LIMITS}
    effect_id = int(connection.execute(sa.text(EFFECT), values).scalar_one())
    state = "INSERT INTO effect_state (effect_id, state, since) VALUES (:id, 'unknown', '2026-01-01')"
    connection.execute(sa.text(state), {"id": effect_id})
    return effect_id


def devices(connection: Connection, n: int) -> None:
    """Make a community with n climate sensors, `device-1` on, each with `temperature` [Cel]."""
    community(connection)
    connection.execute(sa.text(MANY), {"n": n})
    connection.exec_driver_sql("""
        INSERT INTO datastream (thing_id, property, unit, lowest, highest)
        SELECT id, 'temperature', 'Cel', -1e9, 1e9 FROM thing ORDER BY id
    """)
