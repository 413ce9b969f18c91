"""What a failure means in the village of test_coverage.py, worked by hand, and what repairs are worth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulations.community import SERVICES, assemble
from simulations.failures import what_if
from simulations.ranking import candidates, pairs, rank, street_lifts
from simulations.states import Element, closing
from tests.simulations.village import LIFT, STEPS, village
from twin.errors import Refused
from twin.terms import ElementKind, MobilityGroup, Service

THE_LIFT = Element(ElementKind.EDGE, LIFT)
THE_STEPS = Element(ElementKind.EDGE, STEPS)


def test_the_lift_stops_and_the_hill_is_cut_off_in_a_wheelchair_only() -> None:
    town = village(upper_lift=1)
    adult, wheel = what_if(town, (), close=[THE_LIFT], groups=[MobilityGroup.ADULT, MobilityGroup.WHEELCHAIR]).outcomes
    # 310 s by the lift, 316 s by the steps; the limit for a pharmacy is 600 s
    assert adult.lost.sum() == adult.lost_possible.sum() == 0
    assert (adult.before_s[1], adult.after_s[1], adult.extra_s) == (310.0, 316.0, 6.0)
    assert wheel.counts_if_needed
    assert wheel.lost.tolist() == [[0, 0], [40, 20]]
    assert (wheel.before_s[1], wheel.after_s[1], wheel.facility_after.tolist()) == (406.875, math.inf, [0, -1])
    assert math.isnan(wheel.extra_s)


def test_people_upstairs_of_a_building_whose_lift_is_not_known_lose_it_only_possibly() -> None:
    (wheel,) = what_if(village(upper_lift=-1), (), close=[THE_LIFT], groups=[MobilityGroup.WHEELCHAIR]).outcomes
    assert wheel.lost.tolist() == [[0, 0], [20, 10]]
    assert wheel.lost_possible.tolist() == [[0, 0], [40, 20]]


def test_mending_gives_back_what_closing_took() -> None:
    town = village(upper_lift=1)
    said = closing(town, (), [THE_LIFT])
    (wheel,) = what_if(town, said, mend=[THE_LIFT], groups=[MobilityGroup.WHEELCHAIR]).outcomes
    assert wheel.gained.tolist() == [[0, 0], [40, 20]]
    assert wheel.lost_possible.sum() == 0


def test_people_who_lose_different_services_are_each_counted_once() -> None:
    # Upstairs on the hill is 9.9 s further, and so is the clinic. Within 322.9 s the ground floor has both and upstairs
    # the pharmacy; the steps take 6 s longer than the lift, and each floor loses one.
    town = village(upper_lift=1)
    one = town.facilities
    both = replace(
        one,
        ids=np.array([31, 32], np.int32),
        service=np.array([SERVICES.index(Service.PHARMACY), SERVICES.index(Service.CLINIC)], np.uint8),
        node=np.array([0, 0], np.int32),
        node_m=np.array([0.0, 9.9 * 1.11]),
        step_free=np.array([-1, -1], np.int8),
        source_ids=("n1", "n2"),
        names=("pharmacy", "clinic"),
        names_zh=(None, None),
    )
    town = assemble(town.place, town.network, town.buildings, town.residents, both)
    found = what_if(town, (), close=[THE_LIFT], groups=[MobilityGroup.ADULT], limit_s=322.9)
    assert [one.lost.tolist() for one in found.outcomes] == [[[0], [20]], [[0], [20]]]
    assert (found.lost, found.lost_possible) == ({"18-34": 40}, {"18-34": 40})
    back = what_if(town, closing(town, (), [THE_LIFT]), mend=[THE_LIFT], groups=[MobilityGroup.ADULT], limit_s=322.9)
    assert (back.gained, back.gained_possible, back.lost) == ({"18-34": 40}, {"18-34": 40}, {})


def test_failures_are_ranked_by_people() -> None:
    town = village(upper_lift=1)
    ranked = rank(town, (), [[THE_STEPS], [THE_LIFT], [THE_LIFT, THE_STEPS]])
    # without the steps nothing changes within 600 s, so they are left out
    assert [each.elements for each in ranked] == [(THE_LIFT, THE_STEPS), (THE_LIFT,)]
    both, lift = ranked
    assert (both.people, both.services) == ({"18-34": 40, "65-79": 20}, {Service.PHARMACY: 60})
    assert lift.people == {}
    assert lift.if_needed[MobilityGroup.WHEELCHAIR] == {"18-34": 40, "65-79": 20}
    assert MobilityGroup.FRAIL not in lift.if_needed
    # 40 adults take the steps for 6 s more than the lift, 20 of 65-79 for 31.2 s more
    assert both.minutes == 0.0
    assert lift.minutes == pytest.approx(40 * 0.1 + 20 * 0.52)


def test_pairs_are_tried_and_a_search_can_be_stopped() -> None:
    town = village(upper_lift=1)
    lifts, paths = candidates(town, ["lift"]), candidates(town, ["path"])
    assert (lifts, len(paths), candidates(town, ["gate"])) == ([(THE_LIFT,)], 5, [])
    assert candidates(town, ["building_lift", "facility"]) == [
        (Element(ElementKind.BUILDING_LIFT, 1),),
        (Element(ElementKind.FACILITY, 0),),
    ]
    assert pairs([(THE_LIFT,), (THE_STEPS,), (THE_LIFT, THE_STEPS)]) == [(THE_LIFT, THE_STEPS)] * 3
    assert len(rank(town, (), pairs([*lifts, *paths]))) == 15
    with pytest.raises(InterruptedError, match=f"stopped after 3 of {6 * len(town.groups())}"):
        rank(town, (), [*lifts, *paths], heard=lambda done, _: done < 3)
    with pytest.raises(
        Refused, match="'bridge' is no kind of element; one of lift, building_lift, gate, path, facility"
    ):
        candidates(town, ["bridge"])


def test_repairs_are_ranked_by_people_regained() -> None:
    town = village(upper_lift=1)
    said = closing(town, (), [THE_LIFT, THE_STEPS])
    ranked = rank(town, said, [[THE_STEPS], [THE_LIFT]], mend=True)
    assert [each.elements for each in ranked] == [(THE_LIFT,), (THE_STEPS,)]
    assert [each.total for each in ranked] == [60, 60]
    assert ranked[0].if_needed[MobilityGroup.WHEELCHAIR] == {"18-34": 40, "65-79": 20}
    assert MobilityGroup.WHEELCHAIR not in ranked[1].if_needed


def test_the_pieces_of_one_lift_fail_together() -> None:
    assert street_lifts(village()) == [(THE_LIFT,)]
    assert Service.PHARMACY in village().services()
