"""What more money buys: the choices of sites of which none is both cheaper and better, cost against people."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulations.siting import cover_most
from simulations.siting_exact import Limits, cover_within
from simulations.siting_problem import Answer, Progress, Report
from simulations.tables import Table

__all__ = ["Point", "cheapest", "front"]

People = NDArray[np.int64]
CHEAPER = 1e-3  # of the cheapest site: costs nearer than this are the same; well above the solver's tolerance


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One choice of the front: the people within the limit, what it costs to open, and how sure that is."""

    cost: float
    answer: Answer  # value and bound are people


def front(table: Table, people: People, *, limit_s: float, limits: Limits, report: Report | None = None) -> list[Point]:
    """Give the front from nothing opened to the most that helps, or that the limits allow; cheapest first.

    table: candidate × place; people (places,). Exact where every answer is proven. Where all sites cost the same the
    front goes from one site to the next; else from the best choice down, each as cheap as it can be, to cheaper ones.
    report is told of people; where it says no, what was found so far is given.
    """
    new = limits.cost[~limits.held()]
    if len(new) and np.all(new == new[0]) and limits.budget is None:
        return _by_number(table, people, limit_s, limits, report)
    return _by_budget(table, people, limit_s, limits, report)


def _by_number(table: Table, people: People, limit_s: float, limits: Limits, report: Report | None) -> list[Point]:
    held = limits.held()
    first, last = int(held.sum()), len(held) if limits.sites is None else limits.sites
    points: list[Point] = []
    for sites in range(first, last + 1):
        found = cover_most(table, people, limit_s=limit_s, sites=sites, fixed=held, report=report)
        if points and found.value <= points[-1].answer.value:
            break  # one more helps nobody
        points.append(Point(float((sites - first) * limits.cost[~held][0]), found))
        if report and not report(Progress(found.value, found.bound, sites)):
            break
    return points


def _by_budget(table: Table, people: People, limit_s: float, limits: Limits, report: Report | None) -> list[Point]:
    price = np.where(limits.held(), 0.0, limits.cost)
    smallest = float(price[price > 0].min(initial=np.inf))
    budget = float(price.sum()) if limits.budget is None else limits.budget
    points: list[Point] = []
    while budget >= 0:
        best = cover_within(table, people, limit_s=limit_s, limits=replace(limits, budget=budget), report=report)
        cheap = cheapest(table, people, limit_s, replace(limits, budget=budget), best=best, report=report)
        points.append(cheap)
        if cheap.cost == 0 or (report and not report(Progress(best.value, best.bound, len(points)))):
            break
        budget = cheap.cost - CHEAPER * smallest
    return points[::-1]


def cheapest(
    table: Table,
    people: People,
    limit_s: float,
    limits: Limits,
    *,
    best: Answer,
    report: Report | None,
) -> Point:
    """Find the cheapest choice that covers as many."""
    found = cover_within(table, people, limit_s=limit_s, limits=limits, at_least=best.value, report=report)
    sites = found.sites if len(found.sites) else best.sites
    price = np.where(limits.held(), 0.0, limits.cost)
    return Point(float(price[sites].sum()), Answer(sites, best.value, best.bound, best.proven and found.proven))
