"""Coverage of a village worked by hand, and its laws.

    pharmacy 0 --111 m-- 1 --222 m-- 2 ..11.1 m.. valley house, 1 floor: 30 of 18-34, 10 of 65-79
                         |
                       55.5 m
                         |
                         3 ==lift 20 m / 120 steps on 36 m== 4 --111 m-- 5 hill house, 2 floors: 40 and 20

An adult walks 1.11 m/s: 100 s from 0 to 1, 200 s from 1 to 2, 50 s from 1 to 3, 100 s from 4 to 5; 10 s to the valley
house's door. Lift: 30 s wait, 10 s doors, 20 s ride = 60 s. Steps: 120 × 0.55 s = 66 s. A wheelchair at 0.80 m/s:
138.75 s, 277.5 s, 69.375 s and 138.75 s, door 13.875 s, no steps.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.community import assemble
from simulations.coverage import coverage
from simulations.states import EVERYBODY, Element, Report
from tests.simulations.village import LIFT, network, village
from twin.terms import ElementKind, MobilityGroup, Service, State

PHARMACY = Service.PHARMACY
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def says(row: int, state: State, kind: ElementKind = ElementKind.EDGE) -> Report:
    return Report(Element(kind, row), EVERYBODY, state, WHEN, 1)


def test_an_adult_takes_the_quicker_of_lift_and_steps() -> None:
    found = coverage(village(), (), PHARMACY, MobilityGroup.ADULT, limit_s=600)
    # to the valley house 100, 200 and 10 s; to the hill house 100, 50, 60 by the lift and 100 s
    assert found.building_s.tolist() == [310.0, 310.0]
    assert found.facility.tolist() == [0, 0]
    stopped = coverage(village(), (says(LIFT, State.CLOSED),), PHARMACY, MobilityGroup.ADULT, limit_s=600)
    assert stopped.building_s.tolist() == [310.0, 316.0]  # 66 s of steps for 60 s of lift


def test_an_age_group_counts_the_bands_that_walk_as_it() -> None:
    found = coverage(village(), (), PHARMACY, MobilityGroup.ADULT, limit_s=600)
    assert (found.bands, found.counts_if_needed) == (("18-34",), False)
    assert found.residents.tolist() == [[30], [40]]
    old = coverage(village(), (), PHARMACY, MobilityGroup.AGE_75_84, limit_s=600)
    assert (old.bands, old.residents.tolist()) == (("65-79",), [[10], [20]])


def test_a_limit_of_exactly_the_way_is_within_it_on_the_ground_floor_only() -> None:
    # 18 risers of 0.55 s from the upper floor of the hill house: 9.9 s more; half of its 40 adults live there
    found = coverage(village(), (), PHARMACY, MobilityGroup.ADULT, limit_s=310)
    assert found.certain.tolist() == [[30], [20]]
    assert found.possible.tolist() == [[30], [20]]
    assert coverage(village(), (), PHARMACY, MobilityGroup.ADULT, limit_s=319.9).certain.tolist() == [[30], [40]]
    assert coverage(village(), (), PHARMACY, MobilityGroup.ADULT, limit_s=309.999).certain.tolist() == [[0], [0]]


def test_a_wheelchair_upstairs_needs_a_lift_and_one_not_known_is_the_difference_of_the_pair() -> None:
    # hill: 138.75 + 69.375 + 60 + 138.75 = 406.875 s; upstairs 43 s more by the house's lift (30 + 10 + 3 m)
    counts = {}
    for known in (1, 0, -1):
        found = coverage(village(upper_lift=known), (), PHARMACY, MobilityGroup.WHEELCHAIR, limit_s=600)
        assert found.counts_if_needed
        assert found.building_s.tolist() == [430.125, 406.875]
        counts[known] = (found.certain.tolist(), found.possible.tolist())
    everybody, ground = [[30, 10], [40, 20]], [[30, 10], [20, 10]]
    assert counts == {1: (everybody, everybody), 0: (ground, ground), -1: (ground, everybody)}


def test_a_silent_lift_makes_two_numbers() -> None:
    silent = (says(LIFT, State.UNKNOWN),)
    found = coverage(village(upper_lift=1), silent, PHARMACY, MobilityGroup.WHEELCHAIR, limit_s=600)
    assert found.building_s.tolist() == [430.125, 406.875]
    assert found.building_worst_s.tolist() == [430.125, math.inf]
    assert (found.certain.tolist(), found.possible.tolist()) == ([[30, 10], [0, 0]], [[30, 10], [40, 20]])


def test_median_and_p90_are_of_people_at_their_floors() -> None:
    # of 70 adults 50 need 310 s, the 20 upstairs 319.9 s: the 35th and the 63rd
    found = coverage(village(), (), PHARMACY, MobilityGroup.ADULT, limit_s=600)
    assert (found.median_s, found.p90_s) == (310.0, 319.9)


def test_a_closed_facility_leaves_nothing_to_reach() -> None:
    found = coverage(
        village(), (says(0, State.CLOSED, ElementKind.FACILITY),), PHARMACY, MobilityGroup.ADULT, limit_s=9
    )
    assert found.building_s.tolist() == [math.inf, math.inf]
    assert found.facility.tolist() == [-1, -1]


def test_a_report_for_wheelchairs_closes_nothing_for_adults() -> None:
    shallow = Report(Element(ElementKind.EDGE, 0), frozenset({MobilityGroup.WHEELCHAIR}), State.CLOSED, WHEN, 1)
    assert coverage(village(), (shallow,), PHARMACY, MobilityGroup.ADULT, limit_s=600).building_s.tolist() == [310, 310]
    closed = coverage(village(), (shallow,), PHARMACY, MobilityGroup.WHEELCHAIR, limit_s=600)
    assert closed.building_s.tolist() == [math.inf, math.inf]


states = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(State))), max_size=8)


@given(states, st.sampled_from(list(MobilityGroup)), st.sampled_from([-1, 0, 1]), st.integers(250, 600))
def test_certain_is_never_more_than_possible(
    said: list[tuple[int, State]], group: MobilityGroup, lift: int, limit_s: int
) -> None:
    found = coverage(village(upper_lift=lift), tuple(says(*each) for each in said), PHARMACY, group, limit_s=limit_s)
    assert (found.certain <= found.possible).all()
    assert (found.possible <= found.residents).all()
    assert (found.building_s <= found.building_worst_s).all()


@given(states, st.integers(0, 5), st.sampled_from(list(MobilityGroup)))
def test_closing_an_edge_shortens_no_way(said: list[tuple[int, State]], row: int, group: MobilityGroup) -> None:
    before = tuple(says(*each) for each in said)
    one = coverage(village(), before, PHARMACY, group, limit_s=600)
    two = coverage(village(), (*before, says(row, State.CLOSED)), PHARMACY, group, limit_s=600)
    assert (one.building_s <= two.building_s).all()
    assert (one.building_worst_s <= two.building_worst_s).all()
    assert (one.certain >= two.certain).all()


@pytest.mark.parametrize("limit_s", [60, 600, 6000])
def test_nobody_is_counted_twice_or_dropped(limit_s: int) -> None:
    town = village()
    assert town.households.people.sum(axis=0).tolist() == [70, 30]
    found = [coverage(town, (), PHARMACY, group, limit_s=limit_s) for group in town.groups()]
    own = [each.residents.sum() for each in found if not each.counts_if_needed]
    assert sum(own) == 100


def test_a_place_without_a_network_reaches_nothing() -> None:
    town = village()
    bare = assemble(
        town.place,
        network(0, []),
        replace(town.buildings, node=np.full(2, -1, np.int32), node_m=np.full(2, np.nan)),
        town.residents,
        replace(town.facilities, node=np.full(1, -1, np.int32), node_m=np.full(1, np.nan)),
    )
    found = coverage(bare, (), PHARMACY, MobilityGroup.ADULT, limit_s=600)
    assert found.building_s.tolist() == [math.inf, math.inf]
    assert (found.residents.sum(), found.possible.sum(), found.median_s) == (70, 0, math.inf)
