"""Texts and words of a category are posted, listed, and deleted like numbers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from twin import db

TODAY = datetime.now(UTC).date().isoformat()
ROOT = "http://127.0.0.1/sta/v1.1"


@pytest.fixture(scope="module")
def streams(writing: TestClient, town: str) -> dict[str, int]:
    """A datastream of words and one of texts, beside the roof's temperature."""
    with db.opened(town) as engine, engine.begin() as connection:
        found = {
            name: int(
                connection.execute(
                    sa.text("""
                    INSERT INTO datastream (thing_id, property, unit, lowest, highest, result)
                    SELECT thing_id, :name, '1', 0, 1, :result FROM datastream WHERE id = 3 RETURNING id
                    """),
                    {"name": f"posted_{result}", "result": result},
                ).scalar_one()
            )
            for name, result in (("mode", "category"), ("note", "text"))
        }
        connection.execute(
            sa.text("INSERT INTO category VALUES (:id, 0, 'off'), (:id, 1, 'on')"), {"id": found["mode"]}
        )
    return found


def post(client: TestClient, one: int, result: object, second: int) -> tuple[int, object]:
    body = {"result": result, "phenomenonTime": f"{TODAY}T00:00:{second:02}Z"}
    answer = client.post(f"{ROOT}/Datastreams({one})/Observations", json=body)
    return answer.status_code, answer.json().get("result", answer.json().get("detail"))


def test_words_and_texts_are_taken_and_given_back(writing: TestClient, streams: dict[str, int]) -> None:
    assert post(writing, streams["mode"], "on", 1) == (201, "on")
    assert post(writing, streams["note"], "all well", 1) == (201, "all well")
    listed = writing.get(f"{ROOT}/Datastreams({streams['note']})/Observations").json()["value"]
    assert [one["result"] for one in listed] == ["all well"]


def test_others_for_the_same_instant_are_conflicts(writing: TestClient, streams: dict[str, int]) -> None:
    for name, first, other in (("mode", "on", "off"), ("note", "a", "b")):
        assert post(writing, streams[name], first, 2)[0] == 201
        assert post(writing, streams[name], first, 2)[0] == 201  # said again
        assert post(writing, streams[name], other, 2)[0] == 409


def test_what_is_no_such_word_is_set_aside(writing: TestClient, streams: dict[str, int]) -> None:
    assert post(writing, streams["mode"], "sideways", 3)[0] == 400
    assert post(writing, streams["mode"], 1, 3)[0] == 400
    assert post(writing, streams["note"], 1, 3)[0] == 400
    assert post(writing, 3, "warm", 3)[0] == 400


def test_a_text_is_deleted_and_not_changed(writing: TestClient, streams: dict[str, int]) -> None:
    url = f"{ROOT}/Observations"
    body = {"result": "x", "phenomenonTime": f"{TODAY}T00:00:04Z", "Datastream": {"@iot.id": streams["note"]}}
    made = writing.post(url, json=body).json()["@iot.selfLink"]
    assert writing.patch(made, json={"result": "y"}).status_code == 400
    assert writing.delete(made).status_code == 200
    assert writing.get(made).status_code == 404
