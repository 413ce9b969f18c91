"""Changes are heard when they are committed, and a lost connection is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from twin import changes, db
from twin.changes import Change
from twin.db import Engine


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = db.engine(database)
    yield made
    made.dispose()


def test_a_change_is_heard_after_the_commit_and_not_before(database: str, engine: Engine) -> None:
    heard = changes.listen(database, timeout_s=0.2)
    assert next(heard) == Change("reconnected", {})
    with engine.begin() as connection:
        changes.announce(connection, "network", place_id=3)
        assert next(heard) is None
    assert next(heard) == Change("network", {"place_id": 3})
    heard.close()  # type: ignore[attr-defined]


def test_what_is_rolled_back_is_never_heard(database: str, engine: Engine) -> None:
    heard = changes.listen(database, timeout_s=0.2)
    next(heard)
    with engine.connect() as connection:
        changes.announce(connection, "quarantine")
        connection.rollback()
    assert next(heard) is None
    heard.close()  # type: ignore[attr-defined]


def test_long_lists_of_ids_come_in_pieces(database: str, engine: Engine) -> None:
    heard = changes.listen(database, timeout_s=1)
    next(heard)
    ids = list(range(2_000_000_000, 2_000_002_000))
    with engine.begin() as connection:
        changes.announce(connection, "latest", ids=ids)
    found: list[int] = []
    for change in heard:
        if change is None:
            break
        found += change.fields["ids"]
    assert found == ids
    heard.close()  # type: ignore[attr-defined]


def test_a_lost_connection_is_opened_again_and_said(database: str, engine: Engine) -> None:
    heard = changes.listen(database, timeout_s=0.1)
    assert next(heard) == Change("reconnected", {})
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))
    assert Change("reconnected", {}) in [next(heard) for _ in range(10)]
    heard.close()  # type: ignore[attr-defined]


def test_a_change_too_long_for_notify_is_an_error(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(ValueError, match="NOTIFY takes"):
        changes.announce(connection, "network", text="x" * 8000)
