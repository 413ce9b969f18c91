"""Catchments by hand, PySAL access's published hospital example, and the law that all capacity is handed out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.capacity import (
    Decay,
    exponential,
    gaussian,
    gaussian_to_zero,
    linear,
    power,
    seats_taken,
    step,
    three_step,
    two_step,
)
from simulations.tables import Table, from_rows

MINUTE = 60_000
HOSPITALS = {  # minutes inbound, outbound and across, of the example's four scenarios
    "s0": (40, 40, 80),
    "s1": (20, 40, 80),
    "s2": (40, 20, 80),
    "s3": (20, 20, 40),
}


def hospitals(scenario: str) -> Table:
    """Three places, each with a hospital; the third is the city. Residents travel."""
    inbound, outbound, across = HOSPITALS[scenario]
    minutes = np.array([[1, across, outbound], [across, 1, outbound], [inbound, inbound, 1]])  # facility × place
    facility, place = np.indices((3, 3)).reshape(2, 9)
    return from_rows(facility, place, minutes[facility, place] * MINUTE, 3, 3)


def inverse_minutes(limit_min: float) -> Decay:
    return power(-1, scale_s=60, least_s=1, limit_s=limit_min * 60)


def published(shared: Path, name: str, scenario: str) -> list[str]:
    text = (shared / "reference" / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"\b{name} s0 (.*?)\. (?:3SFCA|E2SFCA)", text)
    assert found is not None
    wanted = re.search(rf"{scenario} ([\d. ]+)", f"s0 {found[1]}")
    assert wanted is not None
    return wanted[1].split()


@pytest.mark.parametrize("scenario", HOSPITALS)
def test_the_hospital_example_to_the_last_printed_digit(shared: Path, scenario: str) -> None:
    table, people, doctors = hospitals(scenario), np.array([100.0, 50, 10]), np.array([15.0, 20, 100])
    # access takes t <= 61, its own check t < 61: no way is 61 minutes long
    two = two_step(table, people, doctors, inverse_minutes(61))
    three = three_step(table, people, doctors, inverse_minutes(61), chosen_by=inverse_minutes(np.inf))
    assert [f"{value:.6f}" for value in two.share] == published(shared, "2SFCA", scenario)
    assert [f"{value:.6f}" for value in three.share] == published(shared, "3SFCA", scenario)


def test_steps_by_hand() -> None:
    # canteen 0, 30 seats: house 0 (60 old people) at 10 min, house 1 (40) at 15; canteen 1, 12 seats: house 1 at 30 min
    minutes = np.array([10, 15, 30])
    table = from_rows(np.array([0, 0, 1]), np.array([0, 1, 1]), minutes * MINUTE, 2, 2)
    people, seats = np.array([60.0, 40.0]), np.array([30.0, 12.0])
    one_step = two_step(table, people, seats, step({1800: 1}))
    assert one_step.wanted.tolist() == [100, 40]
    assert one_step.ratio.tolist() == [0.3, 0.3]
    assert one_step.share.tolist() == [0.3, 0.6]
    enhanced = two_step(table, people, seats, step({600: 1, 1200: 0.5, 1800: 0.25}))
    assert enhanced.wanted.tolist() == [60 + 20, 10]
    assert enhanced.ratio.tolist() == [30 / 80, 1.2]
    assert enhanced.share.tolist() == [30 / 80, 0.5 * 30 / 80 + 0.25 * 1.2]
    # house 1 divides itself 2 : 1 among the canteens, house 0 has one alone
    chosen = three_step(table, people, seats, step({600: 1, 1200: 0.5, 1800: 0.25}))
    assert chosen.wanted == pytest.approx([60 + 40 * 0.5 * 2 / 3, 40 * 0.25 / 3])


def test_a_facility_without_residents_serves_nobody_and_a_house_without_facility_has_none() -> None:
    table = from_rows(np.array([0, 1]), np.array([0, 1]), np.array([1000, 1000]), 3, 3)
    found = two_step(table, np.array([10.0, 0, 5]), np.array([5.0, 7, 9]), step({60: 1}))
    assert found.share.tolist() == [0.5, 0, 0]
    assert found.ratio[0] == 0.5
    assert np.isnan(found.ratio[1:]).all()


def test_thirty_seats_for_140_people_seat_thirty() -> None:
    # domain: with 300 m and 30 seats for 140 old people coverage by distance is 100 %, by seats 21 %
    table = from_rows(np.array([0, 0]), np.array([0, 1]), np.array([1000, 2000]), 1, 2)
    taken = seats_taken(table, np.array([100, 40]), np.array([30]), limit_s=300)
    assert taken.sum() == 30
    # and where two canteens share houses, the flow finds the seats that taking the nearest would leave empty
    table = from_rows(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([2000, 1000, 9000]), 2, 2)
    assert seats_taken(table, np.array([10, 10]), np.array([10, 10]), limit_s=9).tolist() == [0, 10, 10]
    assert seats_taken(table, np.array([10, 10]), np.array([10, 10]), limit_s=8.999).sum() == 10


@pytest.mark.parametrize(
    ("decay", "at_0", "at_600", "at_1200"),
    [
        (gaussian(600, limit_s=1000), 1, 0.6065306597126334, 0),
        (gaussian_to_zero(1200), 1, (0.8824969025845955 - 0.6065306597126334) / (1 - 0.6065306597126334), 0),
        (exponential(600), 1, 0.36787944117144233, 0.1353352832366127),
        (power(-2, scale_s=600, least_s=300), 4, 1, 0.25),
        (linear(1200), 1, 0.5, 0),
        (step({600: 1, 1199: 0.68}), 1, 1, 0),
    ],
)
def test_decays_by_hand(decay: Decay, at_0: float, at_600: float, at_1200: float) -> None:
    assert decay(np.array([0.0, 600, 1200])) == pytest.approx([at_0, at_600, at_1200], abs=1e-15)


def test_decays_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        power(-1)
    with pytest.raises(ValueError, match="0 or more"):
        step({60: -1})


@st.composite
def tables(draw: st.DrawFn) -> Table:
    facilities, places = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    pairs = draw(st.sets(st.tuples(st.integers(0, facilities - 1), st.integers(0, places - 1)), max_size=20))
    times = draw(st.lists(st.integers(0, 1_800_000), min_size=len(pairs), max_size=len(pairs)))
    at = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return from_rows(at[:, 0], at[:, 1], np.array(times, np.int64), facilities, places)


@given(st.data())
def test_the_shares_of_all_residents_are_the_capacity_that_is_wanted(data: st.DataObject) -> None:
    table = data.draw(tables())
    people = np.array(data.draw(st.lists(st.integers(0, 500), min_size=table.columns, max_size=table.columns)), float)
    seats = np.array(
        data.draw(st.lists(st.integers(0, 90), min_size=table.facilities, max_size=table.facilities)), float
    )
    decay = data.draw(st.sampled_from([step({600: 1, 1200: 0.68, 1800: 0.22}), gaussian(600), linear(1800)]))
    for found in (two_step(table, people, seats, decay), three_step(table, people, seats, decay)):
        assert people @ found.share == pytest.approx(seats[found.wanted > 0].sum(), abs=1e-9)


@given(st.data())
def test_nobody_sits_on_two_seats_and_no_seat_holds_two(data: st.DataObject) -> None:
    table = data.draw(tables())
    people = np.array(data.draw(st.lists(st.integers(0, 50), min_size=table.columns, max_size=table.columns)))
    seats = np.array(data.draw(st.lists(st.integers(0, 90), min_size=table.facilities, max_size=table.facilities)))
    taken = seats_taken(table, people, seats, limit_s=900)
    assert (np.bincount(table.column, taken, table.columns) <= people).all()
    assert (np.bincount(table.facility(), taken, table.facilities) <= seats).all()
    assert taken[table.time_ms > 900_000].sum() == 0
