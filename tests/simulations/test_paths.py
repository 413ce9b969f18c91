"""The kernels against scipy's Dijkstra on random graphs, and the repair against a full computation, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from simulations.graph import CLOSED, Graph, build, links
from simulations.paths import NO_PARENT, UNREACHED, Field, Seeds, nearest, nearest_each, repair, seeds

Times = NDArray[np.int32]


def oracle_ms(nodes: int, tail: Times, head: Times, times: Times, sources: Seeds) -> NDArray[np.float64]:
    """Walking time [ms] to the nearest facility by scipy, from a super node joined to each facility's node.

    scipy adds parallel arcs up and reads 0 as "no arc": the minimum is taken first, and every time is counted up by
    a share of a millisecond that a whole walk cannot add up to one.
    """
    tiny = 2.0**-20
    starts = np.concatenate((np.column_stack((tail, head)).ravel(), np.full(len(sources.nodes), nodes)))
    ends = np.concatenate((np.column_stack((head, tail)).ravel(), sources.nodes))
    cost = np.concatenate((times, sources.labels >> 32)).astype(float)
    # walked backwards, from the facilities: an arc a → b becomes b → a; the super node's stay as they are
    arcs = len(times)
    starts[:arcs], ends[:arcs] = ends[:arcs].copy(), starts[:arcs].copy()
    is_open = cost != CLOSED
    best: dict[tuple[int, int], float] = {}
    for start, end, value in zip(starts[is_open], ends[is_open], cost[is_open], strict=True):
        key = (int(start), int(end))
        best[key] = min(best.get(key, np.inf), value + tiny)
    keys = np.array(list(best), dtype=np.int32).reshape(-1, 2)
    matrix = csr_array((np.array(list(best.values())), (keys[:, 0], keys[:, 1])), shape=(nodes + 1, nodes + 1))
    return np.floor(np.asarray(dijkstra(matrix, indices=np.array([nodes])))[0, :nodes])


@st.composite
def networks(draw: st.DrawFn) -> tuple[int, Times, Times, Times]:
    """Graphs with ties, zero times, loops, parallel edges, one-way and closed arcs, and parts that do not meet."""
    nodes = draw(st.integers(1, 24))
    edges = draw(st.integers(0, 60))
    ends = st.lists(st.integers(0, nodes - 1), min_size=edges, max_size=edges)
    longest = draw(st.sampled_from([2, 7, 90_000, 5_000_000]))
    time = st.one_of(st.just(CLOSED), st.integers(0, longest))
    times = draw(st.lists(time, min_size=2 * edges, max_size=2 * edges))
    return nodes, np.array(draw(ends), np.int32), np.array(draw(ends), np.int32), np.array(times, np.int32)


@st.composite
def facility_sites(draw: st.DrawFn, nodes: int) -> Seeds:
    """Some facilities, several at a node among them, or none."""
    count = draw(st.integers(0, 6))
    at = draw(st.lists(st.integers(0, nodes - 1), min_size=count, max_size=count))
    door = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    return seeds(np.array(at, np.int32), np.array(door, np.int32), np.arange(count, dtype=np.int32))


def assert_is_tree(graph: Graph, field: Field, joined: Times, sources: Seeds) -> None:
    """Follow every node's parents to a facility and find its label on the way."""
    seed = dict(zip(sources.nodes.tolist(), sources.labels.tolist(), strict=True))
    for start in range(graph.nodes):
        node, walked = start, 0
        for _ in range(graph.nodes):
            if field.parent[node] == NO_PARENT:
                break
            slot = field.parent[node]
            assert joined[slot, 0] == node
            walked += int(joined[slot, 1]) << 32
            node = int(joined[graph.twin[slot], 0])
        assert field.label[start] == (seed[node] + walked if field.label[start] < UNREACHED else UNREACHED)


@given(st.data())
def test_nearest_equals_scipy(data: st.DataObject) -> None:
    nodes, tail, head, times = data.draw(networks())
    sources = data.draw(facility_sites(nodes))
    graph = build(nodes, tail, head)
    joined = links(graph, times)
    field = nearest(graph, joined, sources)
    assert np.array_equal(field.seconds(), oracle_ms(nodes, tail, head, times, sources) / 1000)
    assert_is_tree(graph, field, joined, sources)


@given(st.data())
def test_of_equally_near_facilities_the_lowest_index_is_the_owner(data: st.DataObject) -> None:
    nodes, tail, head, times = data.draw(networks())
    sources = data.draw(facility_sites(nodes))
    field = nearest(build(nodes, tail, head), links(build(nodes, tail, head), times), sources)
    for node in range(nodes):
        alone = [
            oracle_ms(nodes, tail, head, times, Seeds(sources.nodes[i : i + 1], sources.labels[i : i + 1]))[node]
            for i in range(len(sources.nodes))
        ]
        best = min(alone, default=np.inf)
        owners = [int(sources.labels[i] & 0xFFFFFFFF) for i, time in enumerate(alone) if time == best < np.inf]
        assert field.owner()[node] == min(owners, default=-1)


