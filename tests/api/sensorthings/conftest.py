"""A small town with sensors, asked over SensorThings; written to where a test says so."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
import uvicorn
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from tests import sensors
from twin import db, observations
from twin.observations import Batch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOWN = """
INSERT INTO network_node (place_id, source_id, point)
SELECT id, s, ST_SetSRID(ST_MakePoint(x, 43.7), 4326) FROM place, (VALUES ('a', 7.41), ('b', 7.42)) AS n(s, x);
INSERT INTO network_edge (place_id, source_id, tail_id, head_id, kind, length_m, name, geom)
SELECT p.id, 'n7', a.id, b.id, 'lift', 10, 'Old lift', ST_MakeLine(a.point, b.point)
  FROM place p, network_node a, network_node b WHERE a.source_id = 'a' AND b.source_id = 'b';
UPDATE thing SET name = 'Lift 1', name_zh = '一号电梯', point = ST_SetSRID(ST_MakePoint(7.415, 43.7), 4326) WHERE key = 'lift-1';
UPDATE thing SET name = 'Roof', point = ST_SetSRID(ST_MakePoint(7.43, 43.74), 4326) WHERE key = 'roof';
"""


@pytest.fixture
def town(database: str) -> str:
    """A database with a lift that closes an edge, a climate sensor on a roof, and a door in a dwelling.

    The roof's temperature (datastream 3) is 0, 1, … 9 °C each hour up to noon.
    """
    with db.opened(database) as engine, engine.begin() as connection:
        sensors.community(connection)
        lift = sensors.stream(connection, "lift-1", "in_service", kind="lift", highest=1)
        sensors.stream(connection, "lift-1", "battery", "%", kind="lift")
        roof = sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
        sensors.stream(connection, "roof", "humidity", "%")
        door = sensors.stream(connection, "door-1", "contact", kind="door", highest=1)
        connection.exec_driver_sql(TOWN)
        edge = connection.scalar(sa.text("SELECT id FROM network_edge"))
        sensors.effect(connection, lift, edge, closes_below=0.5)
        hours = [NOON - timedelta(hours=9 - hour) for hour in range(10)]
        rows = [(roof, when, float(degrees)) for degrees, when in enumerate(hours)]
        rows += [(lift, NOON, 1.0), (door, NOON, 1.0)]
        ids, times, values = zip(*rows, strict=True)
        observations.record(
            connection,
            Batch(
                np.array(ids, dtype=np.int32),
                np.array([round(when.timestamp() * 1_000_000) for when in times], dtype=np.int64),
                np.array(values),
                NOON,
            ),
        )
    return database


@pytest.fixture
def reading(town: str) -> Iterator[TestClient]:
    """The application as it is by default: it can be read, not written."""
    with TestClient(create(ServeSettings(), town), base_url="http://127.0.0.1/sta/v1.1/") as client:
        yield client


@pytest.fixture
def writing(town: str) -> Iterator[TestClient]:
    """The application with writing on."""
    settings = ServeSettings(sensorthings_writing=True)
    with TestClient(create(settings, town), base_url="http://127.0.0.1/sta/v1.1/") as client:
        yield client


@pytest.fixture
def served(town: str) -> Iterator[str]:
    """The address of the town's SensorThings, served by uvicorn on a free port, writing on."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = create(ServeSettings(sensorthings_writing=True), town)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/sta/v1.1"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()
