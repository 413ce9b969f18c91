"""Homes and sites: the tables agree with coverage on Monaco, floor by floor; the commands answer and refuse."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from typer.testing import CliRunner

from simulations import homes, siting_answers
from simulations.commands import simulating
from simulations.community import Community
from simulations.coverage import coverage
from simulations.siting import cover_most
from tests.simulations.test_commands import ask
from tests.simulations.village import village
from twin.errors import Refused
from twin.terms import MobilityGroup, Service


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
    assert (none["sites"], none["value"], none["proven"]) == ([], None, True)


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
