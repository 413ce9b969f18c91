"""Find the nearest facility of every node, exactly, and keep it exact while the network changes.

Times are whole milliseconds below 2**30 (12 days). A node's label packs them with the facility: time << 32 | facility.
The smaller label is the nearer facility, or the one of lower index where two are equally near, so labels are unique:
whoever computes them, by whatever order of changes, gets the same bits. Parents are one shortest way among equals.

The full computation is Dial's bucket queue (Dial 1969, doi:10.1145/363269.363610) with buckets wider than a
millisecond, each emptied until it stays empty. The repair follows Ramalingam and Reps (1996,
doi:10.1006/jagm.1996.0046), for a batch of changes at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import kernels
from simulations.graph import Graph, build
from simulations.graph import links as lay_links
from simulations.kernels import NO_PARENT, UNREACHED

__all__ = [
    "LONGEST_MS",
    "NO_PARENT",
    "UNREACHED",
    "Field",
    "Seeds",
    "nearest",
    "nearest_each",
    "repair",
    "seeds",
    "warm_up",
]

LONGEST_MS = (1 << 30) - 1  # longer arcs are refused: a sum of two such times still fits the label
BUCKETS_MOST = 1 << 16
WORTH_A_THREAD = 2000  # nodes; smaller networks are done before a thread has started
SAMPLED = 61  # every so many arcs tell the mean time


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """Where the facilities of a service are, one entry a node, nodes ascending."""

    nodes: NDArray[np.int32]
    labels: NDArray[np.int64]  # time from the node to the facility's door << 32 | facility


@dataclass(slots=True, eq=False)
class Field:
    """The nearest facility of every node: 12 bytes a node. `repair` changes it in place."""

    label: NDArray[np.int64]  # (nodes,) time << 32 | facility
    parent: NDArray[np.int32]  # (nodes,) slot of the first arc of the way, NO_PARENT at its end

    def seconds(self) -> NDArray[np.float64]:
        """Give walking time [s] to the nearest facility, (nodes,), inf where none can be reached."""
        return np.where(self.label < UNREACHED, (self.label >> 32) / 1000.0, np.inf)

    def owner(self) -> NDArray[np.int32]:
        """Give the index of the nearest facility, (nodes,), -1 where none can be reached."""
        return np.where(self.label < UNREACHED, self.label & 0xFFFFFFFF, -1).astype(np.int32)


def seeds(nodes: NDArray[np.int32], door_ms: NDArray[np.int32], facilities: NDArray[np.int32]) -> Seeds:
    """Gather facilities by node; of several at one node the nearest door counts, then the lowest index. All (n,)."""
    labels = (door_ms.astype(np.int64) << 32) | facilities.astype(np.int64)
    order = np.lexsort((labels, nodes))
    unique, first = np.unique(nodes[order], return_index=True)
    return Seeds(unique.astype(np.int32), labels[order][first])


def nearest(graph: Graph, links: NDArray[np.int32], sources: Seeds) -> Field:
    """Compute the nearest facility of all nodes; `links` from `simulations.graph.links`.

    Raises ValueError where an arc is longer than LONGEST_MS.
    """
    shift, buckets = _bucket_plan(links, sources)
    field = Field(np.full(graph.nodes, UNREACHED, np.int64), np.full(graph.nodes, NO_PARENT, np.int32))
    kernels.spread(graph.indptr, links, sources.nodes, sources.labels, shift, buckets, field.label, field.parent)
    return field


def nearest_each(
    graph: Graph, asked: Sequence[tuple[NDArray[np.int32], Seeds]], *, workers: int | None = None
) -> list[Field]:
    """Compute a field for each pair of links and facilities: groups and services side by side, on all cores.

    workers: threads, one a core where not said. Raises ValueError as `nearest` does.
    """
    most = min(workers or os.cpu_count() or 1, len(asked))
    if most <= 1 or graph.nodes < WORTH_A_THREAD:
        return [nearest(graph, joined, sources) for joined, sources in asked]
    with ThreadPoolExecutor(most) as threads:
        return list(threads.map(lambda each: nearest(graph, *each), asked))


def repair(
    graph: Graph,
    links: NDArray[np.int32],
    field: Field,
    sources: Seeds,
    *,
    slots: NDArray[np.int32],
    nodes: NDArray[np.int32],
    mark: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Make `field` exact again after changes, touching only what they affect, and give the nodes looked at.

    `links` and `sources` hold the new times; `slots` are those whose time changed, `nodes` those whose facilities
    changed. `mark` is scratch (nodes,), all False before and after; one a thread.
    """
    at = (sources.nodes, sources.labels)
    touched: NDArray[np.int32] = kernels.repair(
        graph.indptr, links, graph.twin, *at, slots, nodes, field.label, field.parent, mark
    )
    return touched


def warm_up() -> None:
    """Compile the kernels, some 7 s once after install, or load what an earlier run compiled, some 0.2 s."""
    one = np.zeros(1, np.int32)
    pair = build(2, one, one + 1)
    joined = lay_links(pair, np.ones(2, np.int32))
    at = seeds(one, one, one)
    repair(pair, joined, nearest(pair, joined, at), at, slots=pair.slot, nodes=one, mark=np.zeros(2, np.bool_))


def _bucket_plan(links: NDArray[np.int32], sources: Seeds) -> tuple[int, int]:
    """Choose the buckets' width, 2**shift ms, and their number, a power of two that spans the longest arc.

    A sixteenth of the mean arc: narrower ones are mostly empty, wider ones are emptied more than once.
    """
    times = links[:, 1]
    longest = int(times.max(initial=0))
    if longest > LONGEST_MS:
        raise ValueError(f"an arc of {longest} ms; the longest allowed is {LONGEST_MS}")
    span = longest
    if len(sources.labels):
        span = max(span, int(sources.labels.max() >> 32) - int(sources.labels.min() >> 32))
    mean = int(times[::SAMPLED].mean()) if len(times) else 0
    shift = max(0, mean.bit_length() - 5, (span // BUCKETS_MOST).bit_length())
    return shift, 1 << ((span >> shift) + 2).bit_length()
