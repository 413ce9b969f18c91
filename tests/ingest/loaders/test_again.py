"""The same file again changes nothing, whatever kind it is: no row, no revision of a row, no network version."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import sqlalchemy as sa
from affine import Affine

from ingest.loaders import devices, elevation, facilities, generated_grids, grids, residents, welfare
from ingest.loaders import place as descriptions
from ingest.loaders.osm import load_osm
from ingest.loaders.receipt import Receipt
from tests.ingest.loaders.layers import feature, geojson, xlsx
from twin import db, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.places import Place
from twin.tables import KEPT

DEMO = Path(__file__).resolve().parents[3] / "demo"
Load = Callable[[Connection, Place, Path], tuple[Receipt, ...]]


@pytest.fixture
def connection(monaco: str) -> Iterator[Connection]:
    with db.opened(monaco) as engine, engine.connect() as connection:
        yield connection


def _place(connection: Connection, _place: Place, _folder: Path) -> tuple[Receipt, ...]:
    return (descriptions.load(connection, DEMO / "place.toml"),)


def _osm(connection: Connection, place: Place, _folder: Path) -> tuple[Receipt, ...]:
    boundary = places.boundary(connection, place.id)
    return load_osm(connection, place.id, DEMO / "monaco.osm.pbf", boundary, lambda _: None)


def _grids(connection: Connection, place: Place, folder: Path) -> tuple[Receipt, ...]:
    import shapely

    west, south, east, north = place.bounds
    middle = (west + east) / 2
    halves = {"a": shapely.box(west, south, middle, north), "b": shapely.box(middle, south, east, north)}
    path = geojson(folder / "grids.geojson", *(feature(code, shape) for code, shape in halves.items()))
    return (grids.load(connection, path, place=place, datum=WGS_84),)


def _generated(connection: Connection, place: Place, _folder: Path) -> tuple[Receipt, ...]:
    return (generated_grids.generate(connection, place, code_prefix="990001"),)


def _totals(connection: Connection, place: Place, _folder: Path) -> tuple[Receipt, ...]:
    return (residents.estimate(connection, DEMO / "place.toml", place=place),)


def _counts(connection: Connection, place: Place, folder: Path) -> tuple[Receipt, ...]:
    rows = connection.execute(sa.text("SELECT source_id FROM building WHERE residential ORDER BY id LIMIT 3")).scalars()
    path = folder / "counts.csv"
    lines = [f"{source},{band},{n}" for source in rows for band, n in (("0-17", 3), ("65+", 8))]
    path.write_text("\n".join(("building,age_band,residents", *lines)) + "\n", encoding="utf-8")
    return (residents.given(connection, path, place=place),)


def _welfare(connection: Connection, place: Place, folder: Path) -> tuple[Receipt, ...]:
    code = connection.execute(sa.text("SELECT code FROM grid WHERE level = 'grid' ORDER BY id LIMIT 1")).scalar_one()
    path = folder / "welfare.csv"
    path.write_text(f"grid,group,people\n{code},living_alone,31\n", encoding="utf-8")
    return (welfare.load(connection, path, place=place),)


def _facilities(connection: Connection, place: Place, folder: Path) -> tuple[Receipt, ...]:
    head, row = ("id", "service", "name", "lon", "lat"), ("a", "clinic", "A", 7.42, 43.735)
    path = xlsx(folder / "own.xlsx", head, row, ("b", "canteen", "B", 7.421, 43.736))
    return (facilities.load(connection, path, place=place, datum=WGS_84),)


def _devices(connection: Connection, place: Place, _folder: Path) -> tuple[Receipt, ...]:
    return (devices.load(connection, DEMO / "devices.csv", place=place, datum=WGS_84),)


def _elevation(connection: Connection, place: Place, folder: Path) -> tuple[Receipt, ...]:
    """Load a fine model of a plane that rises to the east by 4 m in 100 m, as no way of Monaco's map says of itself."""
    west, south, east, north = place.bounds
    step = 0.00004  # degrees: 3 m by 4 m, for Monaco's ways are short from crossing to crossing
    across, down = (round((there - here) / step) + 20 for here, there in ((west, east), (south, north)))
    metres = np.arange(across) * step * 111_320 * math.cos(math.radians(south))
    path = folder / "plane.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=across, height=down, count=1, dtype="float32", crs="EPSG:4326",
        transform=Affine(step, 0, west - 10 * step, 0, -step, north + 10 * step), nodata=-9999,
    ) as raster:  # fmt: skip
        raster.write(np.tile((0.04 * metres).astype("float32"), (down, 1)), 1)
    receipt = elevation.load(connection, path, place=place)
    steepest = connection.scalar(sa.text("SELECT max(abs(elevation_incline)) FROM network_edge"))
    assert receipt.read > 1_000
    assert steepest == pytest.approx(0.04, rel=0.05)
    return (receipt,)


KINDS: dict[str, Load] = {
    "place": _place,
    "osm": _osm,
    "grids": _grids,
    "generated grids": _generated,
    "residents' totals": _totals,
    "residents": _counts,
    "welfare": _welfare,
    "facilities": _facilities,
    "devices": _devices,
    "elevation": _elevation,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_file_again_changes_nothing(kind: str, connection: Connection, tmp_path: Path) -> None:
    place = places.get(connection)
    first = KINDS[kind](connection, place, tmp_path)
    assert first
    connection.commit()
    before = rows(connection)
    version = places.get(connection).network_version
    again = KINDS[kind](connection, place, tmp_path)
    assert [receipt.changes for receipt in again] == [0] * len(again)
    assert [receipt.unchanged for receipt in again] == [receipt.read - len(receipt.rejected) for receipt in again]
    assert rows(connection) == before
    assert places.get(connection).network_version == version


def rows(connection: Connection) -> dict[str, list[int | None]]:
    """Give the newest revision in each kept table, and how many rows it has had so far."""
    return {
        name: list(
            connection.execute(sa.text(f"SELECT max(revision), (SELECT count(*) FROM {name}_past) FROM {name}")).one()
        )
        for name in KEPT
    }
