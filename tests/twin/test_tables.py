"""The tables in Python and the tables in the database are the same."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from twin import db
from twin.tables import Table

COMMENTS = {"add_table_comment", "remove_table_comment", "modify_comment"}  # they live in the migrations only
NOT_OURS = {"spatial_ref_sys", "migration"}


def ours(item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Leave out PostGIS's own table, the journal, and what their indexes are."""
    return name not in NOT_OURS and (kind != "index" or item.table.name not in NOT_OURS)


def test_tables_match_migrations(database: str) -> None:
    with db.opened(database) as engine, engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True, "compare_server_default": False}
        )
        differences = compare_metadata(context, Table.metadata)
    flat = [step for found in differences for step in (found if isinstance(found, list) else [found])]
    assert [step for step in flat if step[0] not in COMMENTS] == []


def test_migrating_twice_changes_nothing(database: str) -> None:
    assert db.migrate(database) == []


def test_a_migrated_database_has_timescaledb_and_postgis(database: str) -> None:
    with db.opened(database) as engine, engine.connect() as connection:
        names = set(connection.exec_driver_sql("SELECT extname FROM pg_extension").scalars())
    assert {"timescaledb", "postgis"} <= names
