"""Measure tables against scipy and pandana, and capacity on them against PySAL's access; a part of `bench.simulations`."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
from access import Access, weights
from scipy.sparse.csgraph import dijkstra

from bench.streets import Streets, matrix_of
from bench.table import Results, cpu_ms, in_turn
from simulations.capacity import step, two_step
from simulations.tables import Table, bounded

LIMIT_MS = 900_000
STEPS = {300: 1.0, 600: 0.68, 900: 0.22}
ROUNDS = 5
LONG = 2000  # facilities of the table that the goal is stated for
SEARCHES = 20  # of scipy, whose rows are dense: so many are measured and scaled up


def measure(results: Results, town: Streets, facilities: int, rng: np.random.Generator) -> None:
    """Measure a table of 15 minutes for so many facilities, and E2SFCA on it."""
    graph, joined = town.graph, town.links()
    at = rng.choice(town.nodes, facilities, replace=False).astype(np.int32)
    door, some = np.zeros(facilities, np.int32), np.sort(at)[:: facilities // SEARCHES]
    table = bounded(graph, joined, at, door, limit_ms=LIMIT_MS)
    matrix = matrix_of(graph, joined)
    spent = in_turn(
        {
            "ours": lambda: bounded(graph, joined, at, door, limit_ms=LIMIT_MS),
            "scipy": lambda: np.nonzero(np.isfinite(dijkstra(matrix, indices=some, limit=LIMIT_MS))),
        },
        ROUNDS,
    )
    what = f"15-minute table, {facilities:,} facilities"
    scaled = spent["scipy"] * facilities / len(some)
    results.beside(
        what,
        spent["ours"],
        f"scipy limit=, {len(some)} searches, scaled",
        scaled,
        goal=town.goal(1 / 50) if facilities == LONG else None,
    )
    residents = rng.integers(1, 200, town.nodes).astype(float)
    room = rng.integers(10, 200, facilities).astype(float)
    share, peer = two_step(table, residents, room, step(STEPS)).share, pysal(table, residents, room)
    worst = np.max(np.abs(share - peer.compute()) / np.maximum(share, 1e-300), initial=0, where=share > 0)
    ours = cpu_ms(lambda: two_step(table, residents, room, step(STEPS)), ROUNDS)
    what = f"E2SFCA, {facilities:,} facilities"
    results.beside(what, ours, "PySAL access", cpu_ms(peer.compute, 3), goal=1 / 80)
    results.alone(f"{what}: largest difference", worst, "of the share", goal=1e-12)


class pysal:  # noqa: N801 -- holds the frames, which are not part of what is measured
    """E2SFCA by PySAL's access on the same table."""

    def __init__(self, table: Table, residents: np.ndarray, capacity: np.ndarray) -> None:
        """Lay the frames."""
        self.places = table.columns
        demand = pd.DataFrame({"geoid": np.arange(table.columns), "people": residents})
        supply = pd.DataFrame({"geoid": np.arange(table.facilities), "room": capacity})
        cost = pd.DataFrame({"origin": table.column, "dest": table.facility(), "cost": table.seconds()})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.access = Access(
                demand_df=demand,
                demand_index="geoid",
                demand_value="people",
                supply_df=supply,
                supply_index="geoid",
                supply_value="room",
                cost_df=cost,
                cost_origin="origin",
                cost_dest="dest",
                cost_name="cost",
            )
        logging.getLogger("access").setLevel(logging.ERROR)

    def compute(self) -> np.ndarray:
        """Compute it; (places,)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self.access.enhanced_two_stage_fca(name="e", weight_fn=weights.step_fn(STEPS), max_cost=max(STEPS))
        return found["e_room"].reindex(range(self.places)).fillna(0).to_numpy()
