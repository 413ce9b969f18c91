"""Straighten the borders of regions by moving single blocks over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["EXCESS_M", "Rules", "are_connected", "straighten"]

ROUNDS = 12  # passes over all blocks; on Monaco it comes to rest before
EXCESS_M = 50.0  # metres of border that one unit of load outside the band is worth

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What regions are made of and held to.

    load int64[blocks]; border_m (blocks, blocks) the lengths of the common borders [m]; excess gives how far loads of
    regions are out of their band; groups are int64[regions], the group of each region on a level above.
    """

    load: Ints
    border_m: sparse.csr_array
    excess: Callable[[Floats], Floats]
    groups: tuple[Ints, ...]


def straighten(region: Ints, rules: Rules) -> Ints:
    """Move blocks to a neighbouring region while the borders get shorter or the loads come nearer to the band.

    region int64[blocks] as it is. Regions and groups stay connected and no region becomes empty. Gives the new region
    of each block.
    """
    region = region.copy()
    total = np.bincount(region, weights=rules.load).astype(np.float64)
    for _ in range(ROUNDS):
        before = region.copy()
        for block in range(len(region)):
            target = _better(block, region, total, rules)
            if target == region[block] or not _stays_connected(block, target, region, rules):
                continue
            total[region[block]] -= rules.load[block]
            total[target] += rules.load[block]
            region[block] = target
        if np.array_equal(before, region):
            break
    return region


def are_connected(region: Ints, rules: Rules) -> bool:
    """Tell whether every region and every group of regions is connected."""
    of = (region, *(group[region] for group in rules.groups))
    return all(_is_connected(numbers == number, rules) for numbers in of for number in np.unique(numbers))


def _better(block: int, region: Ints, total: Floats, rules: Rules) -> int:
    """Find the neighbouring region that the block is best moved to; its own where it is best where it is."""
    own = int(region[block])
    row = slice(rules.border_m.indptr[block], rules.border_m.indptr[block + 1])
    shared_m: dict[int, float] = {own: 0.0}
    for near, length in zip(
        region[rules.border_m.indices[row]].tolist(), rules.border_m.data[row].tolist(), strict=True
    ):
        shared_m[near] = shared_m.get(near, 0.0) + length
    moved = np.array([-rules.load[block], rules.load[block]])
    best, best_gain = own, 0.01  # a gain below a centimetre is the last digits of a number
    for near, length in sorted(shared_m.items()):
        pair = total[[own, near]]
        relief = rules.excess(pair).sum() - rules.excess(pair + moved).sum()
        gain = length - shared_m[own] + EXCESS_M * relief
        if near != own and gain > best_gain:
            best, best_gain = near, gain
    return best


def _stays_connected(block: int, target: int, region: Ints, rules: Rules) -> bool:
    """Tell whether the region and the groups that the block leaves stay connected, and not empty, without it."""
    own = region[block]
    left = [region == own]
    left += [group[region] == group[own] for group in rules.groups if group[target] != group[own]]
    for members in left:
        members[block] = False
    return all(_is_connected(members, rules) for members in left)


def _is_connected(members: NDArray[np.bool_], rules: Rules) -> bool:
    """Tell whether these blocks are connected, and any at all."""
    inside = np.flatnonzero(members)
    return len(inside) > 0 and csgraph.connected_components(rules.border_m[inside][:, inside])[0] == 1
