"""A loss in the demo place for as long as a test asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from twin import db

INSERT = """
INSERT INTO service_loss (place_id, service, mobility_group, building_id, certain, limit_s, usual_s, residents,
    residents_possible, causes, since, until)
SELECT place_id, 'pharmacy', 'adult', id, true, 900, 300, '{"0-14": 7}', '{"0-14": 7}', '[]', :since, :until
FROM building ORDER BY id LIMIT 1 RETURNING id
"""


@contextmanager
def lost(url: str, **times: str) -> Iterator[int]:
    """A building lost its pharmacy from `since` till `until`; gives the loss's id."""
    engine = db.engine(url)
    with engine.begin() as connection:
        key = int(connection.scalar(sa.text(INSERT), times) or 0)
    yield key
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM service_loss WHERE id = :key"), {"key": key})
    engine.dispose()
