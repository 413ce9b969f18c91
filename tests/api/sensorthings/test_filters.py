"""Every operator and function of $filter, against what it must find."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.api.sensorthings.test_answers import names, results

# of Things: Lift 1 at (7.415, 43.7), Roof at (7.43, 43.74)
BOX = "geography'POLYGON ((7.42 43.73, 7.44 43.73, 7.44 43.75, 7.42 43.75, 7.42 43.73))'"
POINT = "geography'POINT (7.43 43.74)'"
BOTH = ["Lift 1", "Roof"]
THINGS = {
    "name eq 'Roof'": ["Roof"],
    "'Roof' eq name": ["Roof"],
    "name ne 'Roof'": ["Lift 1"],
    "name eq 'O''Hara'": [],
    "id eq 2": ["Roof"],
    "@iot.id gt 1 or name eq 'Lift 1'": BOTH,
    "not (name eq 'Roof')": ["Lift 1"],
    "not name eq 'Roof'": ["Lift 1"],
    "not not name eq 'Roof'": ["Roof"],
    "true": BOTH,
    "null eq null": BOTH,
    "description eq null": [],
    "description ne null": BOTH,
    "substringof('oo', name)": ["Roof"],
    "contains(name, 'oo')": ["Roof"],
    "startswith(name, 'Li')": ["Lift 1"],
    "endswith(name, 'f')": ["Roof"],
    "length(name) eq 4": ["Roof"],
    "indexof(name, 'o') eq 1": ["Roof"],
    "substring(name, 2) eq 'of'": ["Roof"],
    "substring(name, 1, 2) eq 'oo'": ["Roof"],
    "tolower(name) eq 'roof'": ["Roof"],
    "toupper(name) eq 'ROOF'": ["Roof"],
    "trim(concat(' ', name)) eq 'Roof'": ["Roof"],
    "concat(concat(name, ', '), 'x') eq 'Roof, x'": ["Roof"],
    "properties/kind eq 'climate'": ["Roof"],
    "properties/interval_s eq 60": BOTH,
    "properties/interval_s gt 60": [],
    "properties/simulated eq false": BOTH,
    "properties/kind eq 5": [],
    "properties/nothing eq null": BOTH,
    "properties/name_zh eq null": ["Roof"],
    "properties/name_zh eq '一号电梯'": ["Lift 1"],
    "Datastreams/ObservedProperty/name eq 'Battery'": ["Lift 1"],
    "Datastreams/unitOfMeasurement/symbol eq '°C' and name eq 'Roof'": ["Roof"],
    "Datastreams/Observations/result gt 5": ["Roof"],
    "Datastreams/name eq 'nothing' or name eq 'Roof'": ["Roof"],
    "Datastreams/Observations/id eq '3-1772366400000000'": ["Roof"],
    "Datastreams/Observations/id eq 'x'": [],
    "Locations/name eq 'Roof'": ["Roof"],
    f"geo.distance(Locations/location, {POINT}) lt 0.001": ["Roof"],
    f"geo.intersects(Locations/location, {BOX})": ["Roof"],
    "geo.length(geography'LINESTRING (0 0, 3 4)') eq 5": BOTH,
    f"st_within(Locations/location, {BOX})": ["Roof"],
    f"st_contains({BOX}, Locations/location)": ["Roof"],
    f"st_equals(Locations/location, {POINT})": ["Roof"],
    f"Locations/location eq {POINT}": ["Roof"],
    f"st_disjoint(Locations/location, {BOX})": ["Lift 1"],
    f"st_intersects(Locations/location, {BOX})": ["Roof"],
    f"st_touches(Locations/location, {BOX})": [],
    f"st_overlaps(Locations/location, {BOX})": [],
    f"st_crosses(Locations/location, {BOX})": [],
    f"st_relate(Locations/location, {BOX}, 'T*F**F***')": ["Roof"],
    "HistoricalLocations/time lt now()": BOTH,
    "HistoricalLocations/time gt mindatetime() and HistoricalLocations/time lt maxdatetime()": BOTH,
}
# of the observations of the roof's temperature: 0 °C at 03:00 to 9 °C at 12:00 on 2026-03-01, a Sunday
OBSERVATIONS = {
    "result eq 3": [3],
    "result gt 7 and result le 8": [8],
    "result lt 1 or result ge 9": [0, 9],
    "result add 1 eq 5": [4],
    "result sub 1 eq 5": [6],
    "result mul 2 eq 6": [3],
    "result div 2 eq 4.5": [9],
    "result mod 4 eq 3": [3, 7],
    "result div 0 eq 1": [],
    "1 add 2 mul 2 eq result": [5],
    "(1 add 2) mul 2 eq result": [6],
    "-result eq -2": [2],
    "round(result div 2) eq 2": [3, 4],
    "floor(result div 2) eq 2": [4, 5],
    "ceiling(result div 2) eq 2": [3, 4],
    "phenomenonTime eq 2026-03-01T05:00:00Z": [2],
    "phenomenonTime ge 2026-03-01T19:00:00+08:00": [8, 9],
    "phenomenonTime ge 2026-03-01T19:00:00 08:00": [8, 9],
    "phenomenonTime gt 2026-03-01T12:00:00Z sub duration'PT2H'": [8, 9],
    "phenomenonTime sub 2026-03-01T12:00:00Z gt duration'-PT30M'": [9],
    "phenomenonTime lt 2026-03-01T03:30:00Z/2026-03-01T09:30:00Z": [0],
    "phenomenonTime gt 2026-03-01T03:30:00Z/2026-03-01T10:30:00Z": [8, 9],
    "year(phenomenonTime) eq 2026 and month(phenomenonTime) eq 3 and day(phenomenonTime) eq 1 and result lt 1": [0],
    "hour(phenomenonTime) eq 4": [1],
    "minute(phenomenonTime) add second(phenomenonTime) add fractionalseconds(phenomenonTime) eq 0 and result eq 1": [1],
    "date(phenomenonTime) eq 2026-03-01 and result eq 1": [1],
    "phenomenonTime lt 2026-03-02 and result eq 1": [1],
    "time(phenomenonTime) ge 11:30:00": [9],
    "totaloffsetminutes(phenomenonTime) eq 0 and result eq 1": [1],
    "resultTime eq null and result eq 1": [1],
    "Datastream/id eq 3 and result eq 1": [1],
    "Datastream/Thing/name eq 'Roof' and result eq 1": [1],
    "Datastream/Thing/Locations/name eq 'Roof' and result eq 1": [1],
    "FeatureOfInterest/name eq 'Roof' and result eq 1": [1],
    "id eq '3-1772366400000000'": [9],
}
DATASTREAMS = {
    "phenomenonTime lt 2026-03-01T13:00:00Z and id eq 3": ["Roof: Air temperature"],
    "phenomenonTime gt 2026-03-01T02:00:00Z and id eq 3": ["Roof: Air temperature"],
    "phenomenonTime gt 2026-03-01T05:00:00Z and id eq 3": [],
    "phenomenonTime eq 2026-03-01T03:00:00Z/2026-03-01T12:00:00Z": ["Roof: Air temperature"],
    "st_within(observedArea, geography'POLYGON((7.42 43.73,7.44 43.73,7.44 43.75,7.42 43.75,7.42 43.73))') and id lt 4": [
        "Roof: Air temperature"
    ],
    "Thing/id eq 1": ["Lift 1: In service", "Lift 1: Battery"],
    "unitOfMeasurement/symbol eq '°C'": ["Roof: Air temperature"],
}


@pytest.mark.parametrize("expression", THINGS)
def test_things(reading: TestClient, expression: str) -> None:
    assert names(reading, f"Things?$filter={_quoted(expression)}") == THINGS[expression]


@pytest.mark.parametrize("expression", OBSERVATIONS)
def test_observations(reading: TestClient, expression: str) -> None:
    found = results(reading, f"Datastreams(3)/Observations?$filter={_quoted(expression)}")
    assert found == [float(n) for n in OBSERVATIONS[expression]]


@pytest.mark.parametrize("expression", DATASTREAMS)
def test_datastreams(reading: TestClient, expression: str) -> None:
    assert names(reading, f"Datastreams?$filter={_quoted(expression)}") == DATASTREAMS[expression]


def _quoted(expression: str) -> str:
    return expression.replace("%", "%25").replace("+", "%2B").replace("#", "%23")


def test_orders_take_expressions_and_put_nulls_first(reading: TestClient) -> None:
    assert names(reading, "Things?$orderby=length(name) desc,name") == ["Lift 1", "Roof"]
    assert names(reading, "Things?$orderby=properties/name_zh") == ["Roof", "Lift 1"]
    assert names(reading, "Datastreams?$orderby=Thing/name desc,name&$top=1") == ["Roof: Air temperature"]
