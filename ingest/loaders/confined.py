"""Read a stranger's file in a child process with limits on memory and computing, so that it can harm nothing else.

A geometry of 250 random vertices takes a minute to mend, WKB nested 50,000 deep crashes its reader, and 2.6 MB of XLSX
keep one busy for half a minute: here each ends in one line, and the process that asked lives on.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from ingest.loaders.refusal import RefusedFile

__all__ = ["run"]

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
CPU_S = 60
MEMORY_BYTES = 2 * 2**30
WALL_FACTOR = 5  # a loaded machine gives a process this much less than a core
REFUSED, OUT_OF_MEMORY = 3, 4
# Every GDAL driver but GPKG, ESRI Shapefile and the one that pyogrio itself needs (MEM): some open other files, some
# the network. tests/ingest/loaders/test_confined.py says when a new GDAL brings a new one.
NO_DRIVERS = (
    "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSV,CSW,Carto,DGN,DXF,EDIGEO,EEDA,ESRIJSON,Elasticsearch,FlatGeobuf,"
    "GDALG,GML,GPSBabel,GPX,GTFS,GeoJSON,GeoJSONSeq,GeoRSS,HTTP,Idrisi,JML,JSONFG,KML,LIBKML,LVBAG,MBTiles,MVT,"
    "MapInfo File,MapML,MiraMonVector,NGW,OAPIF,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,OpenFileGDB,PCIDSK,PDF,PDS4,"
    "PGDUMP,PLSCENES,PMTiles,S57,SQLite,SXF,Selafin,TopoJSON,VDV,VFK,VICAR,WAsP,WFS,XLSX"
)
LIMITED = {
    "GDAL_SKIP": NO_DRIVERS,
    "GDAL_DRIVER_PATH": "disable",
    "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE",  # a Shapefile's parts are found by looking beside it
    "GDAL_HTTP_PROXY": "127.0.0.1:9",  # the discard port: should a driver still ask, nobody answers
    "OPENBLAS_NUM_THREADS": "1",  # each thread would take its own share of the address space
    "OMP_NUM_THREADS": "1",
}


def run(job: str, path: Path, *arguments: str, kind: type[T], cpu_s: int = CPU_S) -> T:
    """Run the function `module:name` of ingest.loaders on a file and give what it returns, as the type says.

    Raises FileNotFoundError where there is no such file, RefusedFile with the path and what was wrong with it.
    """
    if not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    # -P: no module of the folder that the user stands in
    command = [sys.executable, "-P", "-m", __name__, job, str(cpu_s), str(path), *arguments]
    environment = {**os.environ, **LIMITED, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=cpu_s * WALL_FACTOR,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RefusedFile("too-long", path, seconds=cpu_s) from None
    if done.returncode == 0:
        return msgspec.msgpack.decode(done.stdout, type=kind)
    if done.returncode == REFUSED:
        code, values = msgspec.msgpack.decode(done.stdout, type=tuple[str, dict[str, object]])
        raise RefusedFile(code, path, **values)
    if done.returncode == OUT_OF_MEMORY:
        raise RefusedFile("too-much", path, megabytes=MEMORY_BYTES // 2**20)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise RefusedFile("too-long", path, seconds=cpu_s)
    if done.returncode < 0:
        raise RefusedFile("crashed", path, signal=-done.returncode)
    raise RuntimeError(f"reader of {path} failed: {done.stderr.decode(errors='replace')[-2000:]}")


def _child(job: str, cpu_s: str, path: str, arguments: Sequence[str]) -> int:
    """Limit this process, run the job, and write what it gives, or why it refuses, on standard output."""
    seconds = int(cpu_s)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, name = job.partition(":")
    try:
        made = getattr(importlib.import_module(f"ingest.loaders.{module}"), name)(Path(path), *arguments)
        out, status = msgspec.msgpack.encode(made), 0
    except RefusedFile as refusal:
        values = {key: value if isinstance(value, int) else str(value) for key, value in refusal.values.items()}
        out, status = msgspec.msgpack.encode((refusal.code, values)), REFUSED
    except MemoryError:
        out, status = b"", OUT_OF_MEMORY
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()
    return status


if __name__ == "__main__":
    sys.exit(_child(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
