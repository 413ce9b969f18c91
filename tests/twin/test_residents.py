"""Residents are counts: spread by floor area, and split by floor."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.residents import Dwellings, by_floor, estimate, split_households


def dwellings(areas: list[float]) -> Dwellings:
    return Dwellings(
        np.arange(len(areas)), tuple(f"w{i}" for i in range(len(areas))), np.array(areas), tuple("" for _ in areas)
    )


@given(
    st.lists(st.floats(10, 20_000), min_size=1, max_size=40),
    st.integers(0, 3_000),
    st.permutations(["0-17", "18-64", "65-79", "80+"]),
)
def test_an_estimate_keeps_every_total_and_sorts_the_bands(areas: list[float], total: int, bands: list[str]) -> None:
    shares = dict(zip(bands, (16.1, 50.0, 20.0, 9.4), strict=True))
    found = estimate(dwellings(areas), residents=total, households=total // 2, shares=shares)
    assert found.bands == ("0-17", "18-64", "65-79", "80+")
    assert found.residents.sum() == total
    assert found.households.sum() == total // 2
    wanted = np.array([shares[band] for band in found.bands]) * total / sum(shares.values())
    assert np.abs(found.residents.sum(axis=0) - wanted).max() < 1


def test_residents_are_in_proportion_to_floor_area() -> None:
    # 3000, 1000 and 6000 m² of 10,000 for 100 people
    found = estimate(dwellings([3000.0, 1000.0, 6000.0]), residents=100, households=50, shares={"0-64": 3, "65+": 1})
    assert found.residents.sum(axis=1).tolist() == [30, 10, 60]
    assert found.residents.sum(axis=0).tolist() == [75, 25]


def test_the_order_moves_people_between_bands_only() -> None:
    where = dwellings([100.0, 250.0, 33.0, 700.0])
    plain, turned = (
        estimate(where, residents=97, households=40, shares={"0-64": 2, "65+": 1}, order=order)
        for order in (None, [3, 1, 0, 2])
    )
    assert plain.residents.sum(axis=1).tolist() == turned.residents.sum(axis=1).tolist()
    assert plain.households.tolist() == turned.households.tolist()


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30).filter(any), st.data())
def test_every_dwelling_with_people_has_a_household_and_none_more_than_people(
    people: list[int], data: st.DataObject
) -> None:
    lived_in = sum(n > 0 for n in people)
    households = data.draw(st.integers(lived_in, sum(people)))
    found = split_households(np.array(people), households)
    assert found.sum() == households
    assert np.all(found <= people)
    assert np.all((found > 0) == (np.array(people) > 0))


@given(st.lists(st.integers(0, 80), min_size=1, max_size=8), st.integers(1, 60))
def test_the_floors_of_a_building_hold_its_residents_evenly(counts: list[int], floors: int) -> None:
    rows = by_floor(counts, floors)
    assert rows.shape == (floors, len(counts))
    assert rows.min() >= 0
    assert rows.sum(axis=0).tolist() == counts
    assert np.ptp(rows.sum(axis=1)) <= 1


def test_a_building_of_two_floors_by_hand() -> None:
    # seven people: four below, three above; the young and the old alternate as they are due
    rows = by_floor([4, 3], 2)
    assert rows.sum(axis=1).tolist() == [4, 3]
    assert rows.tolist() == [[2, 2], [2, 1]]
