"""What answers tell of a village where few live on the hill: numbers of people are to the nearest five."""

from __future__ import annotations

import numpy as np

from simulations import answers
from simulations.community import Community, assemble
from simulations.coverage import coverage
from simulations.failures import what_if
from simulations.ranking import rank
from simulations.states import Element, closing
from tests.simulations.village import LIFT, STEPS, village
from twin.residents import Residents
from twin.terms import ElementKind, MobilityGroup, Service

THE_LIFT, THE_STEPS = Element(ElementKind.EDGE, LIFT), Element(ElementKind.EDGE, STEPS)


def hamlet() -> Community:
    """The village with 3 adults and 20 older people on the hill."""
    town = village(upper_lift=1)
    people = Residents(
        ("18-34", "65-79"),
        np.array([[30, 10], [3, 20]], np.int32),
        np.ones(2, np.int64),
        np.array([[30, 10], [3, 20]]) > 0,
    )
    return assemble(town.place, town.network, town.buildings, people, town.facilities)


def test_a_few_who_would_lose_a_service_are_told_to_the_nearest_five() -> None:
    town = hamlet()
    change = what_if(town, (), close=[THE_LIFT], groups=[MobilityGroup.WHEELCHAIR])
    (answer,) = answers.of_what_if(town, change.outcomes)
    assert (answer["lost"], answer["lost_possible"]) == ({"18-34": 5, "65-79": 20}, {"18-34": 5, "65-79": 20})


def test_a_ranking_counts_no_few_people_out() -> None:
    town = hamlet()
    few = rank(town, (), [[THE_LIFT, THE_STEPS]])
    (answer,) = answers.of_ranking(town, few, {THE_LIFT: "the lift"})
    assert answer["name"] == "the lift"
    assert (answer["people"], answer["total"]) == ({"18-34": 5, "65-79": 20}, 25)
    assert answer["if_needed"]["wheelchair"] == {"18-34": 5, "65-79": 20}
    assert answer["services"] == {"pharmacy": 25}


def test_where_only_a_few_are_concerned_they_are_told_to_the_nearest_five() -> None:
    town = village(upper_lift=1)
    people = Residents(("18-34",), np.array([[30], [3]], np.int32), np.ones(1, np.int64), np.array([[30], [3]]) > 0)
    town = assemble(town.place, town.network, town.buildings, people, town.facilities)
    (answer,) = answers.of_ranking(town, rank(town, (), [[THE_LIFT, THE_STEPS]]), {})
    assert (answer["people"], answer["total"], answer["services"]) == ({"18-34": 5}, 5, {"pharmacy": 5})


def test_a_few_who_reach_a_service_or_do_not_are_in_numbers_to_the_nearest_five() -> None:
    town = hamlet()
    wheels = MobilityGroup.WHEELCHAIR
    # the ground floor on the hill is 407 s away, the valley 430 s, the first floor behind a ride of the house's lift
    near = answers.of_coverage(town, coverage(town, (), Service.PHARMACY, wheels, limit_s=420))
    cut = answers.of_coverage(
        town, coverage(town, closing(town, (), [THE_LIFT]), Service.PHARMACY, wheels, limit_s=600)
    )
    assert [(band["residents"], band["certain"], band["share"]) for band in near["bands"]] == [
        (35, 0, 0.0),
        (30, 10, 0.333),
    ]
    assert [(band["residents"], band["certain"], band["share"]) for band in cut["bands"]] == [
        (35, 30, 0.857),
        (30, 10, 0.333),
    ]
