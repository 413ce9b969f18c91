"""What alarm rules cost a message, and how list, board and clock bear ten thousand open alarms.

    python -m bench.alarms

The first table is CPU of this process per reading while batches are recorded with no rule, with a rule on every
datastream that no reading passes, and with one reading in a hundred past it; the three in turn, medians of ROUNDS. The
second is milliseconds with FEW and with MANY alarms open, medians of ROUNDS: the ratio says what the many cost.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from api import alarm_rows
from deploy import services as running
from deploy.settings import ServiceSettings
from tests import sensors
from twin import alarm_clock, alarm_list, db, places
from twin.alarm_list import Mark
from twin.db import Connection, Engine
from twin.observations import Batch, record

STREAMS = 2_000
EACH = 2  # readings of each datastream in a batch
ROUNDS = 15
FEW, MANY = 100, 10_000
START = datetime(2026, 3, 1, tzinfo=UTC)
# For each case: whether there is a rule on every datastream, and how many readings of a batch are past it.
CASES = {"no rule": (False, 0), "a rule on each": (True, 0), "1 in 100 past it": (True, STREAMS * EACH // 100)}
RULE = """
INSERT INTO alarm_rule (name, kind, severity, property, above, clear_below, source, certainty)
VALUES ('bench', 'value', 'major', 'temperature', 100, 90, 'bench', 'A')
"""
OPEN = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, thing_id)
SELECT t.place_id, 'wrong_unit', 'bench:' || i, (ARRAY['critical', 'major', 'notice'])[1 + mod(i, 3)],
       '{"property": "depth", "value": 3}', now(), t.id
  FROM generate_series(1, :n) i JOIN thing t ON t.key = 'device-' || (1 + mod(i, :streams))
"""


def main() -> None:
    """Make a database, and measure both."""
    with database() as engine:
        print(f"load {os.getloadavg()[0]:.1f}")
        of_readings(engine)
        of_many(engine)


@contextmanager
def database() -> Iterator[Engine]:
    """Give a database of its own with STREAMS devices."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as engine:
                with engine.begin() as connection:
                    sensors.devices(connection, STREAMS)
                    connection.execute(sa.text("DELETE FROM alarm_rule"))
                yield engine
        finally:
            running.down(settings)


def of_readings(engine: Engine) -> None:
    """Record batches without a rule, with one, and with one that is passed; in turn, so that the load is the same."""
    rng = np.random.default_rng(7)
    with engine.begin() as connection:
        ids = np.array(connection.scalars(sa.text("SELECT id FROM datastream ORDER BY id")).all(), np.int32)
    spent: dict[str, list[float]] = {case: [] for case in CASES}
    calm = np.full(len(ids) * EACH, 20.0)
    with engine.connect() as connection:
        for nth, (case, (has_rule, past)) in enumerate(list(CASES.items()) * (ROUNDS + 1)):
            with connection.begin():
                connection.execute(sa.text("DELETE FROM alarm_rule"))
                if has_rule:
                    connection.execute(sa.text(RULE))
            values = calm.copy()
            values[:past] = 120.0
            rng.shuffle(values)
            batch(connection, ids, calm, 10 * nth)  # the rules are read again, and what was raised is cleared
            begin = time.process_time()
            batch(connection, ids, values, 10 * nth + 5)
            spent[case].append((time.process_time() - begin) / len(values) * 1e6)
    base = float(np.median(spent["no rule"][1:]))
    print(f"{'CPU of a reading':<24} {'µs':>8} {'more':>8}")
    for name, times in spent.items():
        middle = float(np.median(times[1:]))
        print(f"{name:<24} {middle:8.2f} {middle - base:8.2f}")


def batch(connection: Connection, ids: np.ndarray[tuple[int], np.dtype[np.int32]], values: object, second: int) -> None:
    """Record EACH readings of each datastream."""
    first_us = round((START + timedelta(seconds=second)).timestamp() * 1e6)
    times = np.tile(first_us + np.arange(EACH, dtype=np.int64) * 1_000_000, len(ids))
    with connection.begin():
        made = Batch(np.repeat(ids, EACH), times, np.asarray(values, np.float64), datetime.now(UTC))
        record(connection, made)


def of_many(engine: Engine) -> None:
    """Read pages and the board, and let the clock tick, with few and with many alarms open."""
    found = {n: times(engine, n) for n in (FEW, MANY)}
    print(f"{'milliseconds':<34} {FEW:>8,} {MANY:>8,} {'ratio':>8}")
    for name, few in found[FEW].items():
        many = found[MANY][name]
        print(f"{name:<34} {few:8.2f} {many:8.2f} {many / few:8.2f}")


def times(engine: Engine, n: int) -> dict[str, float]:
    """Open n alarms, and give the median time of each act [ms]."""
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alarm"))
        connection.execute(sa.text("DELETE FROM alarm_rule"))
        connection.execute(sa.text(OPEN), {"n": n, "streams": STREAMS})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE alarm"))
        place = places.get(connection)
        middle = alarm_list.page(connection, place.id, limit=n // 2)[-1].alarm
        mark = Mark(middle.urgency, middle.id)
        acts: dict[str, Callable[[], object]] = {
            "first page of 50": lambda: alarm_list.page(connection, place.id, limit=50),
            "a page in the middle": lambda: alarm_list.page(connection, place.id, limit=50, after=mark),
            "counts": lambda: alarm_list.counts(connection, place.id),
            "the board's section": lambda: alarm_rows.alarms(connection, place),
            "a tick of the clock": lambda: alarm_clock.tick(connection, place.id, datetime.now(UTC)),
        }
        return {name: median(run) for name, run in acts.items()}


def median(run: Callable[[], object]) -> float:
    """Give the median time of ROUNDS runs [ms]."""
    spent = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        run()
        spent.append((time.perf_counter() - begin) * 1_000)
    return float(np.median(spent))


if __name__ == "__main__":
    main()
