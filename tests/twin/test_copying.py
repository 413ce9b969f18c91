"""What goes to the database as bytes arrives as numbers, in the transaction that SQLAlchemy knows of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from twin import db
from twin.copying import column, copy_in, driver, pack

COLUMNS: dict[str, NDArray[Any]] = {
    "integer": np.array([-(2**31), -1, 0, 7, 2**31 - 1], np.int32),
    "bigint": np.array([-(2**63), 0, 2**63 - 1], np.int64),
    "double precision": np.array([0.1, -0.0, 5e-324, 1.7976931348623157e308], np.float64),
}


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("rows", [slice(None), slice(0)], ids=["some", "none"])
def test_a_column_arrives_to_the_last_bit(database: str, kind: str, rows: slice) -> None:
    sent: NDArray[Any] = COLUMNS[kind][rows]
    with db.opened(database) as engine, engine.connect() as connection:
        statement = (
            f"SELECT coalesce(array_agg(v ORDER BY n), '{{}}') FROM unnest(%b::{kind}[]) WITH ORDINALITY AS c(v, n)"
        )
        found = driver(connection).execute(statement, [column(sent)], binary=True).fetchone()
    assert found is not None
    assert np.array(found[0], sent.dtype).tobytes() == sent.tobytes()


def test_what_is_copied_on_a_bare_connection_is_there_once_it_commits(database: str) -> None:
    with db.opened(database) as engine:
        with engine.connect() as connection:
            copy_in(connection, "observation_count (inserted)", pack([np.array([41], np.int64)]))
            connection.commit()
        with engine.connect() as connection:
            assert (
                connection.exec_driver_sql("SELECT count(*) FROM observation_count WHERE inserted = 41").scalar() == 1
            )
