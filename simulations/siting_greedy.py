"""Good sites at once: greedily, then by the best swaps, then by shaking and swapping again."""

from __future__ import annotations

import numpy as np

from simulations import siting_kernels
from simulations.siting_problem import Flags, Problem

SHAKEN = 3  # sites moved at random at once


def greedy(problem: Problem) -> Flags:
    """Open one site after the other, each the one that saves most; (candidates,)."""
    is_open = problem.fixed.copy()
    near = problem.beyond.copy()
    held = np.repeat(is_open, np.diff(problem.site_indptr))
    np.minimum.at(near, problem.site_place[held], problem.site_cost[held])
    rows = (problem.site_indptr, problem.site_place, problem.site_cost)
    siting_kernels.add_greedily(*rows, near, is_open, problem.sites - int(is_open.sum()))
    return is_open


def swapped(problem: Problem, is_open: Flags) -> Flags:
    """Swap sites, always by the best swap, until none helps; fixed ones stay."""
    better = is_open.copy()
    by_place = (problem.indptr, problem.candidate, problem.cost)
    by_site = (problem.site_indptr, problem.site_place, problem.site_cost)
    least = max(problem.grain / 2, 1e-12 * float(problem.beyond.sum()))
    siting_kernels.interchange(*by_place, *by_site, problem.beyond, problem.fixed, better, least)
    return better


def shaken(problem: Problem, is_open: Flags, rng: np.random.Generator, *, rounds: int) -> Flags:
    """Move some sites at random and swap again, keeping what is better, `rounds` times."""
    best, value = is_open, problem.value(is_open)
    for _ in range(rounds):
        other = best.copy()
        siting_kernels.shake(problem.fixed, other, rng.random((SHAKEN, 2)))
        other = swapped(problem, other)
        if (found := problem.value(other)) < value:
            best, value = other, found
    return best
