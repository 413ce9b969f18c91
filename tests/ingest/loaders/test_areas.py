"""Residents given by grid, cell or H3 cell: whole people by floor area, true sums, and how far from the truth."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import h3
import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given as drawn
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pyproj import Transformer

from ingest.loaders import cells, residents
from tests.ingest.loaders import town
from twin import datum, db, places, unlocated, zones
from twin import residents as resident_counts
from twin.db import Connection
from twin.errors import Refused
from twin.places import Place

Ints = NDArray[np.int64]


@pytest.fixture
def built(database: str) -> Iterator[tuple[Connection, Place, Ints]]:
    engine = db.engine(database)
    with engine.begin() as connection:
        yield connection, *town.build(connection, np.random.default_rng(4))
    engine.dispose()


def write(tmp_path: Path, head: str, rows: Sequence[Sequence[object]]) -> Path:
    path = tmp_path / "counts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head.split(","), *rows])
    return path


def sums(zone_of: Sequence[str], true: Ints) -> list[tuple[str, str, int]]:
    """Sum the truth by zone and band, as an office publishes it."""
    return [
        (zone, band, int(sum(true[at, column] for at, each in enumerate(zone_of) if each == zone)))
        for zone in dict.fromkeys(zone_of)
        for column, band in enumerate(town.BANDS)
    ]


def stored(connection: Connection) -> Ints:
    """The residents in the twin by dwelling and band."""
    found = np.zeros((town.SIDE**2, len(town.BANDS)), np.int64)
    query = "SELECT b.source_id, age_band, residents FROM resident_count JOIN building b ON b.id = building_id"
    for source_id, band, people in connection.execute(sa.text(query)):
        found[int(source_id[1:]), town.BANDS.index(band)] = people
    return found


def wrong(found: Ints, true: Ints) -> float:
    """The share of people who are put in another dwelling than theirs."""
    return float(np.abs(found.sum(axis=1) - true.sum(axis=1)).sum() / 2 / true.sum())


def uniform(zone_of: Sequence[str], true: Ints) -> Ints:
    """Every dwelling of a zone the same."""
    zone, total = np.array(zone_of), true.sum(axis=1, keepdims=True).astype(float)
    return np.rint([total[zone == each].mean(axis=0) for each in zone]).astype(np.int64)


def test_grids_are_spread_by_floor_area_nearer_to_the_truth_than_evenly_and_sums_are_kept(
    built: tuple[Connection, Place, Ints], tmp_path: Path
) -> None:
    connection, place, true = built
    zone_of = [f"g{town.grid(at):02d}" for at in range(len(true))]
    path = write(tmp_path, "grid,age_band,residents", sums(zone_of, true))
    receipt = residents.given(connection, path, place=place)
    found = stored(connection)
    for grid in set(zone_of):
        inside = np.array(zone_of) == grid
        assert found[inside].sum(axis=0).tolist() == true[inside].sum(axis=0).tolist()
    error, even = wrong(found, true), wrong(uniform(zone_of, true), true)
    where = resident_counts.dwellings(connection, place.id)
    shares = dict(zip(town.BANDS, true.sum(axis=0) / true.sum(), strict=True))
    total = resident_counts.estimate(where, residents=int(true.sum()), households=5000, shares=shares)
    figures = [round(each, 3) for each in (error, wrong(total.residents, true), even)]
    assert figures == [0.108, 0.121, 0.308]  # docs/imports.md says these figures
    assert "spread over the dwellings of each by floor area" in receipt.notes[0]
    assert receipt.notes[1] == f"75 rows of areas became {np.count_nonzero(found)} counts of buildings"
    assert residents.given(connection, path, place=place).changes == 0


def test_an_h3_cell_and_a_250_m_square_are_spread_as_grids_are(
    built: tuple[Connection, Place, Ints], tmp_path: Path
) -> None:
    connection, place, true = built
    lonlat = [town.position(at) for at in range(len(true))]
    by_h3 = [h3.latlng_to_cell(lat, lon, 9) for lon, lat in lonlat]
    squares = Transformer.from_crs(4326, 3035, always_xy=True)
    inspire = []
    for lon, lat in lonlat:
        x, y = (int(value // 250) * 25 for value in squares.transform(lon, lat))
        inspire.append(f"250mN{y}E{x}")
    for zone_of in (by_h3, inspire):
        residents.given(connection, write(tmp_path, "cell,age_band,residents", sums(zone_of, true)), place=place)
        found = stored(connection)
        assert found.sum(axis=0).tolist() == true.sum(axis=0).tolist()
        for zone in set(zone_of):
            inside = np.array(zone_of) == zone
            assert found[inside].sum() == true[inside].sum()
        assert unlocated.by_band(connection, place.id) == {}


def test_a_square_by_its_corner_is_one_of_the_declared_plane_system(
    built: tuple[Connection, Place, Ints], tmp_path: Path
) -> None:
    connection, place, true = built
    at = town.metres(place.metric_srid)
    zone_of = [f"{x:.0f} {y:.0f}" for x, y in np.floor(at / 250) * 250]
    rows = [(*zone.split(), band, n) for zone, band, n in sums(zone_of, true)]
    path = write(tmp_path, "x,y,age_band,residents", rows)
    known = datum.parse(f"EPSG:{place.metric_srid}")
    residents.given(connection, path, place=place, datum=known)
    found = stored(connection)
    assert [found[np.array(zone_of) == zone].sum() for zone in set(zone_of)] == [
        true[np.array(zone_of) == zone].sum() for zone in set(zone_of)
    ]
    with pytest.raises(Refused, match="a square's corner needs its datum"):
        residents.given(connection, path, place=place)


def test_s06_the_unlocated_and_the_not_registered_stay_in_the_denominator(
    built: tuple[Connection, Place, Ints], tmp_path: Path
) -> None:
    connection, place, _ = built
    rows: list[tuple[str, str, int, str]] = [
        ("w000", "18-64", 3688, "yes"),
        ("w001", "18-64", 300, "no"),
        ("w002", "65+", 1000, ""),
        ("", "18-64", 4, ""),
        ("", "65+", 8, ""),
    ]
    receipt = residents.given(connection, write(tmp_path, "building,age_band,residents,registered", rows), place=place)
    located = stored(connection).sum(axis=0).tolist()
    away = unlocated.by_band(connection, place.id)
    assert (sum(located) + sum(away.values()), away) == (5000, {"18-64": 4, "65+": 8})
    assert "4988 of" in receipt.notes[0]
    assert receipt.notes[0].endswith("12 more not located; 300 of them are not registered here")


def test_a_suppressed_count_is_what_was_declared_of_its_code_and_a_number_where_nothing_was(
    built: tuple[Connection, Place, Ints], tmp_path: Path
) -> None:
    connection, place, _ = built
    path = write(tmp_path, "grid,age_band,residents", [("g00", "65+", 99), ("g01", "65+", 40), ("g02", "65+", "*")])
    with pytest.raises(Refused, match=r"residents '\*' is not a whole number"):
        residents.given(connection, path, place=place)
    for said, total in ((["*"], 139), (["99", "*"], 40), (["99=2", "*=3"], 45)):
        codes = residents.suppressions(said)
        receipt = residents.given(connection, path, place=place, suppressed=codes)
        assert stored(connection).sum() == total
        assert any(note.startswith(f"{len(said)} counts are suppressed") for note in receipt.notes)
    with pytest.raises(Refused, match="neither a code nor a code=PEOPLE"):
        residents.suppressions(["99=few"])


def test_an_area_without_a_dwelling_is_not_located_and_one_outside_is_refused(
    built: tuple[Connection, Place, Ints], tmp_path: Path
) -> None:
    connection, place, _ = built
    connection.execute(sa.text("UPDATE building SET residential = false WHERE source_id < 'w004'"))
    connection.execute(
        sa.text("UPDATE building SET footprint_m2 = 0 WHERE grid_id = (SELECT id FROM grid WHERE code = 'g01')")
    )
    path = write(tmp_path, "grid,age_band,residents", [("g01", "65+", 30), ("g02", "65+", 7)])
    receipt = residents.given(connection, path, place=places.get(connection))
    assert unlocated.by_band(connection, place.id) == {"65+": 30}
    assert "1 areas with 30 people have no dwelling: they are not located" in receipt.notes
    beijing = h3.latlng_to_cell(39.9, 116.4, 9)
    for head, code, reason in (
        ("cell", beijing, "outside town"),
        ("cell", "q1", "neither an H3 index nor a square"),
        ("grid", "g99", "no grid 'g99' in town"),
    ):
        with pytest.raises(Refused, match=reason):
            residents.given(connection, write(tmp_path, f"{head},age_band,residents", [(code, "65+", 1)]), place=place)


def test_areas_that_overlap_and_two_ways_to_say_where_are_refused(
    built: tuple[Connection, Place, Ints], tmp_path: Path
) -> None:
    connection, place, _ = built
    lon, lat = town.position(0)
    rows = [(h3.latlng_to_cell(lat, lon, size), "65+", 5) for size in (8, 9)]
    overlapping = write(tmp_path, "cell,age_band,residents", rows)
    with pytest.raises(Refused, match="people would count twice"):
        residents.given(connection, overlapping, place=place)
    both = write(tmp_path, "grid,cell,age_band,residents", [("g00", "", "65+", 5)])
    with pytest.raises(Refused, match="2 columns say where"):
        residents.given(connection, both, place=place)


@pytest.mark.parametrize(
    ("code", "corner"),
    [
        ("250mN268950E434175", (4_341_750, 2_689_500)),
        ("1kmN2599E4695", (4_695_000, 2_599_000)),
        ("CRS3035RES250mN2689500E4341750", (4_341_750, 2_689_500)),
    ],
)
def test_a_square_of_inspire_has_its_lower_left_corner_in_its_name(code: str, corner: tuple[int, int]) -> None:
    forward = Transformer.from_crs(4326, 3035, always_xy=True)
    lon, lat = cells.shape(code).exterior.coords[0]
    x, y = forward.transform(lon, lat)
    assert (round(x, 2), round(y, 2)) == corner


@drawn(
    arrays(np.float64, 12, elements=st.just(0.0) | st.floats(1, 1e4)),
    arrays(np.int64, (3, 2), elements=st.integers(0, 200)),
)
def test_every_zone_keeps_its_people_and_every_dwelling_is_within_one_of_its_share(
    floor_area_m2: NDArray[np.float64], counts: Ints
) -> None:
    zone_of = np.array([f"z{at % 3}" for at in range(12)], np.object_)
    found = zones.spread_zones(zone_of, floor_area_m2, {f"z{z}": counts[z] for z in range(3)}, 2)
    for zone, people in enumerate(counts):
        inside = zone_of == f"z{zone}"
        if f"z{zone}" in found.unlocated:
            assert floor_area_m2[inside].sum() == 0
            continue
        assert found.residents[inside].sum(axis=0).tolist() == people.tolist()
        share = people.sum() * floor_area_m2[inside] / floor_area_m2[inside].sum()
        assert (np.abs(found.residents[inside].sum(axis=1) - share) < 1 + 1e-6).all()
