"""The peers of the path kernels, each built from the same arcs and asked the same question.

A peer that has no search from many nodes gets one more node with ways of no length to all facilities. Distances are in
milliseconds; arcs are those walked backwards, from the facilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import igraph
import networkit
import numpy as np
import pandana
import pandas as pd
import rustworkx
from numpy.typing import NDArray

from simulations.graph import CLOSED, Graph

Arcs = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]  # from, to, milliseconds


@dataclass(frozen=True, slots=True)
class Engine:
    """One peer: `build` makes its graph with a node joined to the facilities; `search` gives (nodes,) from a node."""

    name: str
    build: Callable[[Arcs, int], object]
    search: Callable[[object, int], NDArray[np.float64]]


def arcs(graph: Graph, joined: NDArray[np.int32], at: NDArray[np.int32]) -> Arcs:
    """Lay out the open arcs, and those from one more node to the facilities."""
    is_open = joined[:, 1] != CLOSED
    here = np.repeat(np.arange(graph.nodes, dtype=np.int32), np.diff(graph.indptr))[is_open]
    start = np.concatenate((here, np.full(len(at), graph.nodes, np.int32)))
    return start, np.concatenate((joined[is_open, 0], at)), np.concatenate((joined[is_open, 1], np.zeros(len(at))))


def _networkit(ways: Arcs, nodes: int) -> object:
    return networkit.GraphFromCoo((ways[2], (ways[0], ways[1])), n=nodes + 1, weighted=True, directed=True)


def _networkit_search(graph: object, source: int) -> NDArray[np.float64]:
    search = networkit.distance.Dijkstra(graph, source, False)
    search.run()
    return np.asarray(search.getDistances())


def _igraph(ways: Arcs, nodes: int) -> object:
    pairs = np.column_stack(ways[:2])
    return igraph.Graph(n=nodes + 1, edges=pairs, directed=True, edge_attrs={"ms": ways[2]})


def _igraph_search(graph: object, source: int) -> NDArray[np.float64]:
    return np.array(graph.distances(source=source, weights="ms", algorithm="dijkstra")[0])


def _rustworkx(ways: Arcs, nodes: int) -> object:
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(nodes + 1))
    graph.add_edges_from(list(zip(*(each.tolist() for each in ways), strict=True)))
    return graph


def _rustworkx_search(graph: object, source: int) -> NDArray[np.float64]:
    found = rustworkx.dijkstra_shortest_path_lengths(graph, source, float)
    far = np.full(graph.num_nodes(), np.inf)
    far[list(found.keys())] = list(found.values())
    return far


ENGINES = (
    Engine("networkit", _networkit, _networkit_search),
    Engine("igraph", _igraph, _igraph_search),
    Engine("rustworkx", _rustworkx, _rustworkx_search),
)


def contracted(
    ways: Arcs, x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.int32], limit_s: float
) -> pandana.Network:
    """Build pandana's contraction with the facilities in it; its costs are seconds, its arcs go as people walk."""
    kept = slice(0, len(ways[0]) - len(at))
    here, other = (pd.Series(each[kept]) for each in ways[:2])
    network = pandana.Network(
        pd.Series(x), pd.Series(y), other, here, pd.DataFrame({"s": ways[2][kept] / 1000}), twoway=False
    )
    network.set_pois("facilities", limit_s, 1, pd.Series(x[at]), pd.Series(y[at]))
    return network
