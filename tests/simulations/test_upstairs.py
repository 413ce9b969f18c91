"""A facility above the ground floor is reached by its building's lift, or by who walks stairs."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from simulations.community import Community
from simulations.coverage import coverage
from simulations.failures import what_if
from simulations.ranking import rank
from simulations.states import Element, Reports, closing, opening, reports, shut
from tests.simulations.village import village
from twin.effects import ElementState
from twin.terms import ElementKind, MobilityGroup, Service, State

VALLEY_HOUSE = 11
PHARMACY = Element(ElementKind.FACILITY, 0)


def said(community: Community, state: State) -> Reports:
    lift = ElementState(
        effect_id=7,
        element_kind=ElementKind.BUILDING_LIFT,
        element_id=VALLEY_HOUSE,
        mobility_groups=None,
        state=state,
        since=datetime(2026, 3, 1, tzinfo=UTC),
    )
    return reports(community, [lift])


@pytest.fixture
def town() -> Community:
    """The village, its pharmacy on the second floor of the house in the valley."""
    plain = village()
    return replace(plain, facilities=replace(plain.facilities, upstairs_in=np.array([VALLEY_HOUSE], np.int32)))


def covered(community: Community, state: State, group: MobilityGroup) -> tuple[int, int]:
    found = coverage(community, said(community, state), Service.PHARMACY, group, limit_s=900)
    return int(found.certain[0].sum()), int(found.possible[0].sum())


def test_s19_with_its_lift_out_it_covers_who_walks_stairs_and_no_wheelchair(town: Community) -> None:
    assert covered(town, State.OPEN, MobilityGroup.WHEELCHAIR) == (40, 40)
    assert covered(town, State.CLOSED, MobilityGroup.WHEELCHAIR) == (0, 0)
    assert covered(town, State.UNKNOWN, MobilityGroup.WHEELCHAIR) == (0, 40)
    assert covered(town, State.CLOSED, MobilityGroup.ADULT) == covered(town, State.OPEN, MobilityGroup.ADULT) != (0, 0)


def test_a_facility_on_the_ground_floor_needs_no_lift(town: Community) -> None:
    ground = replace(town, facilities=replace(town.facilities, upstairs_in=np.array([-1], np.int32)))
    assert covered(ground, State.CLOSED, MobilityGroup.WHEELCHAIR) == (40, 40)


def test_the_repair_of_the_lift_opens_what_is_upstairs(town: Community) -> None:
    out = said(town, State.CLOSED)
    assert PHARMACY in shut(out, MobilityGroup.WHEELCHAIR, unknown_closed=False)
    assert PHARMACY not in shut(out, MobilityGroup.ADULT, unknown_closed=False)
    mended = opening(out, [Element(ElementKind.BUILDING_LIFT, 0)])
    assert shut(mended, MobilityGroup.WHEELCHAIR, unknown_closed=True) == frozenset()


def test_what_if_the_lift_is_closed_what_is_upstairs_is_closed_for_wheels_and_those_upstairs_stay_there(
    town: Community,
) -> None:
    lift = Element(ElementKind.BUILDING_LIFT, 0)
    found = what_if(town, (), close=[lift], groups=[MobilityGroup.WHEELCHAIR, MobilityGroup.ADULT], limit_s=900)
    wheels = next(one for one in found.outcomes if one.group is MobilityGroup.WHEELCHAIR)
    assert int(wheels.lost[0].sum()) == 40  # the valley house itself stands on the ground floor alone
    assert not any(one.lost.any() for one in found.outcomes if one.group is MobilityGroup.ADULT)
    (ranked,) = rank(town, (), [[lift]])
    assert sum(ranked.if_needed[MobilityGroup.WHEELCHAIR].values()) >= 40
    back = opening(closing(town, (), [lift]), [lift])
    assert back == ()
