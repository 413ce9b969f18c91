"""Siting as the seed's rows S23 and S24 ask for it (domain.md §1), in a town by hand and in the demo place."""

from __future__ import annotations

import numpy as np
import pytest

from simulations import homes
from simulations.community import Community
from simulations.pareto import front
from simulations.siting import cover_most
from simulations.siting_exact import Limits, cover_all
from simulations.siting_greedy import greedy
from simulations.siting_problem import covering
from simulations.tables import from_rows
from twin.terms import MobilityGroup, Service

LIMIT_S = 300.0
GROUP = MobilityGroup.AGE_75_84
NEW, ROOM = 0, 1  # candidates: to build, or a room that stands empty


def test_s23_with_equal_gain_the_existing_room_is_chosen() -> None:
    """Both reach the same three places in 4 minutes; the room costs a tenth."""
    candidate, place = np.array([NEW, NEW, NEW, ROOM, ROOM, ROOM]), np.tile([0, 1, 2], 2)
    town = from_rows(candidate, place, np.full(6, 240_000), 2, 3)
    people, limits = np.array([5, 10, 15]), Limits(np.array([10.0, 1.0]))
    assert cover_all(town, people, limit_s=LIMIT_S, limits=limits).sites.tolist() == [ROOM]
    points = front(town, people, limit_s=LIMIT_S, limits=limits)
    assert [(point.cost, point.answer.value) for point in points] == [(0, 0), (1, 30)]
    assert points[1].answer.sites.tolist() == [ROOM]


@pytest.mark.parametrize("service", [Service.CLINIC, Service.PHARMACY])
def test_s24_two_sites_found_greedily_are_within_one_percent_of_the_best(monaco: Community, service: Service) -> None:
    sites = homes.with_rooms(monaco, homes.existing(monaco, (), service, GROUP), GROUP)
    table, people = homes.table(monaco, (), sites, GROUP, limit_s=LIMIT_S), homes.people(monaco, GROUP)
    many = int(sites.fixed.sum()) + 2
    best = cover_most(table, people, limit_s=LIMIT_S, sites=many, fixed=sites.fixed)
    assert best.proven
    problem = covering(table, people, limit_s=LIMIT_S, sites=many, fixed=sites.fixed)
    found = people[np.unique(table.column[np.isin(table.facility(), np.flatnonzero(greedy(problem)))])].sum()
    now = people[np.unique(table.column[sites.fixed[table.facility()]])].sum()
    assert now < 0.99 * best.value  # there is something to gain
    assert 0.99 * best.value <= found <= best.value
