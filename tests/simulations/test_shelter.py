"""Who goes where: against seats handed out one by one by scipy, the village worked by hand, and Monaco's sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from simulations import trees
from simulations.community import Community
from simulations.graph import build, links
from simulations.homes import existing
from simulations.paths import nearest, seeds
from simulations.shelter import assign, evacuate
from simulations.tables import from_rows
from tests.simulations.village import LIFT, STEPS, village
from twin.terms import MobilityGroup, Service


def one_by_one(time_ms: np.ndarray, people: np.ndarray, capacity: np.ndarray) -> tuple[int, int]:
    """People taken in, and what they walk [ms], by giving each person one seat; unreachable is -1."""
    far = int(time_ms.max(initial=0) + 1) * (len(capacity) + 2)
    seat = np.repeat(np.arange(len(capacity)), capacity)
    person = np.repeat(np.arange(len(people)), people)
    worth = np.where(time_ms < 0, 0, time_ms - far)[np.ix_(seat, person)]
    row, column = linear_sum_assignment(worth)
    chosen = worth[row, column]
    return int((chosen < 0).sum()), int((chosen[chosen < 0] + far).sum())


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_no_assignment_takes_more_in_or_walks_less(shelters: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    time_ms = rng.integers(-3, 9, (shelters, columns)).clip(-1) * 1000
    people, capacity = rng.integers(0, 6, columns), rng.integers(0, 8, shelters)
    at, column = np.nonzero(time_ms >= 0)
    table = from_rows(at, column, time_ms[at, column], shelters, columns)
    found = assign(table, people, capacity)
    taken = np.bincount(table.facility(), found.flow, shelters)
    assert (taken <= capacity).all()
    assert (found.flow >= 0).all()
    assert np.array_equal(np.bincount(table.column, found.flow, columns) + found.left, people)
    assert (int(found.flow.sum()), int(found.flow @ table.time_ms)) == one_by_one(time_ms, people, capacity)


def test_the_village_walks_to_the_pharmacy_until_it_is_full() -> None:
    town = village()
    place = existing(town, (), Service.PHARMACY, MobilityGroup.ADULT)
    found = evacuate(town, (), place, np.array([50]), limit_s=3600)
    assert found.groups == (MobilityGroup.ADULT, MobilityGroup.AGE_75_84)
    assert (found.everyone, int(found.taken.sum()), int(found.left.sum())) == (100, 50, 50)
    # adults: valley 300 s from its node; hill 100 + 50 + 66 s of steps + 100 = 316 s. Of 65-79, at 0.75 m/s: valley 444 s,
    # hill 148 + 74 + 120 × 0.76 + 148 = 461.2 s. The 30 of the valley and 20 of the hill's 40 adults walk least.
    assert found.taken.sum(axis=1).tolist() == [50, 0]
    assert found.taken[0].tolist() == [30, 20, 0]
    assert found.arrival_s[0].tolist()[:2] == [310.0, 316.0]
    assert found.load[0].tolist() == [50, 30, 20, 0, 20, 20]  # over the steps, not the lift
    assert (found.load[0, LIFT], found.load[0, STEPS]) == (0, 20)


def test_with_room_for_all_the_upper_floor_sets_out_later_and_rides_the_lift_where_lifts_run() -> None:
    town = village(upper_lift=0)
    place = existing(town, (), Service.PHARMACY, MobilityGroup.ADULT)
    found = evacuate(town, (), place, np.array([100]), limit_s=3600, stages=[2], stage_s=600, with_lifts=True)
    assert found.stage_of_household.tolist() == [0, 0, 1]
    assert found.load.tolist() == [[70, 40, 30, 30, 0, 30], [30, 0, 30, 30, 0, 30]]
    # upstairs on the hill: 600 s of waiting, 9.9 s of stairs, 310 s by the lift
    assert found.arrival_s[0].tolist() == [310.0, 310.0, pytest.approx(919.9)]
    assert found.filled.tolist() == [100]


def test_what_a_tree_carries_is_what_walks_over_it() -> None:
    graph = build(4, np.array([0, 1, 1], np.int32), np.array([1, 2, 3], np.int32))
    joined = links(graph, np.full(6, 10, np.int32))
    root = np.zeros(1, np.int32)
    field = nearest(graph, joined, seeds(root, root, root))
    ahead = trees.onward(graph, field)
    assert ahead.tolist() == [-1, 0, 1, 1]
    assert trees.arcs_ahead(graph, field).tolist() == [-1, 1, 3, 5]  # each edge walked back to its tail
    assert trees.carried(ahead, np.array([[1], [2], [3], [4]])).ravel().tolist() == [10, 9, 3, 4]
    assert trees.first_ahead(ahead, np.array([-1, 7, -1, 9], np.int32)).tolist() == [-1, 7, 7, 9]


def test_everybody_of_monaco_is_either_taken_in_or_left_and_no_shelter_is_overfull(monaco: Community) -> None:
    place = existing(monaco, (), Service.SCHOOL, MobilityGroup.ADULT)
    room = np.full(len(place.node), 2_500, np.int64)
    found = evacuate(monaco, (), place, room, limit_s=3600, stages=[4, 8], stage_s=900)
    assert found.everyone == monaco.residents.counts.sum()
    assert (found.filled <= room).all()
    assert int(found.taken.sum()) == int(found.filled.sum())
    assert found.load.sum(axis=0).max() <= found.taken.sum()
    more = evacuate(monaco, (), place, room * 2, limit_s=3600, stages=[4, 8], stage_s=900)
    assert more.taken.sum() >= found.taken.sum()
