"""An element that is slower: how long it takes then, for whom, and that following it live is computing it anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations import answers, pace
from simulations.asking import Asked, again, inputs
from simulations.community import Community, assemble
from simulations.coverage import coverage, field
from simulations.edits import Plan, Setting, make
from simulations.graph import CLOSED
from simulations.live import Track
from simulations.questions_coverage import CoverageQuestion
from simulations.states import EVERYBODY, Element, Report, Reports, closing, opening, reports, shut, slowing
from simulations.way import choose
from tests.simulations.village import LIFT, STEPS, network, village
from twin.effects import ElementState
from twin.errors import Refused
from twin.terms import EdgeKind, ElementKind, MobilityGroup, Service, State

ADULT, WHEELCHAIR = MobilityGroup.ADULT, MobilityGroup.WHEELCHAIR
STREET, THE_LIFT, THE_STEPS = (Element(ElementKind.EDGE, edge) for edge in (0, LIFT, STEPS))
HILL_LIFT = Element(ElementKind.BUILDING_LIFT, 1)


def hill_s(town: Community, said: Reports, group: MobilityGroup = ADULT) -> float:
    """Time from the pharmacy to the door of the house on the hill [s]."""
    return float(coverage(town, said, Service.PHARMACY, group, limit_s=900).building_s[1])


def test_a_crowded_street_takes_twice_as_long_and_a_waiting_lift_a_minute_more() -> None:
    town = village()
    usual = hill_s(town, ())
    street_s = town.times[ADULT][0] / 1000
    assert hill_s(town, slowing((), [STREET], EVERYBODY, (2.0, 0.0))) == pytest.approx(usual + street_s)
    waits = slowing(closing(town, (), [THE_STEPS]), [THE_LIFT], EVERYBODY, (1.0, 60.0))
    assert hill_s(town, waits) == pytest.approx(usual + 60)
    (nearest,) = choose(town, waits, 1, Service.PHARMACY, ADULT).sure
    assert sum(nearest.edge_s) == pytest.approx(usual + 60)  # the house's door is at its node, the pharmacy's too


def test_it_is_slower_for_the_groups_it_is_said_of_alone() -> None:
    town = village()
    said = slowing((), [STREET], frozenset({WHEELCHAIR}), (3.0, 5.0))
    assert hill_s(town, said) == hill_s(town, ())
    street_s = town.times[WHEELCHAIR][0] / 1000
    assert hill_s(town, said, WHEELCHAIR) == pytest.approx(hill_s(town, (), WHEELCHAIR) + 2 * street_s + 5)


def test_a_stopped_escalator_is_steps_and_stays_closed_for_wheels() -> None:
    town = village()
    streets = network(3, [(0, 1, EdgeKind.ESCALATOR, 20.0), (1, 2, EdgeKind.STEPS, 20.0)], steps=[120, 120])
    here = assemble(
        town.place, streets, replace(town.buildings, node=np.array([1, 2], np.int32)), town.residents, town.facilities
    )
    escalator = Element(ElementKind.EDGE, 0)
    stands = shut(slowing((), [escalator], EVERYBODY, (1.0, 0.0)), ADULT, unknown_closed=False)
    times = pace.times(here, ADULT, stands)
    assert times[0] == times[2] > here.times[ADULT][0]  # as the steps beside it, and longer than it carries
    assert (pace.times(here, WHEELCHAIR, stands)[:2] == CLOSED).all()


def test_of_several_reports_closed_wins_over_unknown_over_slower_over_open() -> None:
    said = (
        Report(STREET, EVERYBODY, State.OPEN),
        Report(STREET, EVERYBODY, State.SLOWER, slow=(2.0, 0.0)),
        Report(STREET, EVERYBODY, State.SLOWER, slow=(1.5, 30.0)),
        Report(THE_LIFT, EVERYBODY, State.SLOWER, slow=(2.0, 0.0)),
        Report(THE_LIFT, EVERYBODY, State.UNKNOWN),
        Report(THE_STEPS, EVERYBODY, State.SLOWER, slow=(2.0, 0.0)),
        Report(THE_STEPS, EVERYBODY, State.CLOSED),
    )
    slow = {STREET._replace(slow=(2.0, 30.0))}
    assert shut(said, ADULT, unknown_closed=False) == slow | {THE_LIFT._replace(slow=(2.0, 0.0)), THE_STEPS}
    assert shut(said, ADULT, unknown_closed=True) == slow | {THE_LIFT, THE_STEPS}
    assert shut(opening(said, [STREET]), ADULT, unknown_closed=False) == {
        THE_LIFT._replace(slow=(2.0, 0.0)),
        THE_STEPS,
    }


def test_a_building_s_slow_lift_makes_those_upstairs_later_until_they_take_the_stairs() -> None:
    town = village(upper_lift=1)
    ask = {"limit_s": hill_s(town, (), WHEELCHAIR) + 60}  # the way down by the lift takes less than a minute
    waits = slowing((), [HILL_LIFT], EVERYBODY, (1.0, 120.0))
    at_once, later = (coverage(town, said, Service.PHARMACY, WHEELCHAIR, **ask) for said in ((), waits))
    assert (at_once.certain[1].sum(), later.certain[1].sum()) == (60, town.households.people[1].sum())
    stairs = coverage(town, closing(town, (), [HILL_LIFT]), Service.PHARMACY, ADULT, limit_s=900)
    assert coverage(town, waits, Service.PHARMACY, ADULT, limit_s=900).p90_s == stairs.p90_s


def test_what_a_sensor_calls_slower_is_said_and_kept_with_the_inputs() -> None:
    town = village()
    state = ElementState(
        ElementKind.EDGE, 101, ("adult",), State.SLOWER, datetime(2026, 3, 1, tzinfo=UTC), 7, 2.5, None
    )
    said = reports(town, [state])
    assert answers.frame(town, said)["slower"] == [
        {"kind": "edge", "id": 101, "groups": ["adult"], "factor": 2.5, "seconds": 0.0}
    ]
    kept = inputs(town, said, None, "coverage", CoverageQuestion())
    asked = again(Asked(None, town, ()), msgspec.json.decode(msgspec.json.encode(kept)))  # type: ignore[arg-type]  # no database is read
    assert shut(asked.said, ADULT, unknown_closed=False) == {STREET._replace(slow=(2.5, 0.0))}


def test_a_scenario_slows_a_way_down_and_no_facility() -> None:
    town = village()
    here = Setting(town, (), (None,), (None,))
    plan = msgspec.json.decode(b'{"edits": [{"edit": "slow", "element": "x", "factor": 2}]}', type=Plan)
    found = make(here, plan.edits, lambda _: [STREET])
    assert shut(found.said, ADULT, unknown_closed=False) == {STREET._replace(slow=(2.0, 0.0))}
    with pytest.raises(Refused, match="x is a facility; only ways and lifts can be slower"):
        make(here, plan.edits, lambda _: [Element(ElementKind.FACILITY, 0)])


hindered = st.dictionaries(
    st.integers(0, 5), st.one_of(st.just(()), st.tuples(st.floats(1, 5), st.integers(0, 300).map(float)))
)


@given(st.lists(hindered, min_size=1, max_size=8), st.sampled_from([ADULT, WHEELCHAIR]))
@settings(max_examples=60)
def test_following_what_is_slower_live_is_computing_it_anew(
    steps: list[dict[int, tuple[()] | tuple[float, float]]], group: MobilityGroup
) -> None:
    town = village()
    track = Track(town, group, [Service.PHARMACY], frozenset())
    for step in steps:
        closed = frozenset(Element(ElementKind.EDGE, edge, slow) for edge, slow in step.items())
        track.move(closed)
        assert np.array_equal(track.fields[Service.PHARMACY].label, field(town, Service.PHARMACY, group, closed).label)


def test_following_slower_ways_through_monaco_is_computing_them_anew(monaco: Community) -> None:
    rng = np.random.default_rng(5)
    edges = len(monaco.network.edge_ids)
    track = Track(monaco, ADULT, monaco.services(), frozenset())
    for _ in range(25):
        some = rng.choice(edges, 20, replace=False).tolist()
        slow = [(float(rng.uniform(1, 6)), float(rng.integers(0, 200))) for _ in some[10:]]
        closed = frozenset(
            [Element(ElementKind.EDGE, edge) for edge in some[:10]]
            + [Element(ElementKind.EDGE, edge, much) for edge, much in zip(some[10:], slow, strict=True)]
        )
        track.move(closed)
    for service, found in track.fields.items():
        assert np.array_equal(found.label, field(monaco, service, ADULT, closed).label)
