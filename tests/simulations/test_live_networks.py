"""What is held live against a full computation, bit for bit, on three real networks under 1,000 random changes each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingest.loaders import osm_network
from ingest.loaders.osm_extract import read
from simulations import mobility
from simulations.graph import CLOSED, build, links
from simulations.live_tables import HeldTable
from simulations.paths import nearest, repair, seeds
from tests.simulations.test_live_tables import assert_is_exact
from twin import crs, db, network, places
from twin.network import Network
from twin.projection import to_metric
from twin.shapes import polygons
from twin.terms import MobilityGroup

TOWNS = {
    "monaco/monaco.osm.pbf": (7.409, 43.723, 7.449, 43.752),
    "helsinki/helsinki-centre.osm.pbf": (24.935, 60.164, 24.954, 60.180),
    "osm/osr-karlsruhe-kirchfeld.osm.pbf": (8.387, 49.038, 8.406, 49.065),
}
FACILITIES = 30
EXAMPLES, CHANGES = 10, 100  # 1,000 changes in all
LIMIT_MS = 600_000

Ints = NDArray[np.int32]


@pytest.fixture(scope="module", params=TOWNS)
def town(request: pytest.FixtureRequest, monaco_database: str, shared: Path) -> Network:
    """The walking network of a real town, as the twin stores it and gives it; nothing stays in the database."""
    box = shapely.box(*TOWNS[request.param])
    found = read(shared / "data" / request.param, box.bounds, box.bounds, lambda _: None)
    srid = crs.metric_srid(box.centroid.x, box.centroid.y)
    walking = osm_network.build(found, srid, polygons(to_metric(srid, box)))
    with db.opened(monaco_database) as engine, engine.connect() as connection:
        about = {"name": "Town", "name_zh": "镇", "timezone": "UTC", "attribution": ""}
        place_id = places.put(connection, code="town", boundary=box, residents=0, households=0, **about)
        network.store(connection, place_id, walking.nodes, walking.edges)
        stored = network.load(connection, place_id)
        connection.rollback()
    assert len(stored.edge_ids) > 2000
    return stored


def changed(data: st.DataObject, times: Ints) -> tuple[Ints, Ints]:
    """Draw some arcs and what becomes of them: closed, opened, or slower up to nine times."""
    many = data.draw(st.integers(1, 20))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    which = rng.choice(len(times), many, replace=False).astype(np.int32)
    as_tagged = np.maximum(times[which], 0)
    new = np.choose(
        rng.integers(0, 3, many), (np.full(many, CLOSED), times[which], as_tagged * rng.integers(0, 9, many))
    )
    return which, new.astype(np.int32)


@given(st.data())
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_a_thousand_changes_field_and_table_equal_full_ones(town: Network, data: st.DataObject) -> None:
    group = data.draw(st.sampled_from(MobilityGroup))
    times = mobility.arc_times(town, group, mobility.load())
    graph = build(len(town.node_ids), town.tail, town.head)
    joined = links(graph, times)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    at = rng.choice(graph.nodes, FACILITIES, replace=False).astype(np.int32)
    door = rng.integers(0, 30_000, FACILITIES).astype(np.int32)
    sources = seeds(at, door, np.arange(FACILITIES, dtype=np.int32))
    field = nearest(graph, joined, sources)
    held = HeldTable(graph, joined, at, door, limit_ms=LIMIT_MS)
    mark, left = np.zeros(graph.nodes, np.bool_), CHANGES
    while left > 0:
        arcs, new = changed(data, times)
        slots = graph.slot[arcs]
        before, left = joined[slots, 1].copy(), left - len(arcs)
        joined[slots, 1] = new
        is_open = rng.random(FACILITIES) < 0.9
        moved = np.flatnonzero(rng.random(FACILITIES) < 0.1).astype(np.int32)
        now = np.where(is_open[moved], rng.integers(0, 30_000, len(moved)), CLOSED).astype(np.int32)
        door[moved] = now
        open_ones = np.flatnonzero(door != CLOSED).astype(np.int32)
        sources = seeds(at[open_ones], door[open_ones], open_ones)
        repair(graph, joined, field, sources, slots=slots, nodes=at[moved], mark=mark)
        held.move(slots, before, facilities=moved, door_ms=now)
        assert np.array_equal(field.label, nearest(graph, joined, sources).label)
        assert_is_exact(held, at, door, LIMIT_MS)
    assert not mark.any()
