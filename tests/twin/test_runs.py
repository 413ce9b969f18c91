"""Runs are kept once, under the hash of their inputs, and can be watched and stopped."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from twin import db, runs
from twin.db import Connection
from twin.errors import NotFound

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_the_hash_does_not_depend_on_the_order_of_names(inputs: dict[str, object]) -> None:
    assert runs.hash_of(inputs) == runs.hash_of(dict(reversed(inputs.items())))


def place(connection: Connection) -> int:
    return int(
        connection.execute(
            sa.text("""
            INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
            VALUES ('p', 'P', 'P', ST_GeomFromText('MULTIPOLYGON(((7 43,8 43,8 44,7 43)))', 4326), 32632, 'UTC', 0, 0, '')
            RETURNING id
            """)
        ).scalar_one()
    )


def test_a_run_is_kept_found_watched_and_stopped(database: str) -> None:
    inputs = {"question": "siting", "network_version": 3, "new": 2}
    with db.opened(database) as engine, engine.begin() as connection:
        here = place(connection)
        # kept whole
        first = runs.keep(connection, here, "scenario", {"a": 1, "network_version": 3}, {"lost": 5}, by="planner")
        assert runs.keep(connection, here, "scenario", {"network_version": 3, "a": 1}, {"lost": 9}) == first
        found = runs.get(connection, here, first[:10])
        assert (found.state, found.answer, found.created_by) == ("done", {"lost": 5}, "planner")
        # computed in the background
        assert runs.begin(connection, here, "siting", inputs)
        assert not runs.begin(connection, here, "siting", inputs)
        at = runs.hash_of(inputs)
        assert runs.progress(connection, at, {"value": 10, "bound": 12})
        runs.stop(connection, here, at)
        assert not runs.progress(connection, at, {"value": 11, "bound": 12})
        runs.end(connection, at, "stopped")
        assert (runs.get(connection, here, at).state, runs.get(connection, here, at).progress) == (
            "stopped",
            {"value": 11, "bound": 12},
        )
        # begun again, lost, and taken over
        assert runs.begin(connection, here, "siting", inputs)
        connection.execute(
            sa.text("UPDATE run SET seen_at = now() - interval '5 minutes' WHERE hash = :at"), {"at": at}
        )
        assert runs.get(connection, here, at).state == "lost"
        assert runs.begin(connection, here, "siting", inputs)
        runs.end(connection, at, "done", answer={"sites": [1]})
        assert not runs.begin(connection, here, "siting", inputs)
        assert {run.hash: run.state for run in runs.listed(connection, here)} == {first: "done", at: "done"}
        for unknown in ("ff" * 32, "%", "", "zz"):
            with pytest.raises(NotFound, match="no run"):
                runs.get(connection, here, unknown)
        with pytest.raises(NotFound, match="no run"):
            runs.stop(connection, here, "ff" * 32)
