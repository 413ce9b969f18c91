"""A database from before history was kept is brought up to date with what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import sqlalchemy as sa

from deploy.services import Services
from twin import db, history
from twin.tables import KEPT

BEFORE = "0010"
NAME = "test_upgrade"
TOWN = """
INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution, loaded_at)
VALUES ('town', 'Town', '镇', ST_Multi(ST_MakeEnvelope(116, 39, 116.1, 39.1, 4326)), 4549, 'UTC', 0, 0, '',
    '2026-01-01 00:00:00+00');
INSERT INTO building (place_id, source_id, kind, residential, floors, floors_assumed, footprint_m2, point, geom)
VALUES (1, 'w1', 'yes', true, 3, false, 100, ST_SetSRID(ST_MakePoint(116, 39), 4326),
    ST_Multi(ST_MakeEnvelope(116, 39, 116.001, 39.001, 4326)));
INSERT INTO resident_count (building_id, age_band, residents) VALUES (1, '65-74', 12)
"""


@pytest.fixture
def old(services: Services) -> Iterator[str]:
    """The URL of a database with a town in it, as it was made before history."""
    assert services.admin_url is not None
    assert services.database_url is not None
    with psycopg.connect(_named(services.admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {NAME} OWNER linli TEMPLATE template0")
    with psycopg.connect(_named(services.admin_url, NAME), autocommit=True) as admin:
        admin.execute("CREATE EXTENSION timescaledb")
        admin.execute("CREATE EXTENSION postgis")
    url = _named(services.database_url, NAME)
    with psycopg.connect(url) as connection:
        connection.execute(db.JOURNAL)
        for path in sorted(db.MIGRATIONS.glob("*.sql")):
            if path.stem < BEFORE:
                connection.execute(path.read_bytes())
                connection.execute("INSERT INTO migration (name) VALUES (%s)", (path.stem,))
        connection.execute(TOWN)
    yield url
    with psycopg.connect(_named(services.admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def test_what_was_there_has_been_so_since_it_was_loaded_and_changes_from_now_on_are_kept(old: str) -> None:
    applied = db.migrate(old)
    assert applied[0].startswith(BEFORE)
    with db.opened(old) as engine:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE building SET floors = 4"))
            connection.execute(sa.text("UPDATE resident_count SET residents = 13"))
        with engine.connect() as connection:
            told = history.changes(connection, 1, "building:w1")
            spring = history.revision_at(connection, datetime(2026, 3, 1, tzinfo=UTC))
            floors = connection.scalar(sa.text(history.as_of("SELECT b.floors FROM {building} AS b", spring)))
            people = connection.scalar(sa.text(history.as_of("SELECT r.residents FROM {resident_count} AS r", spring)))
            kept = set(connection.scalars(sa.text("SELECT name FROM kept_table")))
    assert (floors, people, kept) == (3, 12, set(KEPT))
    assert [(step.reason, step.after.get("floors")) for step in told] == [("there before history was kept", 3), ("", 4)]
    assert told[0].at == datetime(2026, 1, 1, tzinfo=UTC)
    assert datetime.now(UTC) - told[1].at < timedelta(minutes=1)
