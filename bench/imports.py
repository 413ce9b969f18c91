"""Load whole OpenStreetMap extracts into a database of its own, and the same files by pyrosm; seconds and peak memory.

The limits are for a machine with nothing else to do; the seconds of computing of each process stand beside.

    python -m bench.imports [PYTHON]

PYTHON is an interpreter that has pyrosm (`pip install pyrosm` in an environment of its own); without it no peer is
run. linli reads, builds the walking network with its lifts, buildings, facilities and the base map, and commits them
to PostGIS; pyrosm reads the walking network, the buildings and the points of interest into frames in memory, and
keeps nothing. Each runs in a process of its own; the peak is that process's own, without the database's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import shapely

from deploy import services as running
from deploy.settings import ServiceSettings
from twin import db

OSM = Path(__file__).resolve().parents[2] / "shared" / "data" / "osm"
MEGABYTE = 1024  # ru_maxrss is in kB


@dataclass(frozen=True, slots=True)
class Case:
    """A file, and the boundaries [degrees] that hold all of it: one a continent."""

    file: str
    boxes: tuple[tuple[float, float, float, float], ...]
    most_s: float
    most_mb: float | None


CASES = (
    Case("heidelberg.test.osm.pbf", ((8.5, 49.2, 9.1, 49.6),), 60, None),
    Case("nominatim-apidb.osm.pbf", ((9.0, 46.9, 9.9, 47.4), (-87.1, 32.0, -86.0, 33.1)), 90, 1536),
)

# What runs in the child: files and arguments in, seconds and peak out as JSON.
OURS = """
import json, resource, sys, time
from pathlib import Path
import shapely
from ingest.loaders.osm import load_osm
from twin import db, places
url, path, boxes = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
begun = time.perf_counter()
counts = []
for number, box in enumerate(boxes):
    area = shapely.MultiPolygon([shapely.box(*box)])
    with db.opened(url) as engine, engine.begin() as connection:
        place = places.put(connection, code=f"{path.name}-{number}", name="n", name_zh="n", boundary=area, timezone="UTC",
                           residents=0, households=0, attribution="ODbL")
        receipts = load_osm(connection, place, path, area, lambda line: None)
    counts.append({receipt.what: receipt.added for receipt in receipts})
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"s": time.perf_counter() - begun, "cpu_s": used.ru_utime + used.ru_stime, "kb": used.ru_maxrss,
                  "counts": counts}))
"""
PEER = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
from pyrosm import OSM
begun = time.perf_counter()
counts = []
for box in json.loads(sys.argv[2]):
    osm = OSM(sys.argv[1], bounding_box=list(box))
    nodes, edges = osm.get_network("walking", nodes=True)
    frames = {"network": edges, "buildings": osm.get_buildings(), "facilities": osm.get_pois()}
    counts.append({name: 0 if frame is None else len(frame) for name, frame in frames.items()})
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"s": time.perf_counter() - begun, "cpu_s": used.ru_utime + used.ru_stime, "kb": used.ru_maxrss,
                  "counts": counts}))
"""


def main() -> None:
    """Load each file, print the figures beside their limits and the peer's."""
    peer = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            for case in CASES:
                compare(case, services.database_url, peer)
        finally:
            running.down(settings)


def compare(case: Case, url: str, peer: str | None) -> None:
    """Run ours and the peer's on one file."""
    path, boxes = OSM / case.file, json.dumps(case.boxes)
    square = sum(shapely.box(*box).area for box in case.boxes)
    print(f"{case.file}: {path.stat().st_size / 2**20:.1f} MB, {square:.2f} square degrees")
    ours = run(sys.executable, OURS, url, str(path), boxes)
    limit = f"limit {case.most_s:.0f} s" + (f", {case.most_mb:.0f} MB" if case.most_mb else "")
    show("linli", ours, limit)
    if peer:
        theirs = run(peer, PEER, str(path), boxes)
        show("pyrosm", theirs, "nothing stored")
        print(
            f"  pyrosm / linli: computing {theirs['cpu_s'] / ours['cpu_s']:.2f}, peak {theirs['kb'] / ours['kb']:.2f}"
        )


def run(python: str, program: str, *arguments: str) -> dict[str, float]:
    """Run a program in a process of its own and give what it measured of itself."""
    done = subprocess.run([python, "-c", program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(who: str, found: dict[str, float], said: str) -> None:
    """Print one line of figures."""
    print(
        f"  {who:<7} {found['s']:6.1f} s ({found['cpu_s']:.1f} s of computing), "
        f"peak {found['kb'] / MEGABYTE:6.0f} MB; {found['counts']} ({said})",
        flush=True,
    )


if __name__ == "__main__":
    main()
