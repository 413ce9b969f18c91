"""Compare linli's worker with its peers: one broker, one database, one load, one run.

    python -m bench.ingest [MESSAGES] [PART ...]        (PART: drain, latency, kill, memory, share; all where none is named)

Each worker is a process of its own with a session that waits: it is frozen while the broker is filled, then let go, so
that start-up costs nobody anything. Rounds alternate, so that a busy machine hits all alike. CPU is the worker process's.
The peers get the same readings of the same devices; mq-bridge reads no arrays, and gets them flat, with the database's own
ids, so that it has nothing to look up.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench import ingest_peers
from bench.ingest_load import DEVICES
from bench.ingest_parts import Bench, drain, kill, latency, memory, share
from deploy import services as running
from deploy.settings import ServiceSettings
from tests import sensors
from twin import db

PEERS = Path("~/.cache/linli/bench").expanduser()
PARTS = {"drain": drain, "latency": latency, "kill": kill, "memory": memory, "share": share}


def main() -> None:
    """Run the parts and print the table."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    ingest_peers.install(PEERS)
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as engine, engine.begin() as connection:
                sensors.devices(connection, DEVICES)
                connection.exec_driver_sql("CREATE TABLE bench_copied (id integer, t float8, v float8)")
                connection.exec_driver_sql("CREATE TABLE bench_read (n integer)")
            bench = Bench(services, PEERS, messages)
            lines = [line for name in sys.argv[2:] or PARTS for line in PARTS[name](bench)]
            print("\n" + "\n".join(lines))
        finally:
            running.down(settings)


if __name__ == "__main__":
    main()
