"""What history costs: reading the past against reading the present, and loading with it against loading without.

    python -m bench.history

Monaco is loaded and changed in ROUNDS revisions, each of a tenth of its buildings, edges, resident counts and
facilities. Then the community (network, buildings, residents, facilities: what coverage is computed on) and the map's
layers are read as they are, and as they were after the first, the middle and the last of the revisions; each figure is
the fastest of REPEATS, the present and the past in turn. The goal is a ratio below 2. Helsinki's centre is
loaded with the triggers of history and with them switched off, by the processor time of its database process.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import shapely
import sqlalchemy as sa

from deploy import services as running
from deploy.settings import ServiceSettings
from ingest.loaders.demo import load_demo
from ingest.loaders.osm import load_osm
from simulations import community
from twin import db, features, history, places
from twin.acting import acting
from twin.tables import KEPT

Ask = Callable[[datetime | None], object]

HELSINKI = Path(__file__).resolve().parents[2] / "shared" / "data" / "helsinki" / "helsinki-centre.osm.pbf"
HELSINKI_BOX = (24.90, 60.14, 25.00, 60.20)
ROUNDS, REPEATS, LOADS, GOAL = 50, 5, 6, 2.0
LEAST_S = 1.0  # a layer that takes a millisecond is read often, or the machine's moods are measured
LAYERS = ("buildings", "facilities", "grids", "network", "street")
CHANGES = (
    "UPDATE building SET floors = 1 + (floors + :round) % 9 WHERE id % 10 = :round % 10",
    "UPDATE network_edge SET width_m = 1 + :round / 10.0 WHERE id % 10 = :round % 10",
    "UPDATE facility SET capacity = :round WHERE id % 10 = :round % 10",
    "UPDATE resident_count SET residents = residents + 1 WHERE building_id % 10 = :round % 10",
)


def main() -> None:
    """Print the figures, and the goals beside them."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="small")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as engine:
                read(engine)
                write(engine)
        finally:
            running.down(settings)


def read(engine: db.Engine) -> None:
    """Compare reading the past with reading the present."""
    with engine.begin() as connection:
        load_demo(connection, lambda _: None)
    moments = {
        name: change(engine, start, end)
        for name, start, end in (("first", 1, 2), ("middle", 2, ROUNDS // 2), ("last", ROUNDS // 2, ROUNDS))
    }
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
        past = sum(connection.scalar(sa.text(f"SELECT count(*) FROM {name}_past")) or 0 for name in KEPT)
        now = sum(connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in KEPT)
        print(f"{now} rows are, {past} were, in {ROUNDS} revisions")
        place = places.get(connection).id
        for name, ask in {
            "community": _community(connection),
            **{layer: _layer(connection, place, layer) for layer in LAYERS},
        }.items():
            for label, moment in moments.items():
                is_now, was = fastest(partial(ask, None), partial(ask, moment))
                print(
                    f"{name:11} as of the {label:6} {1000 * was:7.1f} ms, now {1000 * is_now:7.1f} ms: "
                    f"{was / is_now:.2f} (goal below {GOAL})"
                )


def _community(connection: db.Connection) -> Ask:
    return lambda moment: community.load(connection, None, moment)


def _layer(connection: db.Connection, place: int, layer: str) -> Ask:
    def ask(moment: datetime | None) -> object:
        revision = None if moment is None else history.revision_at(connection, moment)
        return features.geojson(connection, place, layer, revision)

    return ask


def change(engine: db.Engine, start: int, end: int) -> datetime:
    """Change the twin in a revision each, and give a moment after the last."""
    for number in range(start, end):
        with engine.begin() as connection:
            acting(connection, "bench", f"round {number}")
            for statement in CHANGES:
                connection.execute(sa.text(statement), {"round": number})
    return datetime.now(UTC)


def fastest(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Run two in turn, and give the shortest time of each [s]."""
    found: tuple[list[float], list[float]] = ([], [])
    started = time.perf_counter()
    while len(found[0]) < REPEATS or time.perf_counter() - started < LEAST_S:
        for run, times in zip((one, other), found, strict=True):
            begun = time.perf_counter()
            run()
            times.append(time.perf_counter() - begun)
    return min(found[0]), min(found[1])


def write(engine: db.Engine) -> None:
    """Compare loading with history and without it."""
    times: dict[str, list[float]] = {"with": [], "without": []}
    ways = [("with", "ENABLE"), ("without", "DISABLE")]
    for number in range(LOADS):
        for label, switch in ways[:: 1 if number % 2 else -1]:  # neither is always the first
            with engine.begin() as connection:
                for name in KEPT:
                    for trigger in ("revision_stamps", "update_is_kept", "delete_is_kept"):
                        connection.execute(sa.text(f"ALTER TABLE {name} {switch} TRIGGER {trigger}"))
            transaction = engine.connect()
            backend = int(transaction.scalar(sa.text("SELECT pg_backend_pid()")) or 0)
            begun = cpu_s(backend)
            load(transaction)
            times[label].append(cpu_s(backend) - begun)
            transaction.rollback()
            transaction.close()
    ours, bare = min(times["with"]), min(times["without"])
    print(f"Helsinki's centre costs the database {ours:.2f} s with history, {bare:.2f} s without: {ours / bare:.2f}")


def cpu_s(pid: int) -> float:
    """Give the processor time that a process has taken [s]: what else the machine does is not in it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(connection: db.Connection) -> None:
    """Load the extract as a new place."""
    area = shapely.MultiPolygon([shapely.box(*HELSINKI_BOX)])
    acting(connection, "bench", "load")
    place = places.put(
        connection,
        code="helsinki",
        name="Helsinki",
        name_zh="赫尔辛基",
        boundary=area,
        timezone="Europe/Helsinki",
        residents=0,
        households=0,
        attribution="ODbL",
    )
    load_osm(connection, place, HELSINKI, area, lambda _: None)


if __name__ == "__main__":
    main()
