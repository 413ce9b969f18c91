"""Every row that is of a device in a dwelling says so, whatever becomes of the device; its past is hidden as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from tests import sensors
from twin import db, roles, texts
from twin.db import Connection, Engine
from twin.observations import Batch, record
from twin.roles import Role, Who
from twin.texts import Texts

NOW = datetime.now(UTC)
# The marks, and what each says by way of the device it belongs to.
WRONG = """
SELECT 'datastream' AS what FROM datastream AS d JOIN thing AS t ON t.id = d.thing_id WHERE d.is_dwelling <> (t.kind IN ('door', 'meter'))
UNION ALL SELECT 'latest' FROM latest AS l JOIN datastream AS d ON d.id = l.datastream_id WHERE l.is_dwelling <> d.is_dwelling
UNION ALL SELECT 'latest_text' FROM latest_text AS l JOIN datastream AS d ON d.id = l.datastream_id WHERE l.is_dwelling <> d.is_dwelling
UNION ALL SELECT 'effect' FROM effect AS e JOIN datastream AS d ON d.id = e.datastream_id WHERE e.is_dwelling <> d.is_dwelling
UNION ALL SELECT 'effect_state' FROM effect_state AS s JOIN effect AS e ON e.id = s.effect_id WHERE s.is_dwelling <> e.is_dwelling
UNION ALL SELECT 'location' FROM location AS l WHERE is_dwelling <> EXISTS (
    SELECT FROM historical_location AS h JOIN thing AS t ON t.id = h.thing_id WHERE h.location_id = l.id AND t.kind IN ('door', 'meter'))
"""
MARKED = """
SELECT (SELECT count(*) FROM datastream WHERE is_dwelling), (SELECT count(*) FROM latest WHERE is_dwelling),
    (SELECT count(*) FROM latest_text WHERE is_dwelling), (SELECT count(*) FROM effect WHERE is_dwelling),
    (SELECT count(*) FROM effect_state WHERE is_dwelling), (SELECT count(*) FROM location WHERE is_dwelling)
"""
PAST = ("thing_past", "datastream_past", "effect_past")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """A door in a dwelling and a lift, each with a number and a text said and an effect."""
    with db.opened(database) as engine:
        with engine.begin() as connection:
            sensors.community(connection)
            for key, kind in (("door-1", "door"), ("lift-1", "lift")):
                one = sensors.stream(connection, key, "state", kind=kind)
                sensors.effect(connection, one, closes_below=0.5)
                report(connection, one)
        yield engine


def report(connection: Connection, one: int) -> None:
    """Say a number, and a text by a datastream beside it."""
    time_us = np.array([round(NOW.timestamp() * 1e6)], np.int64)
    record(connection, Batch(np.array([one], np.int32), time_us, np.array([1.0]), NOW))
    note = connection.scalar(
        sa.text("""
        INSERT INTO datastream (thing_id, property, unit, lowest, highest, result)
        SELECT thing_id, 'note', '1', 0, 9, 'text' FROM datastream WHERE id = :one RETURNING id
        """),
        {"one": one},
    )
    assert note is not None
    texts.record(connection, Texts([note], [int(time_us[0])], ["all well"], NOW))


def marked(connection: Connection) -> tuple[int, ...]:
    assert connection.scalars(sa.text(WRONG)).all() == []
    return tuple(connection.execute(sa.text(MARKED)).one())


def test_marks_go_with_the_device(engine: Engine) -> None:
    with engine.begin() as connection:
        assert marked(connection) == (2, 1, 1, 1, 1, 1)
        connection.exec_driver_sql("UPDATE thing SET kind = 'meter' WHERE key = 'lift-1'")
        assert marked(connection) == (4, 2, 2, 2, 2, 2)
        connection.exec_driver_sql("UPDATE thing SET kind = 'climate'")
        assert marked(connection) == (0, 0, 0, 0, 0, 0)


def test_a_datastream_that_changes_its_device_takes_the_mark_of_the_new_one(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("""
            UPDATE datastream SET property = 'of_the_door', thing_id = (SELECT id FROM thing WHERE key = 'lift-1')
             WHERE property = 'state' AND thing_id = (SELECT id FROM thing WHERE key = 'door-1')
        """)
        assert marked(connection) == (1, 0, 1, 0, 0, 1)


def test_a_place_where_a_device_in_a_dwelling_stands_too_is_hidden(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("""
            INSERT INTO historical_location (thing_id, location_id, time)
            SELECT (SELECT id FROM thing WHERE key = 'door-1'), (SELECT location_id FROM thing WHERE key = 'lift-1'), now()
        """)
        assert marked(connection)[-1] == 2


def test_what_was_of_a_device_in_a_dwelling_is_seen_by_the_care_role_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE thing SET name = name || ' renamed'")
        connection.exec_driver_sql("UPDATE datastream SET lowest = -1")
        connection.exec_driver_sql("UPDATE effect SET hold_s = 9")
    with db.opened(engine.url.render_as_string(hide_password=False)) as plain:
        guarded = roles.guard(plain)
        seen = {role: counted(guarded, role) for role in (Role.CARE, Role.OPERATOR, Role.PUBLIC, Role.GRID_WORKER)}
    assert seen[Role.CARE] == (2, 4, 2)
    assert seen[Role.OPERATOR] == (1, 2, 1)
    assert seen[Role.GRID_WORKER] == (0, 0, 0)


def counted(guarded: Engine, role: Role) -> tuple[int, ...]:
    """Count the rows of the past that a role sees; none where it may not ask."""
    with roles.asking(Who("x", role)), guarded.begin() as connection:
        granted = "SELECT has_table_privilege(current_user, :past, 'SELECT')"
        may = [connection.scalar(sa.text(granted), {"past": past}) for past in PAST]
        return tuple(
            int(connection.exec_driver_sql(f"SELECT count(*) FROM {past}").scalar_one()) if one else 0
            for past, one in zip(PAST, may, strict=True)
        )
