"""What rows and roles cost: the ten commonest reads as the owner, to whom no policy applies, and as an operator.

    python -m bench.access [THINGS]

Both read the same database in turns, in this run; prints the lower quartiles of ROUNDS in milliseconds, which a busy machine moves least, and their ratio.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import text

from api import board
from api.sensorthings import service
from api.sensorthings.answers import Request
from deploy import services as running
from deploy.settings import ServiceSettings
from ingest.loaders.demo import load_demo
from twin import db, effects, features, places, roles
from twin.db import Connection, Engine
from twin.places import Place
from twin.roles import Role, Who

ROUNDS = 41
OPERATOR = Who("bench", Role.OPERATOR)
Read = Callable[[Connection, Place], object]

FILL = """
WITH things AS (
    INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, point)
    SELECT p.id, 'bench-' || i, 'bench ' || i, CASE i % 10 WHEN 0 THEN 'door' ELSE 'climate' END, 'senml', 'bench/' || i, 60,
           ST_SetSRID(ST_MakePoint(7.41 + (i % 60) * 0.0005, 43.73 + (i / 60) % 40 * 0.0005), 4326)
    FROM place AS p, generate_series(1, :things) AS i RETURNING id, place_id
), streams AS (
    INSERT INTO datastream (thing_id, property, unit, lowest, highest)
    SELECT id, 'temperature', 'Cel', -40, 60 FROM things RETURNING id
)
INSERT INTO latest (datastream_id, time, value, received_at) SELECT id, now(), 20, now() FROM streams
"""


def sta(path: str) -> Read:
    """Make a read by SensorThings."""
    address, _, query = path.partition("?")
    asked = Request("GET", "http://bench/sta/v1.1", address, query.encode(), b"", "")
    return lambda connection, place: service.answer(connection, asked, place=place.code, is_writable=False)


READS: dict[str, Read] = {
    "devices of the board": board.things,
    "who is cut off": board.SECTIONS["losses"],
    "alarms of the board": board.SECTIONS["alarms"],
    "figures of the board": board.figures,
    "buildings on the map": lambda connection, place: features.geojson(connection, place.id, "buildings"),
    "facilities on the map": lambda connection, place: features.geojson(connection, place.id, "facilities"),
    "states of the elements": lambda connection, place: effects.element_states(connection, place.id),
    "400 things and their datastreams": sta("Things?$top=400&$expand=Datastreams"),
    "one datastream and its thing": sta("Datastreams(7)?$expand=Thing"),
    "things within a box": sta(
        "Things?$top=400&$filter=st_within(Locations/location,geography'POLYGON((7.41 43.73,7.42 43.73,7.42 43.735,7.41 43.735,7.41 43.73))')"
    ),
}


def main() -> None:
    """Make the demo place with more things, and read it as both."""
    things = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as owner, db.opened(services.database_url) as interface:
                with owner.begin() as connection:
                    load_demo(connection, lambda _: None)
                    connection.execute(text(FILL), {"things": things})
                with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE"))
                compare(owner, roles.guard(interface))
        finally:
            running.down(settings)


def compare(owner: Engine, interface: Engine) -> None:
    """Read everything as both, in turns."""
    with owner.connect() as connection:
        place = places.get(connection)
    print(f"{'milliseconds':<36} owner  operator  ratio")
    ratios = []
    for name, read in READS.items():
        spent: dict[str, list[float]] = {"owner": [], "operator": []}
        for _ in range(ROUNDS):
            spent["owner"].append(_timed(owner, read, place))
            with roles.asking(OPERATOR):
                spent["operator"].append(_timed(interface, read, place))
        mine, theirs = (float(np.percentile(spent[who][1:], 25)) for who in ("owner", "operator"))
        ratios.append(theirs / mine)
        print(f"{name:<36} {mine:5.1f}  {theirs:8.1f}  {theirs / mine:5.2f}", flush=True)
    print(f"{'geometric mean of the ratios':<36} {'':5}  {'':8}  {np.exp(np.mean(np.log(ratios))):5.2f}")


def _timed(engine: Engine, read: Read, place: Place) -> float:
    begin = time.perf_counter()
    with engine.begin() as connection:
        read(connection, place)
    return (time.perf_counter() - begin) * 1_000


if __name__ == "__main__":
    main()
