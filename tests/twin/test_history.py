"""What a row was, from when, by whom and why, is kept; and any moment can be read again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from twin import history
from twin.acting import IMPORT, acting
from twin.db import Connection, Engine, opened
from twin.errors import NotFound, Refused
from twin.tables import KEPT, Table

PLACE = """
INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
VALUES ('town', 'Town', '镇', ST_Multi(ST_MakeEnvelope(116, 39, 116.1, 39.1, 4326)), 4549, 'UTC', 0, 0, '')
"""
BUILDINGS = """
INSERT INTO building (place_id, source_id, kind, residential, floors, floors_assumed, footprint_m2, point, geom)
SELECT 1, 'w' || n, 'yes', true, 3, false, 100, ST_SetSRID(ST_MakePoint(116 + n / 1e4, 39), 4326),
    ST_Multi(ST_MakeEnvelope(116, 39, 116.001, 39.001, 4326)) FROM generate_series(1, {n}) AS n
"""


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    with opened(database) as engine:
        yield engine


def change(engine: Engine, *statements: str, actor: str = "li.wei", reason: str = "") -> datetime:
    """Run statements in one transaction, and give a moment after it."""
    with engine.begin() as connection:
        acting(connection, actor, reason)
        for statement in statements:
            connection.exec_driver_sql(statement)
    return datetime.now(UTC)


def floors(connection: Connection, moment: datetime | None) -> dict[str, int]:
    revision = None if moment is None else history.revision_at(connection, moment)
    query = history.as_of("SELECT b.source_id, b.floors FROM {building} AS b ORDER BY 1", revision)
    return {source: floors for source, floors in connection.execute(sa.text(query))}  # noqa: C416  # rows are no pairs to mypy


def test_every_kept_table_is_kept_with_all_its_columns(engine: Engine) -> None:
    with engine.connect() as connection:
        kept = set(connection.scalars(sa.text("SELECT name FROM kept_table")))
        past = sa.inspect(connection)
        for name in KEPT:
            columns = {column.name for column in Table.metadata.tables[name].columns}
            assert {column["name"] for column in past.get_columns(f"{name}_past")} == columns | {"during"}
    assert kept == set(KEPT)


def test_what_was_is_kept_from_when_by_whom_and_why(engine: Engine) -> None:
    loaded = change(engine, PLACE, BUILDINGS.format(n=2), actor=IMPORT, reason="town.osm")
    edited = change(engine, "UPDATE building SET floors = 7 WHERE source_id = 'w1'", reason="counted on site")
    removed = change(engine, "DELETE FROM building WHERE source_id = 'w1'", actor="wang", reason="pulled down")
    with engine.connect() as connection:
        assert floors(connection, datetime(2020, 1, 1, tzinfo=UTC)) == {}
        assert floors(connection, loaded) == {"w1": 3, "w2": 3}
        assert floors(connection, edited) == {"w1": 7, "w2": 3}
        assert floors(connection, removed) == floors(connection, None) == {"w2": 3}
        told = history.changes(connection, 1, "building:w1")
    assert [(step.actor, step.reason, step.is_gone) for step in told] == [
        (IMPORT, "town.osm", False),
        ("li.wei", "counted on site", False),
        ("wang", "pulled down", True),
    ]
    assert (told[1].before, told[1].after) == ({"floors": 3}, {"floors": 7})
    assert loaded < told[1].at < edited < told[2].at < removed


def test_a_row_that_comes_back_has_its_gap(engine: Engine) -> None:
    there = change(engine, PLACE, BUILDINGS.format(n=1))
    gone = change(engine, "DELETE FROM building")
    back = change(engine, BUILDINGS.format(n=1))
    with engine.connect() as connection:
        assert [len(floors(connection, moment)) for moment in (there, gone, back)] == [1, 0, 1]


def test_what_is_made_and_changed_in_one_transaction_was_never_otherwise(engine: Engine) -> None:
    change(engine, PLACE, BUILDINGS.format(n=3), "UPDATE building SET floors = 9", "DELETE FROM building WHERE id = 2")
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM building_past")) == 0
        assert floors(connection, datetime.now(UTC)) == {"w1": 9, "w3": 9}


def test_a_statement_that_changes_nothing_keeps_nothing(engine: Engine) -> None:
    change(engine, PLACE, BUILDINGS.format(n=3))
    with engine.connect() as connection:
        revisions = connection.scalar(sa.text("SELECT count(*) FROM revision"))
    change(
        engine,
        "UPDATE building SET floors = 3",
        "UPDATE place SET network_version = network_version + 1",
        "DELETE FROM building WHERE floors = 99",
    )
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM building_past")) == 0
        assert connection.scalar(sa.text("SELECT count(*) FROM place_past")) == 0
        # nor is there a revision: a device that states the wrong unit all day would make one a second
        assert connection.scalar(sa.text("SELECT count(*) FROM revision")) == revisions


def test_what_goes_with_a_building_is_kept_too(engine: Engine) -> None:
    change(engine, PLACE, BUILDINGS.format(n=1), "INSERT INTO resident_count VALUES (1, '65-74', 12)")
    counted = change(engine, "UPDATE resident_count SET residents = 11", reason="census")
    change(engine, "DELETE FROM building", reason="pulled down")
    with engine.connect() as connection:
        revision = history.revision_at(connection, counted)
        query = history.as_of("SELECT r.residents FROM {resident_count} AS r", revision)
        assert connection.scalars(sa.text(query)).all() == [11]
        told = history.changes(connection, 1, "residents:w1")
    assert [(step.row, step.reason, step.after.get("residents")) for step in told] == [
        ("65-74", "", 12),
        ("65-74", "census", 11),
        ("65-74", "pulled down", None),
    ]


def test_two_reasons_in_one_transaction_are_two_revisions(engine: Engine) -> None:
    change(engine, PLACE, BUILDINGS.format(n=1))
    with engine.begin() as connection:
        for number in (5, 6):
            acting(connection, "li.wei", f"{number} floors")
            connection.execute(sa.text("UPDATE building SET floors = :n"), {"n": number})
        assert [step.reason for step in history.changes(connection, 1, "building:w1")] == ["", "5 floors", "6 floors"]


def test_who_does_not_say_is_the_databases_user(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(PLACE)
        assert connection.execute(sa.text("SELECT actor, reason FROM revision ORDER BY id DESC LIMIT 1")).one() == (
            connection.scalar(sa.text("SELECT session_user")),
            "",
        )


def test_an_element_nobody_knows_is_refused(engine: Engine) -> None:
    with engine.connect() as connection:
        with pytest.raises(Refused, match="no kind of element 'street'"):
            history.changes(connection, 1, "street:w1")
        with pytest.raises(NotFound, match="nothing is known of edge:w1"):
            history.changes(connection, 1, "edge:w1")
        with pytest.raises(ValueError, match="without UTC offset"):
            history.revision_at(connection, datetime(2026, 1, 1))  # noqa: DTZ001
