"""Observations are given wherever they are kept: packed days, texts, and words of a category."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from tests.api.sensorthings.conftest import NOON
from twin import db, texts
from twin.observations import Batch, record
from twin.texts import Texts

ROOT = "http://127.0.0.1/sta/v1.1"


@pytest.fixture(scope="module")
def kept(writing: TestClient, town: str) -> TestClient:
    """The town with a packed day of the roof's humidity, and a word and a text of it beside."""
    with db.opened(town) as engine, engine.begin() as connection:
        connection.execute(
            sa.text("""
            INSERT INTO observation_packed VALUES (4, :day, CAST(:times AS timestamptz[]), '{40,41}');
            """),
            {"day": (NOON - timedelta(days=40)).date(), "times": [NOON - timedelta(days=40, hours=h) for h in (1, 0)]},
        )
        add(connection, 4, 42.0)
        for name, result in (("mode", "category"), ("note", "text")):
            connection.execute(
                sa.text("""
                INSERT INTO datastream (thing_id, property, unit, lowest, highest, result)
                SELECT thing_id, :name, '1', 0, 9, :result FROM datastream WHERE id = 4
                """),
                {"name": name, "result": result},
            )
        mode, note = connection.scalars(sa.text("SELECT id FROM datastream ORDER BY id DESC LIMIT 2")).all()[::-1]
        connection.execute(sa.text("INSERT INTO category VALUES (:id, 0, 'off'), (:id, 1, 'on')"), {"id": mode})
        add(connection, mode, 1.0)
        texts.record(connection, Texts([note], [round(NOON.timestamp() * 1e6)], ["all well"], NOON))
    return writing


def add(connection: db.Connection, one: int, value: float) -> None:
    time_us = np.array([round(NOON.timestamp() * 1e6)], np.int64)
    record(connection, Batch(np.array([one], np.int32), time_us, np.array([value]), datetime.now(UTC)))


def of(client: TestClient, name: str, options: str = "") -> list[dict[str, object]]:
    """Give the observations of the roof's datastream of a property."""
    asked = client.get(f"{ROOT}/Datastreams?$filter=properties/property eq '{name}' and Thing/properties/key eq 'roof'")
    (stream,) = asked.json()["value"]
    found: list[dict[str, object]] = client.get(stream["Observations@iot.navigationLink"] + options).json()["value"]
    return found


def test_a_packed_day_is_listed_with_the_others(kept: TestClient) -> None:
    assert [one["result"] for one in of(kept, "humidity")] == [40, 41, 42]
    assert [one["result"] for one in of(kept, "humidity", "?$orderby=phenomenonTime desc&$top=2")] == [42, 41]
    assert [one["result"] for one in of(kept, "humidity", "?$filter=result lt 41")] == [40]


def test_a_packed_observation_is_found_by_its_id(kept: TestClient) -> None:
    oldest = of(kept, "humidity")[0]
    assert kept.get(str(oldest["@iot.selfLink"])).json()["result"] == 40
    assert kept.get(f"{ROOT}/Observations('4-1')").status_code == 404


def test_texts_and_words_of_a_category_are_results(kept: TestClient) -> None:
    assert [one["result"] for one in of(kept, "note")] == ["all well"]
    assert [one["result"] for one in of(kept, "mode")] == ["on"]
    asked = kept.get(f"{ROOT}/Datastreams?$filter=properties/property eq 'note'").json()["value"][0]
    assert asked["observationType"].endswith("OM_Observation")
