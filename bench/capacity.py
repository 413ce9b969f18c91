"""Measure capacity against PySAL's access, and tables against scipy, in one run: `python -m bench.capacity [nodes]`.

Needs the extra `bench`. Town as in `bench.simulations`; times are medians of this process's CPU [s].
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
from access import Access, weights
from scipy.sparse.csgraph import dijkstra

from bench.simulations import cpu_ms, matrix_of, streets
from simulations.capacity import step, two_step
from simulations.graph import build, links
from simulations.tables import Table, bounded

LIMIT_MS = 900_000
STEPS = {300: 1.0, 600: 0.68, 900: 0.22}
ROUNDS = 5


def measure(target: int, facilities: int, rng: np.random.Generator) -> None:
    """Measure one town with so many facilities, and print its rows."""
    town = streets(target, rng)
    graph = build(town.nodes, town.tail, town.head)
    joined = links(graph, town.times)
    at = rng.choice(town.nodes, facilities, replace=False).astype(np.int32)
    door = np.zeros(facilities, np.int32)
    table = bounded(graph, joined, at, door, limit_ms=LIMIT_MS)
    print(f"{town.nodes:,} nodes, {facilities:,} facilities, {len(table.column):,} rows within 15 minutes")
    ours = cpu_ms(lambda: bounded(graph, joined, at, door, limit_ms=LIMIT_MS), ROUNDS)
    some = at[:: max(1, facilities // 20)]  # scipy's rows are dense: 20 searches are measured and scaled up
    matrix = matrix_of(graph, joined)
    scipys = cpu_ms(lambda: np.nonzero(np.isfinite(dijkstra(matrix, indices=some, limit=LIMIT_MS))), 3)
    row("table", ours, scipys * facilities / len(some), "scipy limit=")
    residents, capacity = (
        rng.integers(1, 200, town.nodes).astype(float),
        rng.integers(10, 200, facilities).astype(float),
    )
    share = two_step(table, residents, capacity, step(STEPS)).share
    ours = cpu_ms(lambda: two_step(table, residents, capacity, step(STEPS)), ROUNDS)
    peer = pysal(table, residents, capacity)
    worst = np.max(np.abs(share - peer.compute()) / np.maximum(share, 1e-300), initial=0, where=share > 0)
    row("E2SFCA", ours, cpu_ms(peer.compute, 3), "PySAL access")
    print(
        f"  largest relative difference {worst:.1e}; residents @ share = {residents @ share:,.6f} of {capacity.sum():,.0f}"
    )


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

    def compute(self) -> np.ndarray:
        """Compute it; (places,)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self.access.enhanced_two_stage_fca(name="e", weight_fn=weights.step_fn(STEPS), max_cost=max(STEPS))
        return found["e_room"].reindex(range(self.places)).fillna(0).to_numpy()


def row(what: str, ours_ms: float, theirs_ms: float, who: str) -> None:
    """Print one comparison."""
    print(f"  {what:<10}{ours_ms:>10.1f} ms   {who:<14}{theirs_ms:>12,.0f} ms   ratio {theirs_ms / ours_ms:>8,.0f}")


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]] or [100_000, 1_000_000]
    for size in sizes:
        for many in (200, 2000):
            measure(size, many, np.random.default_rng(7))
