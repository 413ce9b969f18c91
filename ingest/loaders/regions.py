"""Join blocks into contiguous regions of nearly equal load: halving by random spanning trees, then straightening.

The halving is the recombination step of redistricting (DeFord, Duchin, Solomon: Recombination, Harvard Data Science
Review 3.1, 2021): cutting one edge of a spanning tree leaves two connected parts; of many trees and edges the cut with
the shortest border is kept. The straightening moves single blocks over while that makes the borders shorter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from ingest.loaders.straight import EXCESS_M, Rules, are_connected, straighten

__all__ = ["Band", "group", "join"]

TREES = 64  # spanning trees tried for one cut; with 256 the borders on Monaco were 2 % shorter

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Band:
    """What one region may hold: from `least` to `most`."""

    least: float
    most: float

    def __str__(self) -> str:
        """Say it as a range."""
        return f"{self.least:.0f} to {self.most:.0f}"

    def excess(self, load: Floats) -> Floats:
        """How far the load of a region lies outside the band; shape of load."""
        return np.maximum(0.0, np.maximum(self.least - load, load - self.most))

    def of(self, regions: int, fair: float) -> Band:
        """The band of so many regions together, `fair` being the mean load of one.

        It is narrower than their sum: the cuts to come need room, which grows with the root of their number.
        """
        slack = (self.most - self.least) / 2 * regions**0.5
        return Band(
            max(regions * self.least, regions * fair - slack),
            min(regions * self.most, regions * fair + slack),
        )


def join(
    load: Ints, border_m: sparse.csr_array, band: Band, rng: np.random.Generator, *, group_sizes: tuple[int, ...] = ()
) -> Ints:
    """Give each block its region, numbered from 0; shape of load.

    border_m is the symmetric matrix of common border lengths [m], connected. There are as many regions as the middle
    of the band asks for. Each is connected, and holds a load inside the band where a cut allows it; where none does,
    the nearest to it is taken. The groups that `group` makes of them, of each of the sizes, are connected too.
    """
    parts = max(1, min(len(load), round(float(load.sum()) * 2 / (band.least + band.most))))
    region = np.zeros(len(load), dtype=np.int64)
    todo = [(np.arange(len(load)), parts, 0)]
    while todo:
        blocks, count, first = todo.pop()
        region[blocks] = first
        if count == 1:
            continue
        left = _halve(load[blocks], border_m[blocks][:, blocks], count, band, rng)
        todo.append((blocks[left], count // 2, first))
        todo.append((blocks[~left], count - count // 2, first + count // 2))
    rules = Rules(load, border_m, band.excess, tuple(group(parts, size) for size in group_sizes))
    return straighten(_even_out(straighten(region, rules), rules, band, rng), rules)


def group(parts: int, size: int) -> Ints:
    """Group the regions that `join` numbered into connected groups of at most `size`; shape (parts,).

    The groups are the halves that the regions were cut from, so a group of a smaller size lies in one of a larger.
    """
    if parts <= size:
        return np.zeros(parts, dtype=np.int64)
    left, right = group(parts // 2, size), group(parts - parts // 2, size)
    return np.concatenate((left, right + left.max() + 1))


def _halve(
    load: Ints, border_m: sparse.csr_array, count: int, band: Band, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Tell the blocks of the first count // 2 regions from the rest; shape of load."""
    low, high, total = count // 2, count - count // 2, float(load.sum())
    bands = band.of(low, total / count), band.of(high, total / count)
    best, best_cost = np.arange(len(load)) < low, np.inf
    for _ in range(TREES):
        order, size = _random_tree(border_m, rng)
        running = np.concatenate(([0.0], np.cumsum(load[order])))
        below = running[np.arange(len(order)) + size] - running[:-1]
        for flip in (False, True):
            excess = bands[flip].excess(below) + bands[not flip].excess(total - below)
            excess[0] = np.inf  # the root's subtree is everything
            for cut in np.lexsort((np.abs(below - total * (high if flip else low) / count), excess))[:3]:
                part = np.zeros(len(load), dtype=np.bool_)
                part[order[cut : cut + size[cut]]] = True
                cost = border_m[part][:, ~part].sum() + EXCESS_M * excess[cut]
                if cost < best_cost:
                    best, best_cost = part ^ flip, cost
    return best


def _random_tree(border_m: sparse.csr_array, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw a spanning tree; give its blocks in preorder and, beside each, the size of the subtree it heads."""
    upper = sparse.triu(border_m, format="coo")
    # a long border is more likely an edge of the tree, and so less likely the border of a region
    weight = rng.exponential(size=upper.nnz) / upper.data + 1e-9
    tree = csgraph.minimum_spanning_tree(sparse.csr_array((weight, upper.coords), shape=border_m.shape))
    root = int(rng.integers(border_m.shape[0]))
    order, parent = csgraph.depth_first_order(tree, root, directed=False)
    size = np.ones(len(parent), dtype=np.int64)
    for block in order[:0:-1]:
        size[parent[block]] += size[block]
    return order.astype(np.int64), size[order]


def _even_out(region: Ints, rules: Rules, band: Band, rng: np.random.Generator) -> Ints:
    """Cut pairs of neighbours anew, one of them out of the band, until none is or no cut brings the pair nearer to it."""
    done: set[tuple[int, int]] = set()
    while True:
        total = np.bincount(region, weights=rules.load).astype(np.float64)
        out = np.flatnonzero(band.excess(total) > 0).tolist()
        pairs = [(one, other) for one in out for other in _neighbours(one, region, rules) if (one, other) not in done]
        if not pairs:
            return region
        one, other = pairs[0]
        done.add((one, other))
        both = np.flatnonzero((region == one) | (region == other))
        left = _halve(rules.load[both], rules.border_m[both][:, both], 2, band, rng)
        halves = np.array([rules.load[both[left]].sum(), rules.load[both[~left]].sum()], dtype=np.float64)
        relief = band.excess(total[[one, other]]).sum() - band.excess(halves).sum()
        anew = region.copy()
        anew[both] = np.where(left, one, other)
        if relief > 0 and are_connected(anew, rules):
            region, done = anew, set()


def _neighbours(one: int, region: Ints, rules: Rules) -> list[int]:
    """The regions that one has a border with."""
    return sorted(set(region[rules.border_m[region == one].indices].tolist()) - {one})
