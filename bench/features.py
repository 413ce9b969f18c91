"""Ask OGC API Features and Tiles for the demo place's buildings: ours and tipg, in turn, on the same database.

    python -m bench.features [PYTHON]

PYTHON is an interpreter that has tipg (its releases pin others of our libraries, so that it wants an environment of its
own); without one this one is tried. Both are served by uvicorn with one worker, each in a process of its own; the medians
of ROUNDS requests on one connection each, in milliseconds, and theirs over ours.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from deploy import services as running
from deploy.settings import ServiceSettings
from ingest.loaders.demo import load_demo
from twin import db

ROUNDS = 30
OURS = {
    "landing page": "",
    "1,000 buildings": "/collections/buildings/items?limit=1000",
    "1,000 buildings, offset 500": "/collections/buildings/items?limit=1000&offset=500",
    "buildings in a box": "/collections/buildings/items?limit=1000&bbox=7.418,43.730,7.425,43.735",
    "CQL2: floors > 6 and in a polygon": "/collections/buildings/items?limit=1000&filter-lang=cql2-text&filter="
    "floors > 6 AND S_INTERSECTS(geom, POLYGON((7.41 43.72, 7.43 43.72, 7.43 43.74, 7.41 43.74, 7.41 43.72)))",
    "one building": "/collections/buildings/items/{key}",
    "a tile of buildings": "/collections/buildings/tiles/WebMercatorQuad/14/5974/8529",
    "a tile of the network": "/collections/network/tiles/WebMercatorQuad/14/5974/8529",
}
# tipg writes a tile's column before its row
NAMES = {"14/5974/8529": "14/8529/5974", "/buildings/": "/public.building/", "/network/": "/public.network_edge/"}
TIPG = "import uvicorn; from tipg.main import app; uvicorn.run(app, host='127.0.0.1', port={port}, log_level='error')"
SERVE = (
    "import uvicorn; from api.app import create; from api.settings import ServeSettings; from twin.roles import Role; "
    "uvicorn.run(create(ServeSettings(open_as=Role.OPERATOR), {url!r}), host='127.0.0.1', port={port}, log_level='error')"
)


def main() -> None:
    """Load the demo place, serve it twice, ask both."""
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        url = running.up(settings).database_url
        try:
            db.migrate(url)
            with db.opened(url) as engine, engine.begin() as connection:
                load_demo(connection, lambda _: None)
            with served(sys.executable, SERVE, url) as ours, served(python, TIPG, url) as theirs:
                compare(httpx.Client(base_url=f"{ours}/ogc", timeout=60), httpx.Client(base_url=theirs, timeout=60))
        finally:
            running.down(settings)


@contextmanager
def served(python: str, script: str, url: str) -> Iterator[str]:
    """Run a server in a process and give its address when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    socket_folder = quote(asked["host"][0], safe="")  # tipg wants it where a host's name stands
    where = f"{parts.username}:{parts.password}@{socket_folder}:{asked['port'][0]}"
    theirs = {"DATABASE_URL": f"postgresql://{where}{parts.path}", "TIPG_DB_SCHEMAS": '["public"]'}
    process = subprocess.Popen([python, "-c", script.format(port=port, url=url)], env=os.environ | theirs)
    address = f"http://127.0.0.1:{port}"
    try:
        wait(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers; one that ends before says why itself."""
    while process.poll() is None:
        try:
            httpx.get(address, timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server ended before it answered")


def compare(ours: httpx.Client, theirs: httpx.Client) -> None:
    """Ask both in turn and print a table."""
    first = ours.get("/collections/buildings/items?limit=1").json()["features"][0]["id"]
    print(
        f"load {os.getloadavg()[0]:.1f}\n{'':<36} {'ours ms':>8} {'tipg ms':>8} {'ratio':>6} {'ours kB':>8} {'tipg kB':>8}"
    )
    for name, path in OURS.items():
        mine, other = path.format(key=first), path.format(key=first)
        for short, long in NAMES.items():
            other = other.replace(short, long)
        spent: tuple[list[float], list[float]] = ([], [])
        sizes = [0, 0]
        for _ in range(ROUNDS):
            for side, (client, address) in enumerate(((ours, mine), (theirs, other))):
                begin = time.perf_counter()
                answer = client.get(address)
                spent[side].append((time.perf_counter() - begin) * 1_000)
                answer.raise_for_status()
                sizes[side] = len(answer.content)
        a, b = (statistics.median(one) for one in spent)
        print(
            f"{name:<36} {a:>8.1f} {b:>8.1f} {b / a:>5.1f}x {sizes[0] / 1e3:>8.1f} {sizes[1] / 1e3:>8.1f}", flush=True
        )


if __name__ == "__main__":
    main()
