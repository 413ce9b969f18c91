"""Writing: off by default; made, changed and deleted with all that belongs to it; observations through the gate."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.settings import ServeSettings
from twin import account, db

NOW = datetime.now(UTC).replace(microsecond=0)
NUMBERS = itertools.count(1)
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
DEGREE = {"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"}


def datastream(name: str = "Air") -> dict[str, Any]:
    return {
        "name": name,
        "description": "d",
        "observationType": MEASUREMENT,
        "unitOfMeasurement": DEGREE,
        "properties": {"lowest": -40, "highest": 60},
        "Sensor": {"name": "S", "description": "d", "encodingType": "text/plain", "metadata": {"a": [1]}},
        "ObservedProperty": {"name": "Temperature", "description": "d", "definition": "urn:t"},
    }


def location(lon: float = 7.42) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [lon, 43.73]}
    return {"name": "Square", "description": "d", "encodingType": "application/geo+json", "location": point}


def thing(**changes: Any) -> dict[str, Any]:
    """A thing with a place and a datastream, a name of its own."""
    whole = {
        "name": f"Station {next(NUMBERS)}",
        "description": "d",
        "properties": {"owner": "city"},
        "Locations": [location()],
        "Datastreams": [datastream()],
    }
    return whole | changes


def make(client: TestClient, path: str, body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["@iot.selfLink"]
    assert client.get(answer.headers["location"]).json() == answer.json()
    return answer.json()


def made_stream(client: TestClient) -> int:
    made = make(client, "Things", thing())
    return int(client.get(made["@iot.selfLink"] + "/Datastreams").json()["value"][0]["@iot.id"])


def observation(stream: int, result: Any, *, minutes: float = 0, **more: Any) -> dict[str, Any]:
    when = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"result": result, "phenomenonTime": when, "Datastream": {"@iot.id": stream}, **more}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["Things", "Things(1)", "Observations", "CreateObservations"])
def test_nothing_is_written_unless_the_settings_say_so(reading: TestClient, method: str, path: str) -> None:
    answer = reading.request(method, path, json=thing())
    assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")


def test_writing_is_refused_where_others_can_ask() -> None:
    with pytest.raises(ValidationError, match="needs host to be one of"):
        ServeSettings(host="0.0.0.0", sensorthings_writing=True)


def test_a_thing_is_made_with_all_that_is_inside(writing: TestClient) -> None:
    made = make(writing, "Things", thing())
    found = writing.get(
        made["@iot.selfLink"] + "?$expand=Locations,HistoricalLocations,Datastreams($expand=Sensor,ObservedProperty)"
    ).json()
    assert found["properties"] == {"owner": "city"}
    assert found["Locations"][0]["location"]["coordinates"] == [7.42, 43.73]
    assert len(found["HistoricalLocations"]) == 1
    (stream,) = found["Datastreams"]
    assert stream["unitOfMeasurement"] == DEGREE
    assert stream["Sensor"]["metadata"] == {"a": [1]}
    assert stream["ObservedProperty"]["definition"] == "urn:t"


def test_a_thing_without_a_place_is_on_no_map_but_here(writing: TestClient, town: str) -> None:
    made = make(writing, "Things", {"name": "Nowhere", "description": "d"})
    assert writing.get(made["@iot.selfLink"] + "/Locations").json() == {"value": []}
    assert "Nowhere" not in writing.get("http://127.0.0.1/api/things").text
    place = make(writing, "Locations", location())
    linked = make(writing, f"Things({made['@iot.id']})/Locations", {"@iot.id": place["@iot.id"]})
    assert linked == place
    assert "Nowhere" in writing.get("http://127.0.0.1/api/things").text


def test_a_failure_inside_leaves_nothing(writing: TestClient) -> None:
    body = thing(name="Half", Datastreams=[datastream(), {"name": "no unit", "description": "d"}])
    assert writing.post("Things", json=body).status_code == 400
    assert writing.get("Things?$filter=name eq 'Half'").json()["value"] == []


def test_an_entity_that_comes_whole_with_its_id_is_the_one_that_is_there(writing: TestClient) -> None:
    made = make(writing, "Things", thing(Datastreams=[]))
    body = datastream() | {"Thing": made | {"Locations": [location()]}}
    stream = make(writing, "Datastreams", body)
    assert writing.get(f"Datastreams({stream['@iot.id']})/Thing").json() == made


def test_two_datastreams_of_a_thing_may_observe_the_same(writing: TestClient) -> None:
    made = make(writing, "Things", thing(Datastreams=[]))
    first = make(writing, f"Things({made['@iot.id']})/Datastreams", datastream())
    observed = writing.get(first["ObservedProperty@iot.navigationLink"]).json()["@iot.id"]
    body = datastream("Air 2") | {"ObservedProperty": {"@iot.id": observed}}
    make(writing, f"Things({made['@iot.id']})/Datastreams", body)
    assert len(writing.get(f"ObservedProperties({observed})/Datastreams").json()["value"]) == 2


def test_patch_changes_what_is_said_and_put_all(writing: TestClient) -> None:
    made = make(writing, "Things", thing())
    here = made["@iot.selfLink"]
    patched = writing.patch(here, json={"description": "new"}).json()
    assert (patched["name"], patched["description"], patched["properties"]) == (made["name"], "new", {"owner": "city"})
    assert writing.put(here, json={"name": "Put", "description": "all"}).json()["properties"] == {}
    assert writing.put(here, json={"name": "Put"}).status_code == 400
    assert writing.patch(here, json={"name": None}).status_code == 400


def test_json_patch_is_worked_out_on_what_is_there(writing: TestClient) -> None:
    here = make(writing, "Things", thing())["@iot.selfLink"]
    header = {"content-type": "application/json-patch+json"}
    steps: list[dict[str, Any]] = [
        {"op": "test", "path": "/properties/owner", "value": "city"},
        {"op": "move", "from": "/properties/owner", "path": "/properties/holder"},
        {"op": "replace", "path": "/name", "value": "Patched"},
    ]
    answer = writing.patch(here, json=steps, headers=header).json()
    assert (answer["name"], answer["properties"]) == ("Patched", {"holder": "city"})
    assert writing.patch(here, json=steps, headers=header).status_code == 400  # the test fails: nothing is done


def test_what_the_twin_knows_of_an_enrolled_device_is_not_stored_again(writing: TestClient, town: str) -> None:
    known = writing.get("Things(2)").json()["properties"]
    answer = writing.patch("Things(2)", json={"properties": known | {"floor": 9, "kind": "door"}}).json()
    assert answer["properties"] == known | {"floor": 9}
    with db.opened(town) as engine, engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT properties FROM thing WHERE id = 2")) == {"floor": 9}


def test_moving_a_thing_keeps_its_former_places(writing: TestClient) -> None:
    made = make(writing, "Things", thing())
    here = made["@iot.selfLink"]
    make(writing, here + "/Locations", location(7.43))
    places = writing.get(here + "/HistoricalLocations?$orderby=time,id&$expand=Locations").json()["value"]
    assert [one["Locations"][0]["location"]["coordinates"][0] for one in places] == [7.42, 7.43]
    (now,) = writing.get(here + "/Locations").json()["value"]
    moved = location(7.44)["location"]
    writing.patch(now["@iot.selfLink"], json={"location": moved})
    assert writing.get(here + "/Locations").json()["value"][0]["location"] == moved
    assert len(writing.get(here + "/HistoricalLocations").json()["value"]) == 2
    things = writing.get("http://127.0.0.1/api/things").json()["things"]
    assert [one["position"] for one in things if one["name"] == made["name"]] == [[7.44, 43.73]]


def test_deleting_takes_what_cannot_be_without_it(writing: TestClient, town: str) -> None:
    stream = made_stream(writing)
    make(writing, "Observations", observation(stream, 5.0))
    owner = writing.get(f"Datastreams({stream})/Thing").json()["@iot.selfLink"]
    (place,) = writing.get(owner + "/Locations").json()["value"]
    history = writing.get(owner + "/HistoricalLocations").json()["value"][0]["@iot.selfLink"]
    assert writing.delete(owner).status_code == 200
    for gone in (owner, history, f"Datastreams({stream})"):
        assert writing.get(gone).status_code == 404
    assert writing.get(place["@iot.selfLink"]).status_code == 200
    with db.opened(town) as engine, engine.connect() as connection:
        counted = sa.text("SELECT count(*) FROM observation WHERE datastream_id = :id")
        assert connection.scalar(counted, {"id": stream}) == 0


def test_deleting_a_sensor_or_property_takes_its_datastreams(writing: TestClient) -> None:
    for link in ("Sensor", "ObservedProperty"):
        stream = made_stream(writing)
        assert writing.delete(f"Datastreams({stream})/{link}").status_code == 200
        assert writing.get(f"Datastreams({stream})").status_code == 404
    assert writing.delete("Sensors(7)").status_code == 400  # door contacts, which are not shown
    assert writing.delete("FeaturesOfInterest('edge-1')").status_code == 400


def test_an_observation_is_stored_with_all_that_is_said_of_it(writing: TestClient) -> None:
    stream = made_stream(writing)
    when = NOW.isoformat().replace("+00:00", "Z")
    before = (NOW - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    square = {"type": "Polygon", "coordinates": [[[7, 43], [8, 43], [8, 44], [7, 44], [7, 43]]]}
    made = make(
        writing,
        f"Datastreams({stream})/Observations",
        {
            "result": 21.5,
            "phenomenonTime": f"{before}/{when}",
            "resultTime": when,
            "validTime": f"{before}/{when}",
            "resultQuality": "good",
            "parameters": {"height": 2},
            "FeatureOfInterest": {
                "name": "Block",
                "description": "d",
                "encodingType": "application/geo+json",
                "feature": square,
            },
        },
    )
    said = {name: made[name] for name in ("result", "phenomenonTime", "resultTime", "validTime", "parameters")}
    assert said == {
        "result": 21.5,
        "phenomenonTime": f"{before}/{when}",
        "resultTime": when,
        "validTime": f"{before}/{when}",
        "parameters": {"height": 2},
    }
    feature = writing.get(made["FeatureOfInterest@iot.navigationLink"]).json()
    assert feature["feature"] == square
    about = writing.get(feature["Observations@iot.navigationLink"]).json()["value"]
    assert [one["@iot.id"] for one in about] == [made["@iot.id"]]
    assert writing.delete(feature["@iot.selfLink"]).status_code == 200
    assert writing.get(made["@iot.selfLink"]).status_code == 404


@pytest.mark.parametrize(
    ("result", "minutes", "code"),
    [
        (61.0, 0, "out_of_range"),
        (5.0, -60 * 24, "time_future"),
        (5.0, 60 * 24 * 31, "time_past"),
        ("warm", 0, "not_a_number"),
        (None, 0, "not_a_number"),
    ],
)
def test_the_gate_sets_aside_what_it_would_of_a_device(
    writing: TestClient, town: str, result: Any, minutes: float, code: str
) -> None:
    stream = made_stream(writing)
    answer = writing.post("Observations", json=observation(stream, result, minutes=minutes))
    assert answer.status_code == 400
    with db.opened(town) as engine, engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT reason_code, format FROM quarantine WHERE topic = :topic"),
            {"topic": f"Datastreams({stream})/Observations"},
        ).all()
        assert rows == [(code, "sensorthings")]


def test_what_comes_is_counted(writing: TestClient, town: str) -> None:
    stream = made_stream(writing)
    with db.opened(town) as engine:
        with engine.connect() as connection:
            before = account.total(connection)
        assert writing.post("Observations", json=observation(stream, 1)).status_code == 201
        assert writing.post("Observations", json=observation(stream, 1)).status_code == 201  # the same: no matter
        assert writing.post("Observations", json=observation(stream, 2)).status_code == 409  # another: the first stays
        assert writing.post("Observations", json=observation(stream, 99, minutes=1)).status_code == 400
        with engine.connect() as connection:
            after = account.total(connection)
    counted = (after.stored - before.stored, after.duplicate - before.duplicate, after.quarantined - before.quarantined)
    assert counted == (1, 2, 1)
    assert [one["result"] for one in writing.get(f"Datastreams({stream})/Observations").json()["value"]] == [1.0]


def test_a_posted_observation_closes_what_it_would_from_a_device(writing: TestClient) -> None:
    def state() -> str:
        things = writing.get("http://127.0.0.1/api/things").json()["things"]
        return str(next(one["closes"][0]["state"] for one in things if one["key"] == "lift-1"))

    # A reading holds for three intervals, 180 s: both are of the last minute, however long ago the tests began.
    now = datetime.now(UTC)
    make(writing, "Observations", observation(1, True, phenomenonTime=(now - timedelta(minutes=1)).isoformat()))
    assert state() == "open"
    made = make(writing, "Observations", observation(1, False, phenomenonTime=now.isoformat()))
    assert (made["result"], state()) == (0.0, "closed")
    assert writing.patch(made["@iot.selfLink"], json={"result": 1}).json()["result"] == 1.0
    assert state() == "open"
    writing.patch(made["@iot.selfLink"], json={"result": 0})
    assert state() == "closed"
    assert writing.delete(made["@iot.selfLink"]).status_code == 200
    assert state() == "open"  # as the reading before said


def test_an_observation_keeps_its_time_and_its_range(writing: TestClient) -> None:
    stream = made_stream(writing)
    here = make(writing, "Observations", observation(stream, 1))["@iot.selfLink"]
    assert writing.patch(here, json={"result": 99}).status_code == 400
    assert writing.patch(here, json={"phenomenonTime": "2026-03-01T12:00:00Z"}).status_code == 400
    assert writing.patch(here, json={"Datastream": {"@iot.id": 1}}).status_code == 400
    assert writing.patch(here, json={"parameters": {"a": 1}, "resultQuality": "good"}).json()["parameters"] == {"a": 1}


def test_many_observations_come_as_an_array_each_with_its_own_answer(writing: TestClient) -> None:
    stream = made_stream(writing)
    times = [(NOW - timedelta(minutes=minutes)).isoformat() for minutes in range(4)]
    rows = [[times[0], 1.0], [times[1], 999.0], ["nonsense", 1.0], [times[2], 3.0]]
    body = [{"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": rows}]
    answer = writing.post("CreateObservations", json=body)
    assert answer.status_code == 201
    said = answer.json()
    assert (said[1], said[2]) == ("error", "error")
    assert [writing.get(address).json()["result"] for address in (said[0], said[3])] == [1.0, 3.0]
