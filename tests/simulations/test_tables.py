"""Bounded tables against scipy's Dijkstra on random graphs, bit for bit, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulations import paths
from simulations.graph import CLOSED, build, links
from simulations.tables import LONGEST_LIMIT_MS, Table, at_buildings, bounded, from_rows
from tests.simulations.test_paths import Times, networks, oracle_ms, star


def rows(table: Table) -> list[tuple[int, int, int]]:
    return list(zip(table.facility().tolist(), table.column.tolist(), table.time_ms.tolist(), strict=True))


def dense_ms(table: Table) -> NDArray[np.float64]:
    full = np.full((table.facilities, table.columns), np.inf)
    full[table.facility(), table.column] = table.time_ms
    return full


@given(st.data())
def test_a_table_equals_scipy_up_to_and_with_the_limit(data: st.DataObject) -> None:
    nodes, tail, head, times = data.draw(networks())
    count = data.draw(st.integers(0, 20))
    at = np.array(data.draw(st.lists(st.integers(0, nodes - 1), min_size=count, max_size=count)), np.int32)
    door = np.array(data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count)), np.int32)
    limit = data.draw(st.sampled_from([0, 3, 9, 200_000, LONGEST_LIMIT_MS]))
    graph = build(nodes, tail, head)
    table = bounded(graph, links(graph, times), at, door, limit_ms=limit, workers=data.draw(st.integers(1, 3)))
    expected = np.full((count, nodes), np.inf)
    for facility in range(count):
        alone = paths.seeds(at[facility : facility + 1], door[facility : facility + 1], np.zeros(1, np.int32))
        expected[facility] = oracle_ms(nodes, tail, head, times, alone)
    assert np.array_equal(dense_ms(table), np.where(expected <= limit, expected, np.inf))
    assert len(table.column) == np.isfinite(dense_ms(table)).sum()


def test_more_streets_than_the_queue_and_the_rows_have_room_for_at_first() -> None:
    nodes, tail, head, times = star(3000, np.random.default_rng(3))
    graph, at = build(nodes, tail, head), np.array([7, 9, 0], np.int32)
    door = np.array([0, 500, 3], np.int32)
    table = bounded(graph, links(graph, times), at, door, limit_ms=120_000, workers=1)
    for facility in range(3):
        alone = paths.seeds(at[facility : facility + 1], door[facility : facility + 1], np.zeros(1, np.int32))
        expected = oracle_ms(nodes, tail, head, times, alone)
        assert np.array_equal(dense_ms(table)[facility], np.where(expected <= 120_000, expected, np.inf))


def test_a_one_way_lift_is_ridden_one_way_and_the_limit_is_within() -> None:
    graph = build(3, np.array([0, 1], np.int32), np.array([1, 2], np.int32))
    times = np.array([4000, 4000, 6000, CLOSED], np.int32)  # from 1 to 2 only
    at = np.array([2, 0], np.int32)
    door = np.array([500, 0], np.int32)
    assert rows(bounded(graph, links(graph, times), at, door, limit_ms=10_500)) == [
        (0, 2, 500),
        (0, 1, 6500),
        (0, 0, 10_500),
        (1, 0, 0),
        (1, 1, 4000),
    ]


def test_buildings_take_their_node_s_rows_and_their_own_way() -> None:
    table = from_rows(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 700, 900]), 2, 3)
    node, door_ms = np.array([1, 1, -1, 0, 2], np.int32), np.array([100, 0, 0, 50, 0], np.int32)
    assert rows(at_buildings(table, node, door_ms, limit_ms=900)) == [(0, 3, 50), (0, 1, 700), (0, 0, 800), (1, 1, 900)]


def test_what_cannot_be_is_refused() -> None:
    graph = build(2, np.zeros(1, np.int32), np.ones(1, np.int32))
    joined: Times = links(graph, np.ones(2, np.int32))
    one = np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="a limit of -1 ms"):
        bounded(graph, joined, one, one, limit_ms=-1)
    with pytest.raises(ValueError, match="outside the 2 nodes"):
        bounded(graph, joined, one + 2, one, limit_ms=1)
    with pytest.raises(ValueError, match="an arc of 1073741824 ms"):
        bounded(graph, links(graph, np.full(2, 1 << 30, np.int32)), one, one, limit_ms=1)
    with pytest.raises(ValueError, match="paired twice"):
        from_rows(np.zeros(2, int), np.zeros(2, int), np.array([1, 2]), 1, 1)
    with pytest.raises(ValueError, match="times from -1 to -1 ms"):
        from_rows(one, one, one - 1, 1, 1)
