"""Siting against every choice tried, on small random towns, and by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulations.capacity import seats_taken
from simulations.lagrangian import solve
from simulations.lagrangian_kernels import FREE, IN
from simulations.pareto import front
from simulations.siting import cover_most, shorten_longest, walk_least
from simulations.siting_exact import Limits, cover_all, cover_fairly, cover_twice, cover_within
from simulations.siting_greedy import greedy, shaken, swapped
from simulations.siting_model import finish, remainder
from simulations.siting_problem import Progress, from_costs, walking
from simulations.siting_seats import seat_most, town_seats, town_walk, walk_to_seats
from simulations.tables import Table, from_rows
from tests.simulations.test_capacity import tables

LIMIT_S = 900


def minutes(table: Table) -> NDArray[np.float64]:
    """Candidate × place [min], inf beyond the table."""
    full = np.full((table.facilities, table.columns), np.inf)
    full[table.facility(), table.column] = table.time_ms / 60_000
    return full


def town(rows: list[list[float]]) -> Table:
    """Make a table of minutes, candidate × place; inf is left out."""
    full = np.array(rows)
    facility, place = np.nonzero(np.isfinite(full))
    return from_rows(facility, place, np.rint(full[facility, place] * 60_000).astype(np.int64), *full.shape)


@st.composite
def asked(draw: st.DrawFn) -> tuple[Table, NDArray[np.int64], NDArray[np.bool_], int]:
    table = draw(tables())
    people = np.array(draw(st.lists(st.integers(0, 9), min_size=table.columns, max_size=table.columns)))
    fixed = np.array(draw(st.lists(st.booleans(), min_size=table.facilities, max_size=table.facilities)))
    return table, people, fixed, draw(st.integers(int(fixed.sum()), table.facilities))


def choices(fixed: NDArray[np.bool_], sites: int) -> list[list[int]]:
    free = np.flatnonzero(~fixed).tolist()
    held = np.flatnonzero(fixed).tolist()
    return [sorted([*held, *some]) for some in combinations(free, sites - len(held))]


def covered(table: Table, people: NDArray[np.int64], sites: list[int]) -> int:
    return int(people[(minutes(table)[sites] <= LIMIT_S / 60).any(axis=0)].sum())


@given(asked())
def test_most_people_covered_is_the_best_of_all_choices(
    case: tuple[Table, NDArray[np.int64], NDArray[np.bool_], int],
) -> None:
    table, people, fixed, sites = case
    found = cover_most(table, people, limit_s=LIMIT_S, sites=sites, fixed=fixed)
    assert found.proven
    assert found.value == max(covered(table, people, some) for some in choices(fixed, sites))
    assert found.value == covered(table, people, found.sites.tolist()) <= found.bound < found.value + 1
    assert len(found.sites) == sites
    assert set(np.flatnonzero(fixed)) <= set(found.sites.tolist())


@given(asked())
def test_least_walking_is_the_best_of_all_choices(
    case: tuple[Table, NDArray[np.int64], NDArray[np.bool_], int],
) -> None:
    table, people, fixed, sites = case
    ms = np.minimum(np.rint(minutes(table) * 60_000), 2_000_000)
    every = [int(people @ ms[some].min(axis=0, initial=2_000_000)) for some in choices(fixed, sites)]
    found = walk_least(table, people, beyond_s=2000, sites=sites, fixed=fixed)
    assert found.proven
    assert found.value * 1000 == pytest.approx(min(every), abs=1e-6)


@given(asked())
@settings(max_examples=60)
def test_what_is_handed_to_highs_ends_with_the_best_of_all_choices(
    case: tuple[Table, NDArray[np.int64], NDArray[np.bool_], int],
) -> None:
    table, people, fixed, sites = case
    ms = np.minimum(np.rint(minutes(table) * 60_000), 2_000_000)
    every = [int(people @ ms[some].min(axis=0, initial=2_000_000)) for some in choices(fixed, sites)]
    problem = walking(table, people, beyond_s=2000, sites=sites, fixed=fixed)
    mark = np.where(fixed, IN, FREE).astype(np.int8)
    price = (
        problem.beyond / 2
    )  # any prices do: the bound at them is the sum of what each place pays, less what sites earn
    earned = [
        np.minimum(0, problem.site_cost[a:b] - price[problem.site_place[a:b]]).sum()
        for a, b in zip(problem.site_indptr, problem.site_indptr[1:], strict=False)
    ]
    bound = price.sum() + sum(earned)
    left = remainder(problem, mark, price, max(every) + 1 - bound)
    assert left is not None
    is_open, least = finish(problem, left, mark, None)
    assert is_open.sum() == sites
    assert problem.value(is_open) == min(every)
    assert least == pytest.approx(min(every))
    none_better = remainder(problem, mark, price, min(every) - bound)
    if none_better is not None:
        assert finish(problem, none_better, mark, None)[1] >= min(every) - 1e-6


@given(asked())
@settings(max_examples=40)
def test_the_shortest_longest_way_is_the_best_of_all_choices(
    case: tuple[Table, NDArray[np.int64], NDArray[np.bool_], int],
) -> None:
    table, people, fixed, sites = case
    full = minutes(table)[:, people > 0]
    every = [full[some].min(axis=0, initial=np.inf).max(initial=0) for some in choices(fixed, sites)]
    found = shorten_longest(table, people, sites=sites, fixed=fixed)
    assert found.proven
    assert found.value == pytest.approx(min(every) * 60, abs=1e-6) or min(every) == 0


@given(asked(), st.data())
@settings(max_examples=40)
def test_budgets_costs_and_fair_shares_are_the_best_of_all_choices(
    case: tuple[Table, NDArray[np.int64], NDArray[np.bool_], int], data: st.DataObject
) -> None:
    table, people, fixed, _ = case
    m = table.facilities
    cost = np.array(data.draw(st.lists(st.integers(1, 9), min_size=m, max_size=m)), float)
    budget = data.draw(st.integers(0, 20))
    every = [some for sites in range(int(fixed.sum()), m + 1) for some in choices(fixed, sites)]
    price = {tuple(some): cost[[j for j in some if not fixed[j]]].sum() for some in every}
    within = [some for some in every if price[tuple(some)] <= budget]
    limits = Limits(cost, budget=budget, fixed=fixed)
    assert cover_within(table, people, limit_s=LIMIT_S, limits=limits).value == max(
        covered(table, people, some) for some in within
    )
    most = covered(table, people, list(range(m)))
    cheapest = cover_all(table, people, limit_s=LIMIT_S, limits=Limits(cost, fixed=fixed))
    assert cheapest.value == min(price[tuple(some)] for some in every if covered(table, people, some) == most)
    points = front(table, people, limit_s=LIMIT_S, limits=limits)
    pairs = {(price[tuple(some)], covered(table, people, some)) for some in within}
    best = sorted(p for p in pairs if not any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in pairs))
    assert [(point.cost, point.answer.value) for point in points] == best
    if people.sum():
        grid = np.arange(len(people), dtype=np.int32) % 2
        worst = [
            min(
                covered(table, people * (grid == g), some) / people[grid == g].sum()
                for g in (0, 1)
                if people[grid == g].sum()
            )
            for some in within
        ]
        share, total = cover_fairly(table, people, grid, limit_s=LIMIT_S, limits=limits)
        assert share.value == pytest.approx(max(worst), abs=1e-8)
        as_fair = [some for some, value in zip(within, worst, strict=True) if value >= max(worst) - 1e-9]
        assert total.value == max(covered(table, people, some) for some in as_fair)


def test_one_hall_between_two_villages_or_one_in_the_larger() -> None:
    # minutes from villages of 50, 60 and 20 to a hall in each; the middle is 10 min from both
    table = town([[0, 10, 20], [10, 0, 10], [20, 10, 0]])
    people = np.array([50, 60, 20])
    assert cover_most(table, people, limit_s=600, sites=1).sites.tolist() == [1]
    assert cover_most(table, people, limit_s=599.999, sites=1).value == 60
    assert walk_least(table, people, beyond_s=3600, sites=1).value == (50 + 20) * 600
    found = walk_least(table, people, beyond_s=3600, sites=2)
    assert (found.sites.tolist(), found.value) == ([0, 1], 20 * 600)
    held = walk_least(table, people, beyond_s=3600, sites=2, fixed=np.array([False, False, True]))
    assert (held.sites.tolist(), held.value) == ([1, 2], 50 * 600)
    assert shorten_longest(table, people, sites=1).value == 600
    unit = Limits(np.ones(3))
    assert cover_all(table, people, limit_s=600, limits=unit).sites.tolist() == [1]
    rooms = Limits(np.array([1.0, 5.0, 1.0]))  # rooms stand empty at both ends
    assert cover_all(table, people, limit_s=600, limits=rooms).sites.tolist() == [0, 2]


@given(asked())
@settings(max_examples=40)
def test_backup_cover_is_the_best_of_all_cheapest_choices(
    case: tuple[Table, NDArray[np.int64], NDArray[np.bool_], int],
) -> None:
    table, people, fixed, _ = case
    m = table.facilities
    cost, twice = cover_twice(table, people, limit_s=LIMIT_S, limits=Limits(np.ones(m), fixed=fixed))
    every = [some for sites in range(int(fixed.sum()), m + 1) for some in choices(fixed, sites)]
    most = covered(table, people, list(range(m)))
    cheapest = min(len(some) for some in every if covered(table, people, some) == most)
    near = minutes(table) <= LIMIT_S / 60
    backed = [
        int(people[near[some].sum(axis=0) >= 2].sum())
        for some in every
        if len(some) == cheapest and covered(table, people, some) == most
    ]
    assert (cost.proven, cost.value, twice.proven) == (True, cheapest - fixed.sum(), True)
    assert twice.value == max(backed) == int(people[near[twice.sites].sum(axis=0) >= 2].sum())
    assert covered(table, people, twice.sites.tolist()) == most


def test_a_longest_way_is_kept_to_the_millisecond() -> None:
    table = town([[1.001 / 60]])  # 1.001 s, which is 1000.9999… ms in floating point
    assert shorten_longest(table, np.array([1]), sites=1).value == pytest.approx(1.001)


def test_two_halls_that_back_each_other_up() -> None:
    # minutes from four villages to four halls: one hall serves all but the last; the last has two to choose from
    table = town([[5, 5, 5, 60], [60, 60, 60, 5], [5, 5, 60, 5], [60, 60, 60, 60]])
    people = np.array([10, 20, 30, 40])
    cost, twice = cover_twice(table, people, limit_s=600, limits=Limits(np.ones(4)))
    assert (cost.value, twice.sites.tolist(), twice.value) == (2, [0, 2], 30)


@given(asked(), st.integers(1, 12))
def test_the_best_of_a_shortlist_is_no_better_than_its_bound_and_no_worse_than_all_choices_of_it(
    case: tuple[Table, NDArray[np.int64], NDArray[np.bool_], int], room: int
) -> None:
    table, people, fixed, sites = case
    seats = np.full(table.facilities, float(room))
    limits = Limits(np.ones(table.facilities), sites=sites, fixed=fixed)

    def seated(some: list[int]) -> int:
        there = np.zeros(table.facilities, np.int64)
        there[some] = room
        return int(seats_taken(table, people, there, limit_s=LIMIT_S).sum())

    best = max(seated(some) for some in choices(fixed, sites))
    for whole_rows in (0, 10_000):  # by the shortlist, and whole
        found = town_seats(table, people, seats, limit_s=LIMIT_S, limits=limits, whole_rows=whole_rows)
        assert found.answer.value == found.flow.sum() == seated(found.answer.sites.tolist())
        assert found.answer.value <= best <= found.answer.bound
        # what the shortlist leaves out can be missed: then it is not called proven
        assert found.answer.value == best or (whole_rows == 0 and not found.answer.proven)
    whole = town_walk(table, people, seats, beyond_s=2000, limits=limits)
    short = town_walk(table, people, seats, beyond_s=2000, limits=limits, whole_rows=0)
    assert short.answer.bound - 1e-6 <= whole.answer.value
    assert not whole.answer.proven or whole.answer.value <= short.answer.value + 1e-6


def test_a_hall_with_seats_for_eighty_seats_no_more() -> None:
    table = town([[0, 10, 20], [10, 0, 10], [20, 10, 0]])
    people, seats = np.array([50, 60, 20]), np.array([80.0, 60.0, 30.0])
    one = seat_most(table, people, seats, limit_s=600, limits=Limits(np.ones(3), sites=1))
    assert (one.answer.sites.tolist(), one.answer.value) == ([0], 80)
    two = seat_most(table, people, seats, limit_s=600, limits=Limits(np.ones(3), sites=2))
    assert (two.answer.sites.tolist(), two.answer.value) == ([0, 1], 130)
    assert (np.bincount(table.facility(), two.flow, 3) <= [80 + 1e-6, 60 + 1e-6, 1e-6]).all()
    assert (np.bincount(table.column, two.flow, 3) <= people + 1e-6).all()
    walking = walk_to_seats(table, people, seats, limits=Limits(np.ones(3), sites=2))
    # 60 stay in the middle village, or 20 of them go to the first: 20 must walk 20 min, or 20 + 20 walk 10
    assert walking.answer.value == 20 * 1200
    assert np.isinf(walk_to_seats(table, people, seats, limits=Limits(np.ones(3), sites=1)).answer.value)
    whole = walk_to_seats(table, people, np.array([80.0, 70.0, 30]), limits=Limits(np.ones(3), sites=2), split=False)
    assert (whole.answer.sites.tolist(), whole.answer.value) == ([0, 1], 20 * 1200)


def test_the_worst_grid_comes_first_then_the_most_people() -> None:
    table = town([[0, np.inf, np.inf, np.inf], [np.inf, 0, np.inf, 5], [np.inf, np.inf, 0, np.inf]])
    people, grid = np.array([100, 10, 20, 5]), np.array([0, 1, 1, 1], np.int32)
    limits = Limits(np.ones(3), sites=2)
    assert cover_within(table, people, limit_s=600, limits=limits).value == 120
    share, total = cover_fairly(table, people, grid, limit_s=600, limits=limits)
    assert (share.sites.tolist(), total.value) == ([0, 2], 120)
    assert share.value == pytest.approx(20 / 35)


def test_a_fair_choice_that_is_stopped_at_once_is_the_greedy_one_with_its_bound() -> None:
    rng = np.random.default_rng(4)
    minutes_away = np.round(rng.uniform(1, 30, (40, 200)), 1)
    people, grid = rng.integers(1, 50, 200), rng.integers(0, 8, 200).astype(np.int32)
    limits = Limits(np.ones(40), sites=3)
    share, total = cover_fairly(
        town(minutes_away.tolist()), people, grid, limit_s=600, limits=limits, report=lambda _: False
    )
    assert len(share.sites) == 3
    covered_each = [(minutes_away[share.sites][:, grid == g] <= 10).any(axis=0) @ people[grid == g] for g in range(8)]
    assert 0 < share.value <= min(covered_each / np.bincount(grid, people)) + 1e-9
    assert share.value <= share.bound <= 1
    assert total.value == sum(covered_each)


def test_a_search_says_how_far_it_is_and_stops_when_told() -> None:
    rng = np.random.default_rng(3)
    at = rng.random((150, 2))
    costs = np.rint(1000 * np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)))
    problem = from_costs(costs, sites=12)
    told: list[Progress] = []

    def twice(progress: Progress) -> bool:
        told.append(progress)
        return len(told) < 2

    stopped = solve(problem, report=twice)
    assert len(told) <= 2
    assert told[0].bound <= stopped.bound <= stopped.value <= told[0].value
    proven = solve(problem)
    assert proven.proven
    assert stopped.bound <= proven.value <= stopped.value
    first = greedy(problem)
    better = swapped(problem, first)
    best = shaken(problem, better, rng, rounds=5)
    assert proven.value <= problem.value(best) <= problem.value(better) <= problem.value(first)


def test_more_sites_than_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match="4 sites of 3 candidates, 0 of them fixed"):
        from_costs(np.ones((5, 3)), sites=4)
    with pytest.raises(ValueError, match="finite"):
        from_costs(np.full((5, 3), np.inf), sites=1)
    hall, nobody = town([[0.0]]), np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="nobody lives in a grid"):
        cover_fairly(hall, nobody, np.zeros(1, np.int32), limit_s=1, limits=Limits(np.ones(1)))
