"""Hours without service, drawn, against what the share of the time says in cases small enough to know."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.lift_histories import (
    HOURS_A_YEAR,
    MOMENTS,
    Draws,
    History,
    Lift,
    draw,
    expect,
    history,
    pooled,
    saved,
    standing,
    walk_up,
    with_second,
)
from simulations.states import Element
from tests.simulations.village import LIFT, STEPS, village
from twin.terms import ElementKind, MobilityGroup, Service

DAY = 86_400.0
THE_LIFT, THE_STEPS = Element(ElementKind.EDGE, LIFT), Element(ElementKind.EDGE, STEPS)
# runs 9 days of 10 on average, in uneven stretches
PAST = history([(True, 2 * DAY), (False, 0.5 * DAY), (True, 16 * DAY), (False, 1.5 * DAY)])
WHEEL = [MobilityGroup.WHEELCHAIR]


def near(mean: float, error: float, truth: float) -> None:
    assert abs(mean - truth) < 4 * error, f"{mean} ± {error} is not {truth}"


def test_a_history_is_a_ring_of_stretches() -> None:
    assert (PAST.ran_s.tolist(), PAST.stood_s.tolist()) == ([2 * DAY, 16 * DAY], [0.5 * DAY, 1.5 * DAY])
    assert PAST.share_standing == pytest.approx(0.1)
    ring = history([(True, 10.0), (True, 5.0), (False, 4.0), (True, 1.0)])
    assert (ring.ran_s.tolist(), ring.stood_s.tolist()) == ([16.0], [4.0])
    assert history([(False, 9.0)]).share_standing == 1.0
    assert pooled([ring, PAST]).stood_s.tolist() == [4.0, 0.5 * DAY, 1.5 * DAY]
    with pytest.raises(ValueError, match="without any known time"):
        history([])


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 10_000)), min_size=1, max_size=30))
def test_the_share_of_the_time_that_it_stood_is_kept(states: list[tuple[bool, int]]) -> None:
    stood = sum(lasts for runs, lasts in states if not runs)
    assert history([(runs, float(lasts)) for runs, lasts in states]).share_standing == pytest.approx(
        stood / sum(lasts for _, lasts in states)
    )


def test_one_lift_alone_costs_its_share_of_the_year() -> None:
    lifts = [Lift((THE_LIFT,), (PAST,))]
    drawn = draw(lifts, years=400, rng=np.random.default_rng(1))
    assert drawn.sets == (frozenset({0}),)
    (found,) = expect(village(upper_lift=1), (), lifts, drawn, groups=WHEEL)
    # the hill's 60 of 100 people have no other way in a wheelchair
    near(found.per_resident, found.standard_error, HOURS_A_YEAR * 0.1 * 60 / 100)
    assert found.hours[0] == 0.0
    assert found.hours[1] == found.hours[2] == pytest.approx(drawn.hours.mean())
    assert not found.never.any()


def test_two_elements_of_which_one_is_enough_cost_the_product_of_their_shares() -> None:
    lifts = [Lift((THE_LIFT,), (PAST,)), Lift((THE_STEPS,), (history([(True, 3 * DAY), (False, DAY)]),))]
    drawn = draw(lifts, years=600, rng=np.random.default_rng(2))
    found = expect(village(upper_lift=1), (), lifts, drawn, groups=[MobilityGroup.ADULT])
    # adults take the steps while the lift stands, within the limit: lost only while both are out, 0.1 × 0.25
    near(found[0].per_resident, found[0].standard_error, HOURS_A_YEAR * 0.025 * 40 / 70)


def test_a_second_lift_saves_the_time_in_which_only_one_of_two_stands() -> None:
    town, lifts = village(upper_lift=1), [Lift((THE_LIFT,), (PAST,))]
    one, two = (
        expect(town, (), some, draw(some, years=400, rng=np.random.default_rng(3)), groups=WHEEL)[0]
        for some in (lifts, with_second(lifts, 0))
    )
    people_hours, error = saved(one, two)
    near(people_hours, error, HOURS_A_YEAR * 60 * (0.1 - 0.1**2))
    near(two.per_resident, two.standard_error, HOURS_A_YEAR * 0.01 * 60 / 100)


def test_a_lift_in_a_walk_up_gives_its_upper_floors_the_time_that_it_runs() -> None:
    town, missing, there = walk_up(village(upper_lift=0), 1, PAST)
    before, after = (
        expect(town, (), [lift], draw([lift], years=400, rng=np.random.default_rng(4)), groups=WHEEL)[0]
        for lift in (missing, there)
    )
    assert before.people_hours[0] == pytest.approx(HOURS_A_YEAR * 30)  # half of the hill's 60 live upstairs
    people_hours, error = saved(before, after)
    near(people_hours, error, HOURS_A_YEAR * 30 * 0.9)


def test_the_same_seed_draws_the_same_years_and_a_lift_more_leaves_the_others_as_they_are() -> None:
    lifts = [Lift((THE_LIFT,), (PAST,)), Lift((THE_STEPS,), (PAST,))]
    first, again = (draw(lifts, years=5, rng=np.random.default_rng(5)) for _ in range(2))
    assert first.sets == again.sets
    assert np.array_equal(first.hours, again.hours)
    more = draw(with_second(lifts, 0), years=5, rng=np.random.default_rng(5))
    assert of_lift(more, 1) == pytest.approx(of_lift(first, 1))


def of_lift(drawn: Draws, lift: int) -> list[float]:
    holds = [lift in some for some in drawn.sets]
    return [float(hours) for hours in drawn.hours[:, holds].sum(axis=1)]


def test_lifts_that_change_all_the_time_are_looked_at_in_moments_and_cost_their_share_all_the_same() -> None:
    restless = history([(True, 90.0), (False, 10.0), (True, 180.0), (False, 20.0)])
    lifts = [Lift((THE_LIFT,), (restless,)), *(Lift((THE_STEPS,), (restless,)) for _ in range(20))]
    drawn = draw(lifts, years=60, rng=np.random.default_rng(7))
    assert drawn.moments == MOMENTS
    assert len(drawn.sets) <= 60 * MOMENTS
    hours = np.array(of_lift(drawn, 0))
    near(float(hours.mean()), float(hours.std(ddof=1) / np.sqrt(60)), HOURS_A_YEAR * 0.1)
    assert draw(lifts[:1], years=1, rng=np.random.default_rng(7)).moments == MOMENTS
    assert draw([Lift((THE_LIFT,), (PAST,))], years=1, rng=np.random.default_rng(7)).moments is None


@given(st.integers(0, 2**32 - 1))
def test_a_lift_stands_within_the_year_in_stretches_apart(seed: int) -> None:
    spans = standing(PAST, np.random.default_rng(seed), horizon_s=100 * DAY).ravel()
    assert (np.diff(spans) > 0).all()
    assert spans.min(initial=0) >= 0
    assert spans.max(initial=0) <= 100 * DAY


def test_a_lift_that_never_stood_costs_nothing_and_a_stop_is_heard() -> None:
    lifts = [Lift((THE_LIFT,), (History(np.array([DAY]), np.array([])),))]
    drawn = draw(lifts, years=3, rng=np.random.default_rng(6))
    assert (drawn.sets, drawn.hours.shape) == ((), (3, 0))
    (found,) = expect(village(upper_lift=1), (), lifts, drawn, groups=WHEEL, services=[Service.PHARMACY])
    assert (found.per_resident, found.standard_error) == (0.0, 0.0)
    often = [Lift((THE_LIFT,), (PAST,))]
    with pytest.raises(InterruptedError, match="stopped after 1 of 1 sets of lifts"):
        expect(
            village(),
            (),
            often,
            draw(often, years=2, rng=np.random.default_rng(7)),
            groups=WHEEL,
            heard=lambda done, _: done < 1,
        )


def test_277_real_lifts_stand_as_drawn_for_as_long_as_they_stood(shared: Path) -> None:
    with (shared / "data/lifts/dcmetro_elevator_statuses.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    last = max(row["end_utc"] for row in rows)
    states: dict[str, list[tuple[bool, float]]] = {}
    for row in rows:
        start, end = (datetime.fromisoformat(time) for time in (row["start_utc"], row["end_utc"] or last))
        states.setdefault(row["unit_id"], []).append((row["category"] == "ON", (end - start).total_seconds()))
    pasts = [history(some) for some in states.values()]
    # the availability that the data's page tells
    assert (len(pasts), round(1 - float(np.mean([past.share_standing for past in pasts])), 3)) == (277, 0.971)
    lifts = [Lift((THE_LIFT,), (past,)) for past in pasts]
    hours = np.array([of_lift(draw([lift], years=10, rng=np.random.default_rng(8)), 0) for lift in lifts]).sum(axis=0)
    truth = HOURS_A_YEAR * sum(past.share_standing for past in pasts)
    near(float(hours.mean()), float(hours.std(ddof=1)) / 10**0.5, truth)
