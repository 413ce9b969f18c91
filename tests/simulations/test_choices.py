"""Among how many facilities people can choose: held live it is what is computed from nothing, and what-if tells of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simulations import answers, homes
from simulations.choices import Choices
from simulations.community import Community
from simulations.failures import what_if
from simulations.held import Tracks
from simulations.states import EVERYBODY, Element, Reports, closing, shut, slowing
from tests.simulations.test_coverage_by import two_shops
from tests.simulations.village import LIFT, STEPS
from twin.terms import ElementKind, MobilityGroup, Service

SERVICES = (Service.PHARMACY, Service.CLINIC)


def from_nothing(town: Community, said: Reports, service: Service, group: MobilityGroup) -> NDArray[np.int64]:
    there = homes.existing(town, said, service, group)
    table = homes.table(town, said, there, group, limit_s=town.norm.limits[service].limit_s)
    return np.bincount(table.column, minlength=len(town.households.building))


@pytest.mark.parametrize("group", [MobilityGroup.AGE_75_84, MobilityGroup.WHEELCHAIR])
def test_choices_held_through_changes_of_monaco_are_those_computed_from_nothing(
    monaco: Community, group: MobilityGroup
) -> None:
    rng = np.random.default_rng(3)
    limits_s = {service: monaco.norm.limits[service].limit_s for service in SERVICES}
    held = Choices(monaco, group, limits_s, frozenset())
    homes_with_lift = np.flatnonzero(monaco.buildings.lift == 1)
    for step in range(6):
        streets = (Element(ElementKind.EDGE, int(e)) for e in rng.choice(len(monaco.network.edge_ids), 30))
        shops = (Element(ElementKind.FACILITY, int(f)) for f in rng.choice(len(monaco.facilities.ids), 4))
        lifts = (Element(ElementKind.BUILDING_LIFT, int(b)) for b in homes_with_lift[:step])
        said = closing(monaco, (), [*streets, *shops, *lifts])
        crowded = (Element(ElementKind.EDGE, int(e)) for e in rng.choice(len(monaco.network.edge_ids), 50))
        said = slowing(said, crowded, EVERYBODY, (2.0, 20.0))
        held.move(shut(said, group, unknown_closed=False))
        for service in SERVICES:
            assert np.array_equal(held.count(service), from_nothing(monaco, said, service, group))


def test_with_the_steps_and_the_lift_shut_each_has_one_pharmacy_left() -> None:
    """The pharmacies stand in the valley and at the hill house; the houses are 5 minutes from both, or at one."""
    town = two_shops()
    hill = [Element(ElementKind.EDGE, LIFT), Element(ElementKind.EDGE, STEPS)]
    found = what_if(town, (), close=hill, groups=[MobilityGroup.ADULT], choices=True)
    assert answers.of_choices(found.outcomes) == [
        {
            "service": "pharmacy",
            "group": "adult",
            "counts_if_needed": False,
            "before": {"0": 0, "1": 0, "2+": 70},
            "after": {"0": 0, "1": 70, "2+": 0},
        }
    ]
    assert not any(one.lost.any() for one in found.outcomes)  # everybody has one still: only the choice is gone


def test_tracks_keep_the_choices_from_one_question_to_the_next() -> None:
    town = two_shops()
    tracks = Tracks(town)
    for row in (0, 1, 0):
        shop = [Element(ElementKind.FACILITY, row)]
        kept, new = (what_if(town, (), close=shop, choices=True, tracks=some) for some in (tracks, None))
        assert [one.choices for one in kept.outcomes] == [one.choices for one in new.outcomes]
        assert answers.of_choices(new.outcomes)
