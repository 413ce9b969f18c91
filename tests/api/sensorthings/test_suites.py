"""What the test suites of others (OGC's for SensorThings 1.0, FROST's) ask for and our own tests do not."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from tests.api.sensorthings.test_answers import get, results
from tests.api.sensorthings.test_kept import add, of
from tests.api.sensorthings.test_writes import NOW, location, made_stream, make, observation, thing
from twin import db

PROPERTIES = {
    "list": [10, 11],
    "deep": [[1, 2], [3, 4]],
    "objects": [{"name": "a", "is": True}],
    "text": "fghij",
    "nothing": None,
}


@pytest.fixture(scope="module")
def rich(writing: TestClient) -> str:
    """A thing with properties of all sorts, and no datastream."""
    made = make(writing, "Things", thing(name="Rich", properties=PROPERTIES, Datastreams=[]))
    return str(made["@iot.selfLink"])


def found(client: TestClient, path: str, condition: str) -> list[Any]:
    answer = client.get(path, params={"$filter": condition})
    assert answer.status_code == 200, answer.text
    return [one["@iot.id"] for one in answer.json()["value"]]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("list", [10, 11]),
        ("list[1]", 11),
        ("deep[1]", [3, 4]),
        ("deep[0][1]", 2),
        ("objects[0]/name", "a"),
        ("text", "fghij"),
    ],
)
def test_a_part_of_the_properties_is_given_by_its_path(writing: TestClient, rich: str, part: str, value: Any) -> None:
    assert get(writing, f"{rich}/properties/{part}") == {part.rpartition("/")[2]: value}


@pytest.mark.parametrize("part", ["list[2]", "list[x]", "deep[0][9]", "text[0]", "other", "list[-1]", "list[99999999]"])
def test_a_part_that_is_not_there_is_not_found(writing: TestClient, rich: str, part: str) -> None:
    assert writing.get(f"{rich}/properties/{part}").status_code == 404


def test_what_is_null_has_no_content(writing: TestClient, rich: str) -> None:
    assert writing.get(f"{rich}/properties/nothing").status_code == 204
    assert writing.get(f"{rich}/properties/nothing/$value").status_code == 204


@pytest.mark.parametrize(
    "condition",
    [
        "properties/list[1] eq 11",
        "properties/list[1] gt 10 and properties/list[1] lt 12",
        "properties/deep[1][0] eq 3",
        "properties/objects[0]/name eq 'a'",
        "properties/objects[0]/is",
        "not (properties/objects[0]/is eq false)",
        "substringof('ghi', properties/text)",
        "substring(properties/text, 1, 2) eq 'gh'",
        "Datastreams/id eq null",
    ],
)
def test_filters_reach_into_properties_and_ask_for_none(writing: TestClient, rich: str, condition: str) -> None:
    (key,) = found(writing, "Things", f"name eq 'Rich' and ({condition})")
    assert rich.endswith(f"({key})")


def test_a_path_back_and_forth_is_followed(writing: TestClient) -> None:
    stream = made_stream(writing)
    observed = get(writing, f"Datastreams({stream})/ObservedProperty")["@iot.id"]
    condition = f"Datastreams/Thing/Datastreams/ObservedProperty/id eq {observed}"
    assert found(writing, "ObservedProperties", condition) == [observed]


def test_a_path_through_a_thing_that_has_not_the_datastream_leads_nowhere(writing: TestClient) -> None:
    mine, others = make(writing, "Things", thing()), make(writing, "Things", thing())
    stream = get(writing, f"{mine['@iot.selfLink']}/Datastreams")["value"][0]["@iot.id"]
    wrong = f"{others['@iot.selfLink']}/Datastreams({stream})/Observations"
    right = f"{mine['@iot.selfLink']}/Datastreams({stream})/Observations"
    body = {"result": 1, "phenomenonTime": NOW.isoformat()}
    assert writing.get(wrong).status_code == 404
    assert writing.post(wrong, json=body).status_code == 404
    made = make(writing, right, body)
    key = made["@iot.id"]
    for method, more in (("PUT", {"result": 3}), ("PATCH", {"result": 4}), ("DELETE", None)):
        assert writing.request(method, f"{wrong}('{key}')", json=more).status_code == 404
        assert writing.request(method, f"{right}('{key}')", json=more and {**body, **more}).status_code == 200


def test_a_later_historical_location_moves_the_thing_and_an_earlier_one_does_not(writing: TestClient) -> None:
    made = make(writing, "Things", thing(Datastreams=[]))
    link = f"Things({made['@iot.id']})"
    here, there = (make(writing, "Locations", location(lon))["@iot.id"] for lon in (7.43, 7.44))

    def stands() -> list[int]:
        return [one["@iot.id"] for one in get(writing, f"{link}/Locations")["value"]]

    def was(place: int, time: str) -> None:
        body = {"time": time, "Thing": {"@iot.id": made["@iot.id"]}, "Locations": [{"@iot.id": place}]}
        make(writing, "HistoricalLocations", body)

    was(here, "2098-01-01T07:00:00Z")
    assert stands() == [here]
    was(there, "2016-01-01T05:00:00Z")
    assert stands() == [here]


def test_a_datastream_says_when_its_results_were_said(writing: TestClient) -> None:
    stream = made_stream(writing)
    assert get(writing, f"Datastreams({stream})")["resultTime"] is None
    for minutes, said in ((2, "2026-11-01T08:00:00Z"), (1, "2026-11-01T07:00:00Z")):
        make(writing, "Observations", observation(stream, 1, minutes=minutes, resultTime=said))
    assert get(writing, f"Datastreams({stream})")["resultTime"] == "2026-11-01T07:00:00Z/2026-11-01T08:00:00Z"
    condition = "resultTime gt 2026-11-01T06:00:00Z and resultTime lt 2026-11-01T09:00:00Z"
    assert found(writing, "Datastreams", f"{condition} and id eq {stream}") == [stream]
    assert get(writing, f"Datastreams({stream})?$select=resultTime").keys() == {"resultTime"}


def test_rows_are_arrays_by_the_option_as_1_1_writes_it(writing: TestClient) -> None:
    stream = made_stream(writing)
    for minutes in (3, 2, 1):
        make(writing, "Observations", observation(stream, minutes, minutes=minutes))
    path = f"Datastreams({stream})/Observations?$resultFormat=dataArray&$top=2&$count=true&$select=result"
    answer = get(writing, path)
    assert (answer["@iot.count"], answer["value"][0]["components"]) == (3, ["result"])
    assert answer["value"][0]["dataArray"] == [[3], [2]]
    assert "$resultFormat=dataArray" in answer["@iot.nextLink"]


def test_results_that_are_words_are_filtered_as_texts(writing: TestClient, town: str) -> None:
    with db.opened(town) as engine, engine.begin() as connection:
        one = connection.scalar(
            sa.text("""
            INSERT INTO datastream (thing_id, property, unit, lowest, highest, result)
            SELECT thing_id, 'level', '1', 0, 9, 'category' FROM datastream WHERE id = 4 RETURNING id
            """)
        )
        assert one is not None
        connection.execute(sa.text("INSERT INTO category VALUES (:id, 0, 'low'), (:id, 1, 'high')"), {"id": one})
        add(connection, one, 1.0)
    assert [each["result"] for each in of(writing, "level", "?$filter=result eq 'high'")] == ["high"]
    assert of(writing, "level", "?$filter=result eq 'low'") == []
    assert [each["result"] for each in of(writing, "level", "?$filter=startswith(result,'hi')")] == ["high"]
    assert results(writing, "Datastreams(3)/Observations?$filter=result eq '3'") == []


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_an_entity_that_cannot_be_is_not_found(writing: TestClient, method: str) -> None:
    for name in ("Things", "Observations", "FeaturesOfInterest"):
        assert writing.request(method, f"{name}(9223372036854775807)", json={"name": "x"}).status_code == 404
