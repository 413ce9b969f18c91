"""Homes and sites: the tables agree with coverage on Monaco, floor by floor; the commands answer and refuse."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from typer.testing import CliRunner

from simulations import homes, siting_answers
from simulations.commands import simulating
from simulations.community import Community
from simulations.coverage import coverage
from simulations.siting import cover_most
from simulations.siting_goals import NO_TERMS, Terms
from tests.simulations.test_commands import ask
from tests.simulations.village import village
from twin.errors import Refused
from twin.terms import MobilityGroup, Service

ROOMS = (5, 6, 700, 800, 1000)  # ids of buildings in Monaco


@pytest.mark.parametrize("group", [MobilityGroup.ADULT, MobilityGroup.WHEELCHAIR])
def test_those_in_a_table_are_those_that_coverage_counts(monaco: Community, group: MobilityGroup) -> None:
    there = homes.existing(monaco, (), Service.CLINIC, group)
    table = homes.table(monaco, (), there, group, limit_s=600)
    counted = coverage(monaco, (), Service.CLINIC, group, limit_s=600).possible.sum()
    assert homes.people(monaco, group)[np.unique(table.column)].sum() == counted > 0


def test_a_pharmacy_on_the_hill_serves_the_hill() -> None:
    here = village()
    adult = MobilityGroup.ADULT
    sites = homes.with_rooms(here, homes.existing(here, (), Service.PHARMACY, adult), adult)
    assert (sites.facility.tolist(), sites.building.tolist()) == ([0, -1, -1], [-1, 0, 1])
    table = homes.table(here, (), sites, adult, limit_s=120)
    found = cover_most(table, homes.people(here, adult), limit_s=120, sites=2, fixed=sites.fixed)
    assert (found.sites.tolist(), found.proven) == ([0, 2], True)


def test_siting_names_a_building_and_a_bound(monaco_database: str) -> None:
    words = ("siting", "--service", "clinic", "--new", "2")
    answer = ask(monaco_database, *words)["siting"]
    assert answer["proven"]
    assert answer["gained"] == answer["within_limit_then"] - answer["within_limit_now"] > 0
    assert answer["value"] == answer["within_limit_then"]
    new = [site for site in answer["sites"] if not site["there"]]
    assert len(new) == 2
    assert all(7.4 < site["lon"] < 7.45 for site in new)
    for goal in ("walking", "longest"):
        other = ask(monaco_database, *words, "--goal", goal, "--seconds", "5")["siting"]
        assert other["within_limit_then"] <= answer["within_limit_then"]


def test_goals_in_the_village() -> None:
    here = village()
    ask_for = partial(siting_answers.siting, here, (), Service.PHARMACY, MobilityGroup.ADULT, limit_s=120)
    # the pharmacy is 5 minutes from the houses, and they from each other: each needs its own, and none has a second
    every = ask_for(new=2, goal="all")
    assert (every["value"], every["proven"], every["within_limit_then"]) == (2, True, every["residents"])
    backed = ask_for(new=2, goal="backup")
    assert [site["id"] for site in backed["sites"]] == [site["id"] for site in every["sites"]]
    assert (backed["value"], backed["proven"]) == (0, True)
    fair = ask_for(new=1, goal="fair")
    assert (fair["value"], fair["within_limit_then"]) == (0.571, 40)  # one grid of 70: the hill house has 40 of them
    none = ask_for(new=0, goal="all")
    assert (none["sites"], none["value"], none["proven"], none["possible"]) == ([], None, True, False)
    assert none["within_limit_then"] == none["within_limit_now"]  # what is there stays
    longest = ask_for(new=1, goal="longest")
    assert (longest["possible"], longest["beyond_all"]) == (True, 0)


def test_seats_rooms_and_budgets_in_the_village() -> None:
    """A pharmacy for 15 stands 5 minutes from the houses: 40 live in the valley house (id 11), 60 in the hill house."""
    here = village()
    ask_for = partial(siting_answers.siting, here, (), Service.PHARMACY, MobilityGroup.ADULT, limit_s=120)
    valley = Terms(rooms=(11,), room_cost=1.0, cost=10.0)
    # the hill has more people, but only a room in the valley is within the budget
    cheap = ask_for(new=1, goal="people", terms=replace(valley, budget=5.0))
    assert ([site["id"] for site in cheap["sites"]], cheap["cost"]) == ([31, 11], 1.0)
    rich = ask_for(new=1, goal="people", terms=replace(valley, budget=10.0))
    assert ([site["id"] for site in rich["sites"]], rich["cost"]) == ([31, 12], 10.0)
    only = ask_for(new=1, goal="people", terms=replace(valley, only_rooms=True))
    assert [site["id"] for site in only["sites"]] == [31, 11]
    # 25 seats more are 25 people more, wherever; to walk least, those at the door of the hill house get them
    seated = ask_for(new=1, goal="seated", terms=Terms(seats=25, seats_there={31: 15}))
    assert (seated["seated"], seated["seats"], seated["proven"]) == (25, 40, True)  # nobody is near the 15
    unknown = ask_for(new=1, goal="seats", terms=Terms(seats=25))
    assert (unknown["seated"], [one["id"] for one in unknown["capacity_unknown"]]) == (25, [31])
    assert sum(site["seated"] for site in unknown["sites"]) == unknown["seated"]


@pytest.mark.parametrize(
    ("goal", "terms", "why"),
    [
        ("walking", Terms(budget=3.0), "the goal 'walking' has no budget"),
        ("seated", NO_TERMS, "needs to know how many seats a new site has"),
        ("people", Terms(only_rooms=True), "no room is named"),
        ("people", Terms(rooms=(99,)), "no building 99 that hangs on the network"),
    ],
)
def test_terms_that_mean_nothing_are_refused(goal: str, terms: Terms, why: str) -> None:
    with pytest.raises(Refused, match=why):
        siting_answers.siting(
            village(), (), Service.PHARMACY, MobilityGroup.ADULT, limit_s=120, new=1, goal=goal, terms=terms
        )


def test_seats_are_sited_in_monaco_within_a_budget_rooms_first(monaco_database: str) -> None:
    words = ("siting", "--service", "canteen", "--group", "75-84", "--goal", "seated", "--seats", "60", "--new", "4")
    rooms = [word for room in ROOMS for word in ("--room", str(room))]
    answer = ask(monaco_database, *words, "--budget", "1.5", *rooms, "--seconds", "30")["siting"]
    new = [site for site in answer["sites"] if not site["there"]]
    assert answer["cost"] == sum(site["cost"] for site in new) <= 1.5
    assert answer["seated"] == sum(site["seated"] for site in answer["sites"]) <= answer["seats"]
    assert all(site["seated"] <= site["seats"] for site in answer["sites"])
    assert answer["value"] <= answer["bound"] <= answer["seats"] + 60 * (4 - len(new))


def test_capacity_names_seats_and_the_seated(monaco_database: str) -> None:
    for decay in ("step", "gaussian"):
        answer = ask(monaco_database, "capacity", "--service", "canteen", "--group", "75-84", "--decay", decay)
        (found,) = answer["capacity"]
        assert (answer["decay"], found["seats"]) == (decay, sum(each["capacity"] for each in found["facilities"]))
        assert 0 < found["seated"] <= min(found["seats"], found["within_limit"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            ["siting", "--service", "clinic", "--goal", "fame"],
            "'fame' is no goal; one of people, walking, longest, all",
        ),
        (["siting", "--service", "clinic", "--new", "101"], "Expected `int` <= 100"),
        (["capacity", "--decay", "cliff"], "'cliff' is no decay; one of step, gaussian, linear"),
    ],
)
def test_what_means_nothing_is_refused(monaco_database: str, words: list[str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        CliRunner().invoke(simulating, words, obj=lambda: monaco_database, catch_exceptions=False)
