"""Reading: every set, link, property, option, and nothing of dwellings."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

ROOT = "http://127.0.0.1/sta/v1.1"
SETS = (
    "Things",
    "Locations",
    "HistoricalLocations",
    "Datastreams",
    "Sensors",
    "ObservedProperties",
    "Observations",
    "FeaturesOfInterest",
)


def get(client: TestClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(client: TestClient, path: str) -> list[str]:
    return [one["name"] for one in get(client, path)["value"]]


def results(client: TestClient, path: str) -> list[float]:
    return [one["result"] for one in get(client, path)["value"]]


def test_the_root_lists_the_sets_and_what_conforms(reading: TestClient) -> None:
    root = get(reading, "")
    assert root["value"] == [{"name": name, "url": f"{ROOT}/{name}"} for name in SETS]
    conformance = root["serverSettings"]["conformance"]
    assert "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel" in conformance
    assert not any("create" in one for one in conformance)


def test_a_thing_is_the_twins_thing(reading: TestClient) -> None:
    assert get(reading, "Things(1)") == {
        "@iot.id": 1,
        "@iot.selfLink": f"{ROOT}/Things(1)",
        "name": "Lift 1",
        "description": "lift, reports every 60 s",
        "properties": {
            "key": "lift-1",
            "kind": "lift",
            "name_zh": "一号电梯",
            "format": "",
            "interval_s": 60,
            "simulated": False,
        },
        "Datastreams@iot.navigationLink": f"{ROOT}/Things(1)/Datastreams",
        "HistoricalLocations@iot.navigationLink": f"{ROOT}/Things(1)/HistoricalLocations",
        "Locations@iot.navigationLink": f"{ROOT}/Things(1)/Locations",
    }


def test_a_datastream_says_unit_place_and_time_of_its_observations(reading: TestClient) -> None:
    found = get(reading, "Datastreams(3)")
    assert found["name"] == "Roof: Air temperature"
    assert found["unitOfMeasurement"] == {"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"}
    assert found["observedArea"] == {"type": "Point", "coordinates": [7.43, 43.74]}
    assert found["phenomenonTime"] == "2026-03-01T03:00:00Z/2026-03-01T12:00:00Z"
    assert found["properties"] == {"property": "temperature", "lowest": -40.0, "highest": 60.0}


def test_an_observation_is_about_the_element_that_it_closes_else_where_the_thing_stands(reading: TestClient) -> None:
    lift = get(reading, "Datastreams(1)/Observations?$expand=FeatureOfInterest")["value"][0]["FeatureOfInterest"]
    assert (lift["@iot.id"], lift["name"], lift["feature"]["type"]) == ("edge-1", "Old lift", "LineString")
    roof = get(reading, "Observations('3-1772366400000000')/FeatureOfInterest")
    assert (roof["name"], roof["feature"]["coordinates"]) == ("Roof", [7.43, 43.74])
    assert results(reading, f"FeaturesOfInterest('{roof['@iot.id']}')/Observations?$top=3") == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("name", SETS)
def test_every_link_leads_somewhere_and_back(reading: TestClient, name: str) -> None:
    for entity in get(reading, name)["value"]:
        assert get(reading, entity["@iot.selfLink"]) == entity
        for link, address in entity.items():
            if link.endswith("@iot.navigationLink"):
                assert reading.get(address).status_code == 200, address


def test_nothing_of_a_dwelling_is_shown(reading: TestClient) -> None:
    assert names(reading, "Things") == ["Lift 1", "Roof"]
    assert "door-1" not in "".join(reading.get(f"{name}?$top=1000").text for name in SETS)
    for path in (
        "Things(3)",
        "Datastreams(5)",
        "Observations('5-1772366400000000')",
        "Locations(3)",
        "FeaturesOfInterest('location-3')",
        "Things(3)/Datastreams",
        "Datastreams(5)/Observations",
    ):
        assert reading.get(path).status_code == 404, path
    assert get(reading, "Sensors(7)/Datastreams")["value"] == []
    assert get(reading, "ObservedProperties(8)/Datastreams")["value"] == []
    assert names(reading, "Things?$filter=Datastreams/ObservedProperty/name eq 'Contact'") == []


def test_a_property_can_be_asked_for_alone_and_bare(reading: TestClient) -> None:
    assert get(reading, "Things(1)/name") == {"name": "Lift 1"}
    assert reading.get("Things(1)/name/$value").text == "Lift 1"
    assert get(reading, "Datastreams(3)/unitOfMeasurement/symbol") == {"symbol": "°C"}
    assert reading.get("Datastreams(3)/Thing/properties/interval_s/$value").text == "60"
    assert get(reading, "Things(2)/properties/$value")["key"] == "roof"
    assert reading.get("Observations('3-1772366400000000')/resultTime").status_code == 204
    assert reading.get("Observations('3-1772366400000000')/result/$value").text == "9.0"


def test_references_are_addresses_alone(reading: TestClient) -> None:
    two = [{"@iot.selfLink": f"{ROOT}/Datastreams({number})"} for number in (1, 2)]
    assert get(reading, "Things(1)/Datastreams/$ref") == {"value": two}
    assert get(reading, "Datastreams(1)/Thing/$ref") == {"@iot.selfLink": f"{ROOT}/Things(1)"}


def test_pages_together_hold_each_entity_once_in_the_order_asked(reading: TestClient) -> None:
    for options in ("", "&$orderby=phenomenonTime desc", "&$orderby=result add 1", "&$filter=result ge 0"):
        page = get(reading, f"Datastreams(3)/Observations?$top=3&$count=true{options}")
        found = page["value"]
        while "@iot.nextLink" in page:
            page = get(reading, page["@iot.nextLink"])
            assert page["@iot.count"] == 10
            found += page["value"]
        expected = [float(n) for n in range(10)]
        assert [one["result"] for one in found] == (expected[::-1] if "desc" in options else expected)


def test_expansions_nest_with_options_of_their_own(reading: TestClient) -> None:
    path = (
        "Things?$select=name&$expand=Locations($select=location),Datastreams($select=name;$filter=unitOfMeasurement/symbol "
        "ne '%25';$expand=ObservedProperty($select=name),Observations($top=2;$orderby=phenomenonTime desc;"
        "$select=result;$count=true))"
    )
    lift, roof = get(reading, path)["value"]
    assert [one["name"] for one in lift["Datastreams"]] == ["Lift 1: In service"]
    assert roof["Locations"] == [{"location": {"type": "Point", "coordinates": [7.43, 43.74]}}]
    (stream,) = roof["Datastreams"]
    assert stream["ObservedProperty"] == {"name": "Air temperature"}
    assert stream["Observations@iot.count"] == 10
    assert stream["Observations"] == [{"result": 9.0}, {"result": 8.0}]
    more = get(reading, stream["Observations@iot.nextLink"])
    assert [one["result"] for one in more["value"]] == [7.0, 6.0]


def test_expansions_are_one_where_they_begin_alike(reading: TestClient) -> None:
    found = get(reading, "Datastreams(3)?$expand=Thing/Locations,Thing/HistoricalLocations,Sensor")
    assert (found["Thing"]["name"], found["Sensor"]["name"]) == ("Roof", "Climate sensor")
    assert len(found["Thing"]["Locations"]) == 1
    assert len(found["Thing"]["HistoricalLocations"]) == 2


def test_a_device_that_was_moved_has_a_history_of_places(reading: TestClient) -> None:
    found = get(reading, "Things(2)/HistoricalLocations?$orderby=time&$expand=Locations($select=location)")["value"]
    places = [one["Locations"][0]["location"]["coordinates"] for one in found]
    assert places == [[7.5, 43.5], [7.43, 43.74]]
    assert found[0]["time"] == "2026-01-01T00:00:00Z"


def test_rows_can_be_arrays_by_datastream(reading: TestClient) -> None:
    found = get(reading, "Observations?resultFormat=dataArray&$select=phenomenonTime,result&$top=3")["value"]
    assert found == [
        {
            "Datastream@iot.navigationLink": f"{ROOT}/Datastreams(1)",
            "components": ["phenomenonTime", "result"],
            "dataArray@iot.count": 1,
            "dataArray": [["2026-03-01T12:00:00Z", 1.0]],
        },
        {
            "Datastream@iot.navigationLink": f"{ROOT}/Datastreams(3)",
            "components": ["phenomenonTime", "result"],
            "dataArray@iot.count": 2,
            "dataArray": [["2026-03-01T03:00:00Z", 0.0], ["2026-03-01T04:00:00Z", 1.0]],
        },
    ]


@pytest.mark.parametrize(
    "path",
    [
        "Nothings",
        "Things(99)",
        "Things(1)/Sensor",
        "Things(1)/nothing",
        "Things/name",
        "Things('x')",
        "Things(99999999999)",
        "Things(1)/name/$nothing",
        "Observations(1)",
        "Observations('1-1')",
        "Observations('3-999999999999999999')",
        "Observations('99999999999-1772366400000000')",
        "FeaturesOfInterest('edge-99')",
        "Things(1)%00",
        "Things(1)/properties/nothing",
        "/".join(["Things(1)", *["Datastreams(1)", "Thing"] * 20]),
    ],
)
def test_what_is_not_there_is_not_found(reading: TestClient, path: str) -> None:
    answer = reading.get(path)
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "options",
    [
        "$top=-1",
        "$top=99999999999999999999",
        "$top=1.5",
        "$skip=x",
        "$count=maybe",
        "$select=nothing",
        "$expand=Nothing",
        "$expand=Datastreams($top=1",
        "$expand=Datastreams($skiptoken=1)",
        "$expand=" + "Datastreams($expand=Thing($expand=" * 20,
        "$filter=",
        "$filter=name eq",
        "$filter=name eq 'x",
        "$filter=nothing eq 1",
        "$filter=name gt 5",
        "$filter=substringof('x')",
        "$filter=nothing(name)",
        "$filter=year(2026-13-41T00:00:00Z) eq 1",
        "$filter=" + "(" * 5_000,
        "$filter=" + "not " * 1_999 + "true eq",
        "$filter=" + "1 add " * 200 + "1 gt 0",
        "$filter=name eq '%00'",
        "$filter=name eq '%FF'",
        "$filter=geo.distance(Locations/location, geography'NONSENSE') lt 1",
        "$filter=name eq 'a'&$filter=name eq 'b'",
        "$nothing=1",
        "$skiptoken=x",
        "$orderby=name down",
        "$orderby=null",
        "$orderby=Datastreams/name",
        "resultFormat=dataArray",
        "$filter=1e999 gt 1",
    ],
)
def test_what_is_not_understood_is_refused_in_one_line(reading: TestClient, options: str) -> None:
    answer = reading.get(f"Things?{options}")
    assert answer.status_code == 400, answer.text
    assert "\n" not in answer.json()["detail"]


def test_a_page_has_an_upper_limit(reading: TestClient) -> None:
    assert len(get(reading, "Observations?$top=2000000000")["value"]) == 11
    assert get(reading, "Observations?$top=0")["value"] == []
    assert get(reading, "Observations?$skip=2000000000")["value"] == []
