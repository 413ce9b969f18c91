"""The demo place: official totals kept, every building in one grid, and a second load that changes nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ingest.loaders.demo import DEMO, load_demo, load_folder
from ingest.loaders.generated_grids import BAND
from twin import buildings, db, facilities, grids, network, places, residents
from twin.db import Connection
from twin.errors import Refused
from twin.projection import to_metric
from twin.terms import Service

SHARES = {"0-17": 16.1, "18-34": 15.8, "35-49": 17.0, "50-64": 23.5, "65-79": 18.1, "80+": 9.4}  # IMSEE, 2024 [%]
TABLES = ("place", "grid", "building", "resident_count", "facility", "network_node", "network_edge", "thing", "effect")


@pytest.fixture
def connection(monaco: str) -> Iterator[Connection]:
    engine = db.engine(monaco)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def counts(connection: Connection) -> NDArray[np.int32]:
    known = buildings.load(connection, network.load(connection, places.get(connection).id))
    return residents.load(connection, known).counts


def shapes(connection: Connection, level: str) -> dict[str, shapely.Geometry]:
    rows = connection.execute(
        sa.text("SELECT code, ST_AsBinary(geom) FROM grid WHERE level = :level ORDER BY code"), {"level": level}
    )
    srid = places.get(connection).metric_srid
    return {code: to_metric(srid, shapely.from_wkb(bytes(shape))) for code, shape in rows}


def contents(connection: Connection) -> dict[str, list[str]]:
    """Every row of the tables as text, the time of loading left out."""
    return {
        table: list(
            connection.scalars(
                sa.text(f"SELECT (to_jsonb(t) - 'loaded_at')::text AS row FROM {table} AS t ORDER BY row")
            )
        )
        for table in TABLES
    }


def test_the_residents_of_the_buildings_add_up_to_the_official_total_and_shares(connection: Connection) -> None:
    known = buildings.load(connection, network.load(connection, places.get(connection).id))
    found = residents.load(connection, known)
    assert found.bands == tuple(SHARES)
    assert found.counts.sum() == 38_423
    wanted = np.array(list(SHARES.values())) * 38_423 / sum(SHARES.values())
    assert np.abs(found.counts.sum(axis=0) - wanted).max() <= 1
    assert [round(100 * n / 38_423, 1) for n in found.counts.sum(axis=0).tolist()] == list(SHARES.values())
    assert not found.counts[~known.residential].any()


def test_the_method_and_its_error_are_on_record(connection: Connection) -> None:
    method = connection.execute(sa.text("SELECT residents_method FROM place")).scalar_one()
    assert "by floor area" in method
    assert "17-19 % of residents misallocated" in method


def test_the_bands_of_each_grid_are_within_two_people_of_their_share(connection: Connection) -> None:
    known = buildings.load(connection, network.load(connection, places.get(connection).id))
    found = residents.load(connection, known).counts
    share = found.sum(axis=0) / found.sum()
    for grid in np.unique(known.grid_ids[known.residential]):
        inside = found[known.grid_ids == grid].sum(axis=0)
        assert np.abs(inside - inside.sum() * share).max() < 2


def test_every_building_inside_the_boundary_lies_in_exactly_one_grid(connection: Connection) -> None:
    cells = shapes(connection, "grid")
    place = places.get(connection)
    boundary = to_metric(place.metric_srid, places.boundary(connection, place.id))
    rows = connection.execute(
        sa.text(
            "SELECT b.residential, g.code, ST_AsBinary(b.geom) FROM building b LEFT JOIN grid g ON g.id = b.grid_id"
        )
    ).all()
    inside = 0
    for residential, code, outline in rows:
        assert code or not residential
        point = shapely.point_on_surface(to_metric(place.metric_srid, shapely.from_wkb(bytes(outline))))
        if shapely.contains(boundary, point):
            inside += 1
            assert [found for found, cell in cells.items() if shapely.contains(cell, point)] == [code]
    assert inside > 1_100


@pytest.mark.parametrize("level", ["street", "community", "grid"])
def test_no_grids_overlap_and_they_leave_no_gap(connection: Connection, level: str) -> None:
    cells = np.array(list(shapes(connection, level).values()))
    place = places.get(connection)
    boundary = to_metric(place.metric_srid, places.boundary(connection, place.id))
    limit_m2 = 1e-9 * float(shapely.area(boundary))
    one, other = shapely.STRtree(cells).query(cells, predicate="intersects")
    pairs = one < other
    assert shapely.area(shapely.intersection(cells[one[pairs]], cells[other[pairs]])).sum() <= limit_m2
    assert shapely.difference(boundary, shapely.union_all(cells)).area <= limit_m2
    assert shapely.coverage_is_valid(cells)


@pytest.mark.parametrize("level", ["street", "community", "grid"])
def test_the_buildings_of_each_grid_hang_together(connection: Connection, level: str) -> None:
    place = places.get(connection)
    boundary = places.boundary(connection, place.id)
    assert len(boundary.geoms) == 1
    for code, cell in shapes(connection, level).items():
        parts = shapely.get_parts(cell)
        one, other = shapely.STRtree(parts).query(parts, predicate="touches")
        links = coo_array((np.ones(len(one)), (one, other)), shape=(len(parts), len(parts)))
        assert connected_components(links)[0] == 1, code


def test_grids_hold_300_to_500_households_and_sum_to_the_total(connection: Connection) -> None:
    found = grids.load(connection, places.get(connection).id)
    levels = np.array(found.levels)
    for level in grids.LEVELS:
        assert found.households[levels == level].sum() == 17_905
    leaves = found.households[levels == "grid"]
    assert (len(leaves), int(np.count_nonzero(BAND.excess(leaves.astype(np.float64))))) == (45, 0)
    by_building = connection.execute(sa.text("SELECT sum(households) FROM building")).scalar_one()
    assert by_building == 17_905
    assert found.generated.all()


def test_codes_nest_and_have_the_shape_of_real_ones(connection: Connection) -> None:
    found = grids.load(connection, places.get(connection).id)
    for code, level, parent in zip(found.codes, found.levels, found.parent.tolist(), strict=True):
        assert len(code) == {"street": 9, "community": 12, "grid": 15}[level]
        assert code.startswith("990492")
        assert code.isdecimal()
        assert (found.codes[parent] if parent >= 0 else None) == (None if level == "street" else code[:-3])
    communities = [sum(code.startswith(c) for code, level in zip(found.codes, found.levels, strict=True) if level == "grid")
                   for c, level in zip(found.codes, found.levels, strict=True) if level == "community"]  # fmt: skip
    assert all(8 <= n <= 12 for n in communities), communities


def test_no_two_grids_of_a_level_have_the_same_name(connection: Connection) -> None:
    found = grids.load(connection, places.get(connection).id)
    assert len(set(found.names)) == len(found.names)
    assert len(set(found.names_zh)) == len(found.names_zh)


def test_the_demo_has_what_openstreetmap_lacks_there_and_it_hangs_on_the_network(connection: Connection) -> None:
    walking = network.load(connection, places.get(connection).id)
    found = facilities.load(connection, walking)
    invented = np.array([source.startswith("demo-") for source in found.source_ids])
    assert {facilities.SERVICES[code] for code in found.service[invented].tolist()} == {
        Service.CLINIC,
        Service.COMMUNITY_STATION,
        Service.ELDER_DAY_CARE,
        Service.CANTEEN,
    }
    assert (found.node[invented] >= 0).all()
    assert found.node_m[invented].max() < 100
    assert all("demo" in found.names[i] and "演示" in str(found.names_zh[i]) for i in np.flatnonzero(invented))


def test_a_second_load_changes_nothing_and_says_so(connection: Connection) -> None:
    before = contents(connection)
    said: list[str] = []
    receipts = load_demo(connection, said.append)
    assert [receipt.what for receipt in receipts if receipt.changes] == []
    assert said[-1] == "Monaco was loaded already: nothing changed"
    assert contents(connection) == before


def test_a_broken_file_of_the_demo_leaves_nothing_behind(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "a place"
    shutil.copytree(DEMO, folder)
    rows = (folder / "facilities.csv").read_text(encoding="utf-8").splitlines()
    rows[3] = rows[3].replace("clinic", "clinick", 2)
    (folder / "facilities.csv").write_text("\n".join(rows), encoding="utf-8")
    engine = db.engine(database)
    with pytest.raises(Refused, match="line 4: unknown service 'clinick'"), engine.begin() as connection:
        load_folder(connection, folder / "place.toml", lambda _: None)
    with engine.begin() as connection:
        assert not any(contents(connection).values())
    engine.dispose()
