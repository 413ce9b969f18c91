"""Coverage by metres, circle, hour and area: the village of test_coverage.py by hand, Monaco by its sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations import asking, questions_coverage
from simulations.areas import by_area, outside
from simulations.community import Community, assemble
from simulations.coverage import coverage
from simulations.distances import circle_m, network_m, within
from simulations.hours import at_minute, by_minute, read
from simulations.questions_coverage import CoverageQuestion
from simulations.states import Element, closing
from tests.simulations.village import LIFT, village
from twin import db, facility_details
from twin.grids import Grids
from twin.opening_hours import minute
from twin.terms import ElementKind, MobilityGroup, Service

PHARMACY, ADULT = Service.PHARMACY, MobilityGroup.ADULT


def test_metres_are_along_the_network_and_the_circle_runs_through_the_hill() -> None:
    town = village()
    # 111 + 222 m and 11.1 m to the door; 111 + 55.5 + 20 m by the lift (36 m by the steps) + 111 m
    assert network_m(town, (), PHARMACY, ADULT).tolist() == [pytest.approx(344.1), pytest.approx(297.5)]
    stopped = closing(town, (), [Element(ElementKind.EDGE, LIFT)])
    assert network_m(town, stopped, PHARMACY, ADULT).tolist()[1] == pytest.approx(313.5)
    assert network_m(town, stopped, PHARMACY, MobilityGroup.WHEELCHAIR).tolist()[1] == np.inf
    homes, shops = np.array([[300.0, 0.0], [0.0, 40.0]]), np.array([[0.0, 0.0]])
    straight = circle_m(town, (), PHARMACY, ADULT, homes=homes, facilities=shops)
    assert straight.tolist() == [300.0, 40.0]
    assert within(town, straight, ADULT, limit_m=300).tolist() == [[30], [40]]
    assert within(town, straight, ADULT, limit_m=299.9).tolist() == [[0], [40]]
    shut = closing(town, (), [Element(ElementKind.FACILITY, 0)])
    assert circle_m(town, shut, PHARMACY, ADULT, homes=homes, facilities=shops).tolist() == [np.inf, np.inf]


def two_shops() -> Community:
    """The village with a second pharmacy at the node of the hill house."""
    town = village()
    which = town.facilities
    shops = replace(
        which,
        ids=np.array([31, 32], np.int32),
        service=np.repeat(which.service, 2),
        node=np.array([0, 5], np.int32),
        node_m=np.zeros(2),
        step_free=np.array([-1, -1], np.int8),
        source_ids=("n1", "n2"),
        names=("pharmacy", "hill pharmacy"),
        names_zh=(None, None),
    )
    return assemble(town.place, town.network, town.buildings, town.residents, shops)


def test_at_an_hour_only_what_is_open_counts_and_unknown_hours_are_the_difference_of_the_pair() -> None:
    town, week = two_shops(), read(["Mo-Fr 08:00-18:00", "Mo 12:00-20:00"])
    hours = [minute(when) for when in ("Mo 09:00", "Mo 13:00", "Mo 19:00", "Tu 19:00")]
    found = by_minute(town, (), week, PHARMACY, ADULT, limit_s=305, minutes=hours)
    # the valley is 310 s from the first shop: never within 305; the hill is beside the second
    assert [int(each.certain.sum()) for each in found] == [0, 40, 40, 0]
    assert found[0].building_s.tolist() == [310.0, 310.0]
    assert found[3].building_s.tolist() == [np.inf, np.inf]
    unknown = by_minute(town, (), read(["Mo-Fr 08:00-18:00", None]), PHARMACY, ADULT, limit_s=305, minutes=hours[:1])
    assert (int(unknown[0].certain.sum()), int(unknown[0].possible.sum())) == (0, 40)


def test_the_same_facilities_open_are_computed_once() -> None:
    week = read(["Mo-Fr 08:00-18:00"])
    found = by_minute(village(), (), week, PHARMACY, ADULT, limit_s=600, minutes=range(0, 7 * 1440, 60))
    assert len({id(each) for each in found}) == 2
    assert sum(int(each.certain.sum()) > 0 for each in found) == 50
    assert len(at_minute((), week, 0)) == 1


def test_unlit_ways_take_longer_at_night() -> None:
    town = two_shops()
    unlit = replace(town, network=replace(town.network, lit=np.zeros_like(town.network.lit)))
    times = [minute("Mo 13:00"), minute("Mo 20:00")]
    week = read(["Mo-Su 00:00-24:00", "Mo-Su 00:00-24:00"])
    lit = by_minute(town, (), week, PHARMACY, ADULT, limit_s=900, minutes=times)
    dark = by_minute(unlit, (), week, PHARMACY, ADULT, limit_s=900, minutes=times)
    assert lit[0] is lit[1]
    assert dark[0].building_s.tolist() == lit[0].building_s.tolist() == [310.0, 0.0]
    assert dark[1].building_s.tolist() == [325.789, 0.0]  # 300 s / 0.95, and 10 s to the door


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_every_level_adds_up_to_the_level_below_and_nobody_is_lost(buildings: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grids = Grids(
        ids=np.array([3, 5, 8, 9], np.int32),
        codes=("s", "c", "g1", "g2"),
        names=("", "", "", ""),
        names_zh=("", "", "", ""),
        levels=("street", "community", "grid", "grid"),
        parent=np.array([-1, 0, 1, 1], np.int32),
        households=np.zeros(4, np.int32),
        generated=np.zeros(4, np.bool_),
    )
    grid_ids = rng.choice(np.array([8, 9, 7, -1], np.int32), buildings)
    people = rng.integers(0, 50, (buildings, 2))
    found = by_area(grids, grid_ids, people)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[1], found[2] + found[3])
    assert np.array_equal(found[0] + outside(grids, grid_ids, people), people.sum(axis=0))


def test_in_monaco_no_circle_is_longer_than_the_way(monaco: Community, monaco_database: str) -> None:
    with db.opened(monaco_database) as engine, engine.connect() as connection:
        details = facility_details.load(connection, monaco.facilities.ids)
    houses, srid = monaco.buildings, monaco.place.metric_srid
    homes = facility_details.metric(srid, houses.lon, houses.lat)
    shops = facility_details.metric(srid, details.lon, details.lat)
    walked = network_m(monaco, (), PHARMACY, ADULT)
    straight = circle_m(monaco, (), PHARMACY, ADULT, homes=homes, facilities=shops)
    assert (straight <= walked * 1.01 + 1).all()  # the projection's scale, and a lift's rise that is no way on the map
    within_s = coverage(monaco, (), PHARMACY, ADULT, limit_s=600).building_s
    assert np.array_equal(np.isfinite(walked), np.isfinite(within_s))


@pytest.mark.parametrize("minutes", [None, 4.0])
def test_s02_coverage_by_building_sums_to_the_communitys_figure_with_difference_0(
    monaco_database: str, minutes: float | None
) -> None:
    question = CoverageQuestion(by="building", minutes=minutes)
    with db.opened(monaco_database) as engine, engine.connect() as connection:
        found = questions_coverage.answer(asking.load(connection), question, lambda _: True)["coverage"]
    assert len(found) > 50  # services and groups
    columns = ("residents", "certain", "possible")
    sums = [{column: sum(row[column] for row in each["areas"]) for column in columns} for each in found]
    assert sums == [{column: each["total"][column] for column in columns} for each in found]
    if minutes is not None:  # some live too high up for it, their neighbours below do not
        assert any(0 < row["certain"] < row["residents"] for each in found for row in each["areas"])
