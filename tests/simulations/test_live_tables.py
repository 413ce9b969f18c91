"""A held table after changes against one computed from nothing, row for row."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.graph import CLOSED, build, links
from simulations.live_tables import HeldTable
from simulations.table_kernels import NEVER
from simulations.tables import bounded
from tests.simulations.test_paths import networks, street_grid
from tests.simulations.test_tables import dense_ms, rows


def assert_is_exact(held: HeldTable, nodes: np.ndarray, door_ms: np.ndarray, limit_ms: int) -> None:
    doors = np.where(door_ms == CLOSED, NEVER, door_ms).astype(np.int32)
    whole = bounded(held.graph, held.links, nodes, doors, limit_ms=limit_ms)
    found = held.table()
    assert len(found.column) == len(whole.column)
    assert np.array_equal(dense_ms(found), dense_ms(whole))


@given(st.data())
@settings(max_examples=150)
def test_a_held_table_after_many_changes_equals_a_full_one(data: st.DataObject) -> None:
    nodes, tail, head, times = data.draw(networks())
    graph = build(nodes, tail, head)
    joined = links(graph, times)
    count = data.draw(st.integers(0, 5))
    at = np.array(data.draw(st.lists(st.integers(0, nodes - 1), min_size=count, max_size=count)), np.int32)
    doors = st.one_of(st.just(CLOSED), st.integers(0, 12))
    door = np.array(data.draw(st.lists(doors, min_size=count, max_size=count)), np.int32)
    limit = data.draw(st.sampled_from([0, 5, 20, 200_000, 30_000_000]))
    held = HeldTable(graph, joined, at, door, limit_ms=limit)
    time = st.one_of(st.just(CLOSED), st.integers(0, 9))
    for _ in range(data.draw(st.integers(1, 10))):
        arcs = data.draw(st.lists(st.integers(0, len(times) - 1), max_size=8, unique=True)) if len(times) else []
        slots = graph.slot[np.array(arcs, np.int64)]
        before = joined[slots, 1].copy()
        joined[slots, 1] = np.array(data.draw(st.lists(time, min_size=len(arcs), max_size=len(arcs))), np.int32)
        moved = data.draw(st.lists(st.integers(0, count - 1), max_size=2, unique=True)) if count else []
        which = np.array(moved, np.int32)
        door[which] = data.draw(st.lists(doors, min_size=len(moved), max_size=len(moved)))
        held.move(slots, before, facilities=which, door_ms=door[which])
        assert_is_exact(held, at, door, limit)


def test_a_held_table_of_streets_after_200_batches_equals_a_full_one() -> None:
    rng = np.random.default_rng(8)
    nodes, tail, head, times = street_grid(60, rng)
    graph = build(nodes, tail, head)
    joined = links(graph, times)
    at = rng.choice(nodes, 40, replace=False).astype(np.int32)
    door = np.where(rng.random(40) < 0.5, CLOSED, 0).astype(np.int32)
    limit = 600_000
    held = HeldTable(graph, joined, at, door, limit_ms=limit)
    for _ in range(200):
        slots = rng.choice(len(times), 20, replace=False).astype(np.int32)
        before = joined[slots, 1].copy()
        joined[slots, 1] = np.where(rng.random(20) < 0.4, CLOSED, rng.integers(0, 90_000, 20))
        which = rng.choice(40, 4, replace=False).astype(np.int32)
        door[which] = np.where(rng.random(4) < 0.5, CLOSED, rng.integers(0, 9_000, 4))
        held.move(slots, before, facilities=which, door_ms=door[which])
        assert_is_exact(held, at, door, limit)


def test_only_the_facilities_within_reach_of_a_change_are_looked_at() -> None:
    # 0 - 1 - 2 - 3 in a row, a minute each; facilities at 0 and 3, 2 minutes
    graph = build(4, np.array([0, 1, 2], np.int32), np.array([1, 2, 3], np.int32))
    joined = links(graph, np.full(6, 60_000, np.int32))
    held = HeldTable(graph, joined, np.array([0, 3], np.int32), np.zeros(2, np.int32), limit_ms=120_000)
    slots = graph.slot[:2]
    joined[slots, 1] = CLOSED
    assert held.move(slots, np.full(2, 60_000, np.int32)).tolist() == [0]
    assert sorted(rows(held.table())) == [(0, 0, 0), (1, 1, 120_000), (1, 2, 60_000), (1, 3, 0)]
    joined[slots, 1] = 30_000
    assert held.move(slots, np.full(2, CLOSED, np.int32)).tolist() == [0]
    assert sorted(rows(held.table()))[:3] == [(0, 0, 0), (0, 1, 30_000), (0, 2, 90_000)]
