"""Extracts are loaded whole or not at all, and twice without a change."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from pyproj import Geod

from ingest.loaders import work
from ingest.loaders.osm import load_osm
from ingest.loaders.place import read_boundary
from ingest.loaders.receipt import Receipt
from tests.ingest.loaders.osm_town import Nodes, Ways, town, write
from twin import buildings, db, facilities, network, places
from twin.attachment import attachable
from twin.db import Connection
from twin.errors import Refused
from twin.features import LAYERS, geojson
from twin.terms import EdgeKind

DEMO = Path(__file__).resolve().parents[3] / "demo"
NODES: Nodes = {
    1: (0, 0), 2: (100, 0), 3: (100, 50),
    4: (10, 5), 5: (20, 5), 6: (20, 15), 7: (10, 15),
    8: (60, 5, {"amenity": "pharmacy", "name": "Pharmacy", "name:zh": "药店", "wheelchair": "yes"}),
    9: (60, 6, {"amenity": "toilets", "access": "private"}),
}  # fmt: skip
WAYS: Ways = {
    1: ([1, 2], {"highway": "residential", "name": "East Street"}),
    2: ([2, 3], {"highway": "footway"}),
    3: ([4, 5, 6, 7, 4], {"building": "apartments", "building:levels": "6"}),
}


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        yield connection


def put(connection: Connection, boundary: shapely.Geometry, code: str = "town") -> int:
    return places.put(
        connection,
        code=code,
        name=code,
        name_zh=code,
        boundary=boundary,
        timezone="UTC",
        residents=0,
        households=0,
        attribution="© OpenStreetMap contributors",
    )


def load(connection: Connection, path: Path, boundary: shapely.Geometry, code: str = "town") -> dict[str, Receipt]:
    receipts = load_osm(connection, put(connection, boundary, code), path, boundary, lambda _: None)
    return {receipt.what: receipt for receipt in receipts}


def edge_ids(connection: Connection) -> dict[str, int]:
    rows = connection.execute(sa.text("SELECT source_id, id FROM network_edge"))
    return {row.source_id: row.id for row in rows}


def test_a_town_is_loaded_with_a_receipt(connection: Connection, tmp_path: Path) -> None:
    receipts = load(connection, write(tmp_path / "t.osm", NODES, WAYS), town())
    assert {what: (r.read, r.added, r.rejected) for what, r in receipts.items()} == {
        "network": (3, 3, ()),
        "buildings": (1, 1, ()),
        "facilities": (2, 1, (("n9", "toilet: not open to the public"),)),
        "base map": (3, 3, ()),
    }
    place = places.get(connection)
    walk = network.load(connection, place.id)
    home, pharmacy = buildings.load(connection, walk), facilities.load(connection, walk)
    assert (place.metric_srid, place.network_version) == (4549, 1)
    assert (home.floors.tolist(), home.residential.tolist(), home.lift.tolist()) == ([6], [True], [-1])
    # the house is nearest to the street's start, the pharmacy to its middle
    assert home.node_m[0] == pytest.approx(np.hypot(15, 10), abs=0.1)
    assert pharmacy.node_m[0] == pytest.approx(np.hypot(10, 5), abs=0.1)
    assert (pharmacy.names_zh, pharmacy.step_free.tolist()) == (("药店",), [1])


def test_the_same_file_again_changes_nothing_and_keeps_ids(connection: Connection, tmp_path: Path) -> None:
    path = write(tmp_path / "t.osm", NODES, WAYS)
    load(connection, path, town())
    before = edge_ids(connection)
    again = load(connection, path, town())
    assert [(receipt.added, receipt.changed, receipt.removed) for receipt in again.values()] == [(0, 0, 0)] * 4
    assert edge_ids(connection) == before
    assert places.get(connection).network_version == 1


def test_a_changed_file_changes_only_what_it_must(connection: Connection, tmp_path: Path) -> None:
    load(connection, write(tmp_path / "t.osm", NODES, WAYS), town())
    ids = edge_ids(connection)
    paved = {"highway": "residential", "name": "East Street", "surface": "asphalt"}
    ways: Ways = {1: ([1, 2], paved), 3: WAYS[3], 4: ([3, 1], {"highway": "steps"})}
    again = load(connection, write(tmp_path / "u.osm", NODES, ways), town())
    assert (again["network"].added, again["network"].changed, again["network"].removed) == (2, 2, 1)
    now = edge_ids(connection)
    assert (now["w1:0"], now["w1:1"]) == (ids["w1:0"], ids["w1:1"])


def test_what_lies_beyond_the_rim_is_left_out(connection: Connection, tmp_path: Path) -> None:
    # the boundary is a corner of the town; the rim of 400 m takes in the rest, but not the far hamlet or the antipodes
    far = {21: (5000, 0), 22: (5050, 0), 23: (-9_000_000, 0), 24: (-9_000_050, 0)}
    street = {"highway": "residential"}
    path = write(tmp_path / "t.osm", {**NODES, **far}, {**WAYS, 8: ([21, 22], street), 9: ([23, 24], street)})
    receipts = load(connection, path, town(-50, -50, 1, 1))
    assert (receipts["network"].read, receipts["buildings"].read) == (3, 1)
    walk = network.load(connection, places.get(connection).id)
    assert buildings.load(connection, walk).residential.tolist() == [False]  # drawn, outside the boundary


BROKEN = {
    "missing.osm.pbf": None,
    "empty.osm.pbf": b"",
    "cut.osm": b'<osm version="0.6"><node id="1" lat="0" ',
    "nothing.osm": b'<osm version="0.6"></osm>',
    "text.txt": b"hello",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_taken_is_one_clear_line_and_nothing_is_loaded(
    connection: Connection, tmp_path: Path, name: str
) -> None:
    content = BROKEN[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused) as refusal:
        load(connection, tmp_path / name, town())
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert connection.execute(sa.text("SELECT count(*) FROM network_node")).scalar_one() == 0


def test_half_an_extract_is_refused(connection: Connection, tmp_path: Path) -> None:
    half = tmp_path / "half.osm.pbf"
    half.write_bytes((DEMO / "monaco.osm.pbf").read_bytes()[:300_000])
    with pytest.raises(Refused, match=r"half\.osm\.pbf is no readable OpenStreetMap extract"):
        load(connection, half, read_boundary(DEMO / "monaco_boundary.geojson"))


def test_a_boundary_elsewhere_and_one_without_area_are_refused(connection: Connection, tmp_path: Path) -> None:
    path = write(tmp_path / "t.osm", NODES, WAYS)
    with pytest.raises(Refused, match="nothing inside the boundary"):
        load(connection, path, shapely.box(0, 0, 0.01, 0.01))
    with pytest.raises(Refused, match="no area"):
        load_osm(connection, put(connection, town()), path, shapely.Polygon(), lambda _: None)
    with pytest.raises(Refused, match="not in degrees"):
        load_osm(connection, put(connection, town()), path, shapely.box(351_000, 3_450_000, 352_000, 3_451_000), print)


@pytest.fixture
def demo(monaco: str) -> Iterator[Connection]:
    """The demo place, loaded."""
    with db.opened(monaco) as engine, engine.begin() as connection:
        yield connection


def test_monaco_is_loaded_with_all_its_47_lifts_and_every_layer(connection: Connection) -> None:
    receipts = load(connection, DEMO / "monaco.osm.pbf", read_boundary(DEMO / "monaco_boundary.geojson"), "monaco")
    (said,) = (note for note in receipts["network"].notes if " lifts: " in note)
    for receipt in receipts.values():
        kept = work.said(receipt)
        assert isinstance(kept["lines"], list)
        assert isinstance(kept["rejected"], list)
        assert [one["en"] for one in (*kept["lines"], *kept["rejected"]) if one["zh"] == one["en"]] == []
    assert said == "47 lifts: 35 by geometry, 7 joined to a way near by, 4 dead end, 1 levels tagged"
    place_id = places.get(connection).id
    sizes = {
        layer: len(shapely.get_parts(shapely.from_geojson(geojson(connection, place_id, layer)))) for layer in LAYERS
    }
    assert sizes["buildings"] == receipts["buildings"].read
    assert sizes["network"] == receipts["network"].read
    assert sum(sizes[kind] for kind in ("street", "rail", "water", "green", "land")) == receipts["base map"].read


def test_each_of_monacos_lifts_is_an_edge_that_can_be_closed(demo: Connection) -> None:
    lifts = demo.scalars(sa.text("SELECT split_part(source_id, ':', 1) FROM network_edge WHERE kind = 'lift'")).all()
    assert len(set(lifts)) == 47


def test_monacos_network_hangs_together_and_costs_time_everywhere(demo: Connection) -> None:
    walk = network.load(demo, places.get(demo).id)
    part = network.components(walk)
    assert (part == 0).mean() > 0.97
    assert walk.length_m[~walk.of_kind(EdgeKind.LIFT)].min() > 0
    assert (walk.tail != walk.head).all()


def test_monacos_lengths_are_those_on_the_ellipsoid_to_a_thousandth(demo: Connection) -> None:
    rows = demo.execute(sa.text("SELECT length_m, ST_AsBinary(geom) FROM network_edge WHERE kind <> 'lift'")).all()
    geod = Geod(ellps="WGS84")
    true_m = np.array(
        [geod.line_length(*shapely.get_coordinates(shapely.from_wkb(bytes(shape))).T) for _, shape in rows]
    )
    stored_m = np.array([length for length, _ in rows])
    is_long = true_m > 0.2  # shorter ones are stored as 10 cm
    assert np.abs(stored_m[is_long] / true_m[is_long] - 1).max() < 1e-3


def test_monacos_buildings_hang_on_walkable_ground(demo: Connection) -> None:
    walk = network.load(demo, places.get(demo).id)
    homes = buildings.load(demo, walk)
    assert (homes.node >= 0).all()
    assert attachable(walk)[homes.node].all()
    assert np.median(homes.node_m) < 30


def test_monacos_sea_is_water_and_its_land_is_not(demo: Connection) -> None:
    (sea,) = demo.scalars(sa.text("SELECT ST_AsBinary(geom) FROM map_feature WHERE class = 'sea'")).all()
    water = shapely.from_wkb(bytes(sea))
    wet = {"Port Hercule": (7.4265, 43.7345), "open sea": (7.4450, 43.7300)}
    dry = {"the Rock": (7.4225, 43.7312), "Monte Carlo": (7.4270, 43.7400), "Fontvieille": (7.4150, 43.7280)}
    assert {name for name, spot in (wet | dry).items() if water.covers(shapely.Point(spot))} == set(wet)


# A file without times, two cities on two continents in one file, and one whose ways reach out of it.
EXTRACTS = {
    "osm/heidelberg.test.osm.pbf": (8.69, 49.41, 8.695, 49.413),
    "osm/nominatim-apidb.osm.pbf": (9.52, 47.14, 9.525, 47.143),
    "helsinki/helsinki-centre.osm.pbf": (24.94, 60.168, 24.945, 60.171),
}


@pytest.mark.parametrize("name", EXTRACTS)
def test_real_extracts_load(connection: Connection, shared: Path, name: str) -> None:
    receipts = load(connection, shared / "data" / name, shapely.box(*EXTRACTS[name]))
    walk = network.load(connection, places.get(connection).id)
    assert len(walk.edge_ids) == receipts["network"].read > 500
    assert (network.components(walk) == 0).mean() > 0.9


def linli(database: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run `linli load osm` on a database."""
    environment = {**os.environ, "LINLI_SERVICES__DATABASE_URL": database}
    return subprocess.run(
        [sys.executable, "-m", "linli", "load", "osm", *argv],
        cwd=DEMO.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_command_loads_a_place_and_ends_with_2_on_a_file_it_cannot_take(database: str, tmp_path: Path) -> None:
    path, outline = write(tmp_path / "t.osm", NODES, WAYS), tmp_path / "boundary.geojson"
    outline.write_text(shapely.to_geojson(town()))
    first = linli(database, str(path), "--place", "town", "--boundary", str(outline), "--timezone", "Asia/Shanghai")
    assert (first.returncode, first.stderr) == (0, "")
    assert "network: 3 read, 3 added, 0 changed, 0 removed, 0 unchanged, 0 rejected" in first.stdout
    again = linli(database, str(path), "--place", "town")
    assert "network: 3 read, 0 added, 0 changed, 0 removed, 3 unchanged, 0 rejected" in again.stdout
    lost = linli(database, "lost.osm.pbf", "--place", "town")
    assert (lost.returncode, lost.stderr) == (2, "linli: no such file: lost.osm.pbf\n")
    stranger = linli(database, str(path), "--place", "city")
    assert (stranger.returncode, stranger.stderr) == (2, "linli: no place 'city'\n")
