"""Ask SensorThings for what dashboards ask for, on some million observations, over HTTP on this machine.

    python -m bench.sensorthings [MILLIONS]

Prints the median and the slowest of ROUNDS requests, each in milliseconds, with the bytes of the answer.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import requests
import uvicorn
from sqlalchemy import text

from api import server
from api.app import create
from api.settings import ServeSettings
from deploy import services as running
from deploy.settings import ServiceSettings
from tests import sensors
from twin import db
from twin.db import Connection
from twin.roles import Role

STREAMS = 400
DAYS = 30
ROUNDS = 30
REQUESTS = {
    "1,000 newest observations of a datastream": "Datastreams(7)/Observations?$top=1000&$orderby=phenomenonTime desc",
    "the same as dataArray": "Datastreams(7)/Observations?$top=1000&$orderby=phenomenonTime desc&resultFormat=dataArray",
    "the same, result and time alone": "Datastreams(7)/Observations?$top=1000&$orderby=phenomenonTime desc&$select=result,phenomenonTime",
    "400 datastreams with their latest value": "Datastreams?$top=400&$expand=Observations($top=1;$orderby=phenomenonTime desc)",
    "the same, name and value alone": "Datastreams?$top=400&$select=name,unitOfMeasurement&$expand=Observations($top=1;$orderby=phenomenonTime desc;$select=result,phenomenonTime)",
    "400 things, datastreams, latest value": "Things?$top=400&$expand=Datastreams($expand=Observations($top=1;$orderby=phenomenonTime desc)),Locations",
    "an hour of all datastreams": "Observations?$top=1000&$filter=phenomenonTime ge 2026-01-30T23:00:00Z",
    "things within a box": "Things?$filter=st_within(Locations/location, geography'POLYGON((7 43,8 43,8 44,7 44,7 43))')",
}
FILL = """
INSERT INTO observation (time, datastream_id, value)
SELECT timestamptz '2026-01-01 00:00:00+00' + i * CAST(:step_s AS double precision) * interval '1 second', d.id, 20 + 5 * sin(i / 50.0)
  FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS i, datastream d
"""
LATEST = """
INSERT INTO latest (datastream_id, time, value, received_at)
SELECT d.id, o.time, o.value, o.time FROM datastream d CROSS JOIN LATERAL
       (SELECT time, value FROM observation WHERE datastream_id = d.id ORDER BY time DESC LIMIT 1) o
"""


def main() -> None:
    """Fill a database, serve it, ask."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as engine:
                with engine.begin() as connection:
                    sensors.devices(connection, STREAMS)
                fill(engine, round(millions * 1e6 / STREAMS))
            with serving(services.database_url) as root:
                measure(root)
        finally:
            running.down(settings)


def fill(engine: db.Engine, each: int) -> None:
    """Give each datastream so many observations over DAYS days."""
    step_s = DAYS * 86_400 / each
    begin = time.perf_counter()
    for first in range(0, each, 2_000):
        with engine.begin() as connection:
            last = min(first + 2_000, each) - 1
            connection.execute(text(FILL), {"step_s": step_s, "first": first, "last": last})
    with engine.begin() as connection:
        connection.execute(text(LATEST))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        print(f"{count(connection):,} observations in {time.perf_counter() - begin:.0f} s", flush=True)


def count(connection: Connection) -> int:
    """Count the observations."""
    return int(connection.execute(text("SELECT count(*) FROM observation")).scalar_one())


@contextmanager
def serving(url: str) -> Iterator[str]:
    """Serve as `linli serve` does, in this process."""
    listening = server.listen(ServeSettings(port=0, open_as=Role.OPERATOR))
    process = uvicorn.Server(
        uvicorn.Config(create(ServeSettings(open_as=Role.OPERATOR), url), log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=process.run, kwargs={"sockets": [listening]})
    thread.start()
    while not process.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/sta/v1.1/"
    finally:
        process.should_exit = True
        thread.join()


def measure(root: str) -> None:
    """Ask each request ROUNDS times on one connection."""
    print(f"{'milliseconds, load ' + str(os.getloadavg()[0]):<44} median     max    bytes")
    session = requests.Session()
    for name, address in REQUESTS.items():
        spent = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            answer = session.get(root + address, timeout=60)
            spent.append((time.perf_counter() - begin) * 1_000)
            answer.raise_for_status()
        print(f"{name:<44} {np.median(spent):6.1f}  {max(spent):6.1f}  {len(answer.content):>7,}", flush=True)


if __name__ == "__main__":
    main()
