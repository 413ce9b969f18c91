"""Where the step-free way breaks, in the village by hand and in Monaco by its sums; mends against every choice there is."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.audit import BREAK_MS, Finding, breaks, findings, people_behind, ways
from simulations.community import Community, assemble
from simulations.graph import CLOSED
from simulations.mends import Islands, Mend, choose, islands, reached
from simulations.states import Element, closing
from tests.simulations.village import LIFT, STEPS, village
from twin.norms import rules
from twin.terms import ElementKind, MobilityGroup, Service

THE_LIFT, THE_STEPS = Element(ElementKind.EDGE, LIFT), Element(ElementKind.EDGE, STEPS)
PHARMACY = Service.PHARMACY
CLAUSES = rules.thresholds()


def kerbed() -> Community:
    """The village with a raised kerb on the way to the valley house, a narrow path on the hill, and steps at the shop."""
    town = village(upper_lift=1)
    kerb, width = np.zeros(6, np.uint8), np.full(6, np.nan)
    kerb[1], width[5] = 1, 0.95
    streets = replace(town.network, kerb=kerb, kerbs=("", "raised"), width_m=width)
    shops = replace(town.facilities, step_free=np.zeros(1, np.int8))
    return assemble(town.place, streets, town.buildings, town.residents, shops)


def test_a_way_without_breaks_has_none() -> None:
    found = ways(village(), (), PHARMACY)
    assert (found.breaks.tolist(), found.first.tolist(), found.seconds.tolist()) == (
        [0, 0],
        [-1, -1],
        [430.125, 406.875],
    )
    assert people_behind(village(), (), [found]) == []


def test_a_lift_that_stands_is_a_break_and_the_steps_beside_it_are_the_shorter_one_to_mend() -> None:
    town = village(upper_lift=1)
    said = closing(town, (), [THE_LIFT])
    found = ways(town, said, PHARMACY)
    assert (found.breaks.tolist(), found.first.tolist()) == ([0, 1], [-1, STEPS])
    # 138.75 + 69.375 + 138.75 s and a ramp in place of 36 m of steps: 45 s
    assert found.seconds.tolist() == [430.125, 391.875]
    (only,) = people_behind(town, said, [found])
    assert (only.edge, {service: people.tolist() for service, people in only.people.items()}) == (
        STEPS,
        {PHARMACY: [40, 20]},
    )
    (stands,) = findings(town, said, CLAUSES, LIFT)
    assert (stands.element, stands.measured, stands.passes) == ("lift", "out of order", False)


def test_each_element_is_held_against_its_clause_and_what_is_not_measured_is_told_apart() -> None:
    town = kerbed()
    assert np.flatnonzero(breaks(town, ())).tolist() == [
        2,
        3,
        8,
        9,
    ]  # both ways over the kerb and up and down the steps
    found = {each.element: each for each in findings(town, (), CLAUSES, 1)}
    assert (found["kerb"].measured, found["kerb"].passes, found["kerb"].clause) == (
        "raised",
        False,
        "GB 50763-2012 3.1",
    )
    assert [(found[name].measured, found[name].passes) for name in ("incline", "width", "surface")] == [
        (None, None)
    ] * 3
    narrow = next(each for each in findings(town, (), CLAUSES, 5) if each.element == "width")
    assert narrow == Finding(5, "width", 0.95, "GB 55019-2021 2.2.2", 1.2, None, "V2", passes=True, below_clause=True)


def test_steps_at_the_door_of_the_facility_are_a_break_too() -> None:
    found = ways(kerbed(), (), PHARMACY)
    assert (found.breaks.tolist(), found.first.tolist(), found.entrance.tolist()) == ([2, 1], [1, -1], [True, True])


def test_mends_reconnect_the_village() -> None:
    town = kerbed()
    there = islands(town, closing(town, (), [THE_LIFT]))
    assert there.people.tolist() == [0, 40, 60, 0]  # the shop's street, the valley house, the hill, the shop
    assert reached(there, ()) == 0
    one = choose(there, most=1)
    assert (one.mends, one.people, one.proven) != ((), 60, True)  # the door alone brings nobody in
    two = choose(there, most=2)
    assert {mend.element for mend in two.mends} <= {Element(ElementKind.FACILITY, 0), THE_LIFT, THE_STEPS}
    assert (two.people, two.bound, two.cost, two.proven) == (60, 60.0, 2.0, True)
    three = choose(there, most=3)
    assert (three.people, len(three.mends)) == (100, 3)
    assert choose(there, most=3, budget=2.0).people == 60
    dear = islands(town, closing(town, (), [THE_LIFT]), cost=lambda which: 9.0 if which == THE_STEPS else 1.0)
    assert THE_LIFT in {mend.element for mend in choose(dear, most=2).mends}
    with pytest.raises(ValueError, match="-1 mends"):
        choose(there, most=-1)


@settings(max_examples=60)
@given(st.integers(2, 6), st.integers(1, 8), st.integers(1, 2), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_no_choice_of_mends_reconnects_more_or_as_many_for_less(
    count: int, joins: int, services: int, most: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    ends = [tuple(rng.choice(count, 2, replace=False).tolist()) for _ in range(joins)]
    mends = tuple(
        Mend(Element(ElementKind.EDGE, at), one, other, float(rng.integers(1, 5)))
        for at, (one, other) in enumerate(ends)
    )
    has = rng.random((services, count)) < 0.3
    found = Islands(tuple(Service)[:services], rng.integers(0, 20, count), has, mends)
    budget = float(rng.integers(0, 9)) if rng.random() < 0.5 else None
    base = reached(found, ())
    every = [
        (reached(found, some) - base, -sum(mend.cost for mend in some))
        for size in range(min(most, joins) + 1)
        for some in combinations(mends, size)
        if budget is None or sum(mend.cost for mend in some) <= budget
    ]
    best = max(every)
    chosen = choose(found, most=most, budget=budget)
    assert chosen.proven
    assert (chosen.people, -chosen.cost) == best


def test_in_monaco_those_without_a_break_are_those_with_a_way_in_a_wheelchair(monaco: Community) -> None:
    from simulations.coverage import coverage

    for service in (PHARMACY, Service.CLINIC):
        found = ways(monaco, (), service)
        covered = coverage(monaco, (), service, MobilityGroup.WHEELCHAIR, limit_s=3600)
        assert np.array_equal(found.breaks == 0, np.isfinite(covered.building_s))
        assert np.allclose(found.seconds[found.breaks == 0], covered.building_s[found.breaks == 0])
        assert (found.seconds < BREAK_MS / 1000).sum() == (found.breaks >= 0).sum()
        behind = people_behind(monaco, (), [found])
        broken = int(monaco.residents.counts[(found.breaks > 0) & (found.first >= 0)].sum())
        assert max(int(each.people[service].sum()) for each in behind) <= broken
        lived_in = monaco.residents.counts.sum(axis=1) > 0
        assert set(found.first[lived_in & (found.first >= 0)].tolist()) <= {each.edge for each in behind}


def test_in_monaco_the_mends_chosen_give_back_what_they_promise(monaco: Community) -> None:
    there = islands(monaco, (), services=[PHARMACY])
    chosen = choose(there, most=2)
    assert chosen.proven
    assert 0 < chosen.people <= 38_500
    edges = [mend.element.row for mend in chosen.mends if mend.element.kind is ElementKind.EDGE]
    times = dict(monaco.times)
    own = times[MobilityGroup.WHEELCHAIR].copy().reshape(-1, 2)
    own[edges] = np.where(own[edges] == CLOSED, 1_000, own[edges])
    times[MobilityGroup.WHEELCHAIR] = own.ravel()
    mended = replace(monaco, times=times)
    before, after = (reached(islands(town, (), services=[PHARMACY]), ()) for town in (monaco, mended))
    doors = [mend for mend in chosen.mends if mend.element.kind is ElementKind.FACILITY]
    assert after - before == chosen.people or doors