@given(st.data())
@settings(max_examples=60)
def test_repair_after_many_changes_equals_a_full_computation(data: st.DataObject) -> None:
    nodes, tail, head, times = data.draw(networks())
    graph = build(nodes, tail, head)
    sources = data.draw(facility_sites(nodes))
    joined = links(graph, times)
    field = nearest(graph, joined, sources)
    mark = np.zeros(nodes, np.bool_)
    for _ in range(data.draw(st.integers(1, 12))):
        arcs = data.draw(st.lists(st.integers(0, max(0, len(times) - 1)), max_size=8)) if len(times) else []
        slots = graph.slot[np.array(arcs, np.int64)]
        new = data.draw(st.lists(st.one_of(st.just(CLOSED), st.integers(0, 9)), min_size=len(arcs), max_size=len(arcs)))
        joined[slots, 1] = np.array(new, np.int32)
        changed = data.draw(facility_sites(nodes)) if data.draw(st.booleans()) else sources
        at = np.union1d(sources.nodes, changed.nodes).astype(np.int32)
        sources = changed
        repair(graph, joined, field, sources, slots=slots, nodes=at, mark=mark)
        assert np.array_equal(field.label, nearest(graph, joined, sources).label)
        assert_is_tree(graph, field, joined, sources)
        assert not mark.any()


def star(leaves: int, rng: np.random.Generator) -> tuple[int, Times, Times, Times]:
    """A square with so many streets that all wait at once, more than the queue has room for at first."""
    head = np.arange(1, leaves + 1, dtype=np.int32)
    return leaves + 1, np.zeros(leaves, np.int32), head, rng.integers(0, 90_000, 2 * leaves, dtype=np.int32)


def test_more_streets_than_the_queue_has_room_for_at_first() -> None:
    nodes, tail, head, times = star(3000, np.random.default_rng(2))
    sources = seeds(np.array([7], np.int32), np.zeros(1, np.int32), np.zeros(1, np.int32))
    graph = build(nodes, tail, head)
    joined = links(graph, times)
    field = nearest(graph, joined, sources)
    assert np.array_equal(field.seconds(), oracle_ms(nodes, tail, head, times, sources) / 1000)
    assert_is_tree(graph, field, joined, sources)


def street_grid(side: int, rng: np.random.Generator) -> tuple[int, Times, Times, Times]:
    """A square grid of streets with random times, 15 % of the directions closed."""
    node = np.arange(side * side, dtype=np.int32).reshape(side, side)
    tail = np.concatenate((node[:, :-1].ravel(), node[:-1].ravel()))
    head = np.concatenate((node[:, 1:].ravel(), node[1:].ravel()))
    times = rng.integers(0, 60_000, 2 * len(tail), dtype=np.int32)
    times[rng.random(len(times)) < 0.15] = CLOSED
    return side * side, tail, head, times


def test_repair_after_600_random_batches_on_streets_equals_a_full_computation() -> None:
    rng = np.random.default_rng(5)
    nodes, tail, head, times = street_grid(40, rng)
    graph = build(nodes, tail, head)
    joined = links(graph, times)
    at = rng.choice(nodes, 12, replace=False).astype(np.int32)
    sources = seeds(at, np.zeros(12, np.int32), np.arange(12, dtype=np.int32))
    field = nearest(graph, joined, sources)
    mark = np.zeros(nodes, np.bool_)
    for _ in range(600):
        slots = rng.choice(len(times), 20, replace=False).astype(np.int32)
        joined[slots, 1] = np.where(rng.random(20) < 0.4, CLOSED, rng.integers(0, 240_000, 20))
        repair(graph, joined, field, sources, slots=slots, nodes=np.empty(0, np.int32), mark=mark)
        assert np.array_equal(field.label, nearest(graph, joined, sources).label)


def test_fields_side_by_side_are_those_computed_alone() -> None:
    rng = np.random.default_rng(6)
    nodes, tail, head, times = street_grid(50, rng)
    graph = build(nodes, tail, head)
    slower = np.where(times == CLOSED, CLOSED, 2 * times).astype(np.int32)
    asked = []
    for group in (times, slower):
        for count in (0, 1, 40):
            at = rng.choice(nodes, count, replace=False).astype(np.int32)
            asked.append((links(graph, group), seeds(at, np.zeros(count, np.int32), np.arange(count, dtype=np.int32))))
    for field, (joined, sources) in zip(nearest_each(graph, asked, workers=2), asked, strict=True):
        alone = nearest(graph, joined, sources)
        assert np.array_equal(field.label, alone.label)
        assert np.array_equal(field.parent, alone.parent)


def test_an_arc_longer_than_the_label_holds_is_refused() -> None:
    graph = build(2, np.array([0], np.int32), np.array([1], np.int32))
    joined = links(graph, np.array([1 << 30, 5], np.int32))
    with pytest.raises(ValueError, match="an arc of 1073741824 ms; the longest allowed is 1073741823"):
        nearest(graph, joined, seeds(*(np.zeros(1, np.int32) for _ in range(3))))
