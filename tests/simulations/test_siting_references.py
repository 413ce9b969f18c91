"""Published cases with known answers, read in place: OR-Library's p-median, p-center and capacitated p-median, and San Francisco."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse.csgraph import floyd_warshall

from simulations.lagrangian import solve
from simulations.siting import shorten_longest
from simulations.siting_exact import Limits, cover_all, cover_twice
from simulations.siting_problem import covering, from_costs
from simulations.siting_seats import walk_to_seats
from simulations.tables import Table, from_rows

Matrix = NDArray[np.float64]

QUICK_MEDIANS = (1, 4, 8, 12, 18, 21, 24, 28, 30, 35)
QUICK_CENTERS = (1, 3, 5, 10, 19, 34)


def optimum(shared: Path, file: str, name: str) -> float:
    lines = (shared / "reference" / "orlib_pmed" / file).read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) for line in lines if line.split()[0] == name)


def pmed(shared: Path, number: int) -> tuple[Matrix, int]:
    """Distances of all pairs, and how many sites; of an edge given twice the last counts."""
    text = (shared / "reference" / "orlib_pmed" / f"pmed{number}.txt").read_text(encoding="utf-8")
    (nodes, _, sites), *edges = [[int(word) for word in line.split()] for line in text.splitlines() if line.strip()]
    length = np.full((nodes, nodes), np.inf)
    for a, b, each in edges:
        length[a - 1, b - 1] = length[b - 1, a - 1] = each
    return np.asarray(floyd_warshall(length)), sites


def as_table(distance: Matrix, unit: float = 1.0) -> Table:
    """Candidate × place of all pairs of (places, candidates), a distance of 1 as `unit` seconds."""
    facility, place = np.indices(distance.T.shape).reshape(2, -1)
    return from_rows(facility, place, np.rint(distance.T.ravel() * unit * 1000).astype(np.int64), *distance.T.shape)


def assert_median(shared: Path, number: int) -> None:
    distance, sites = pmed(shared, number)
    best = optimum(shared, "pmedopt.txt", f"pmed{number}")
    problem = from_costs(distance, sites=sites)
    quick = solve(problem, prove=False)
    assert quick.bound <= best <= quick.value <= best * 1.011
    found = solve(problem)
    assert (found.proven, found.value) == (True, best)
    assert distance[:, found.sites].min(axis=1).sum() == best


def assert_center(shared: Path, number: int) -> None:
    distance, sites = pmed(shared, number)
    found = shorten_longest(as_table(distance), np.ones(len(distance), np.int64), sites=sites)
    assert (found.proven, found.value) == (True, optimum(shared, "kcenteropt.txt", f"pmed{number}"))
    assert distance[:, found.sites].min(axis=1).max() == found.value


@pytest.mark.parametrize("number", QUICK_MEDIANS)
def test_p_medians_of_the_or_library(shared: Path, number: int) -> None:
    assert_median(shared, number)


@pytest.mark.parametrize("number", QUICK_CENTERS)
def test_p_centers_of_the_or_library(shared: Path, number: int) -> None:
    assert_center(shared, number)


@pytest.mark.soak
@pytest.mark.parametrize("number", sorted({*range(1, 41)} - {*QUICK_MEDIANS}))
def test_all_p_medians_of_the_or_library(shared: Path, number: int) -> None:
    assert_median(shared, number)


@pytest.mark.soak
@pytest.mark.parametrize("number", sorted({*range(1, 41)} - {*QUICK_CENTERS}))
def test_all_p_centers_of_the_or_library(shared: Path, number: int) -> None:
    assert_center(shared, number)


@pytest.mark.soak
def test_the_first_capacitated_p_median_of_the_or_library(shared: Path) -> None:
    text = (shared / "reference" / "orlib_pmed" / "pmedcap1.txt").read_text(encoding="utf-8")
    (_,), (_, best), (count, sites, room), *rows = [
        [int(word) for word in line.split()] for line in text.splitlines()[:53] if line.strip()
    ]
    at, demand = np.array(rows[:count])[:, 1:3], np.array(rows[:count])[:, 3]
    distance = np.floor(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)))
    # each customer goes to one site and counts once, whatever it demands: its distance is spread over its demand
    table = as_table(distance / demand[:, None], unit=2520)
    limits = Limits(np.ones(count), sites=sites)
    found = walk_to_seats(table, demand, np.full(count, float(room)), limits=limits, split=False)
    assert (found.answer.proven, round(found.answer.value / 2520, 2)) == (True, best)


def san_francisco(shared: Path) -> tuple[Matrix, NDArray[np.int64], NDArray[np.int64]]:
    """Distances (tracts, stores) [m], the people of each tract, and the stores' numbers."""
    file = shared / "reference" / "spopt_sf" / "SF_network_distance_candidateStore_16_censusTract_205_new.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    stores, at = np.unique([int(row["name"].removeprefix("Store_")) for row in rows], return_inverse=True)
    tracts, of = np.unique([row["DestinationName"] for row in rows], return_inverse=True)
    distance, people = np.full((len(tracts), len(stores)), np.inf), np.zeros(len(tracts), np.int64)
    distance[of, at] = [float(row["distance"]) for row in rows]
    people[of] = [int(row["demand"]) for row in rows]
    return distance, people, stores


def test_san_francisco_as_spopt_prints_it(shared: Path) -> None:
    distance, people, stores = san_francisco(shared)
    table = as_table(distance)
    everywhere = cover_all(table, people, limit_s=5000, limits=Limits(np.ones(16)))
    assert (everywhere.proven, everywhere.value) == (True, 8)
    cost, twice = cover_twice(table, np.ones(205, np.int64), limit_s=5000, limits=Limits(np.ones(16)))
    # spopt's printed share counts those as backed up who have one store within reach at all: their variable is free
    with_one = int(((distance <= 5000).sum(axis=1) == 1).sum())
    assert (cost.value, twice.proven, twice.value, with_one) == (8, True, 145, 22)
    assert (twice.value + with_one) / 205 * 100 == 81.46341463414633
    most = solve(covering(table, people, limit_s=5000, sites=4))
    covered = (distance[:, most.sites] <= 5000).any(axis=1)
    assert most.proven
    assert (people.sum() - most.value, people[covered].sum(), (~covered).sum()) == (875_247, 875_247, 21)
    median = solve(from_costs(distance * people[:, None], sites=4))
    assert (median.proven, stores[median.sites].tolist()) == (True, [2, 11, 12, 15])
    assert f"{median.value:,.4f}" == "2,848,268,129.7145"
    assert median.value / people.sum() == pytest.approx(2982.1268579890657, rel=1e-14)
    center = shorten_longest(table, people, sites=4)
    assert (center.proven, round(center.value, 3)) == (True, 7403.064)  # the table rounds to a millimetre
    assert stores[center.sites].tolist() == [7, 11, 13, 15]
    assert distance[:, center.sites].min(axis=1).max() == 7403.063810849859
