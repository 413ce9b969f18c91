"""Whatever a client asks, it is answered or refused: never an error of ours."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.sensorthings.filters import read_filter
from api.sensorthings.paths import read_path
from twin.errors import NotFound, Refused
from twin.queries.entities import ENTITIES
from twin.queries.functions import FUNCTIONS

QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
OPERATORS = ("and", "or", "eq", "ne", "gt", "ge", "lt", "le", "add", "sub", "mul", "div", "mod")
PATHS = (
    "id",
    "@iot.id",
    "name",
    "properties",
    "properties/kind",
    "properties/0/x",
    "result",
    "phenomenonTime",
    "validTime",
    "resultQuality",
    "location",
    "feature",
    "observedArea",
    "unitOfMeasurement/symbol",
    "metadata",
    "time",
    *(
        f"{link}/{name}"
        for one in ENTITIES.values()
        for link in one.navigations
        for name in ("id", "name", "properties")
    ),
    "Datastreams/Observations/result",
    "Things/Locations/location",
)
LITERALS = (
    "null",
    "true",
    "0",
    "1",
    "2.5",
    "1e308",
    "99999999999999999999",
    "''",
    "'x'",
    "'%'",
    "'\\'",
    "'12-34'",
    "'一'",
    "2026-03-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
    "2026-03-01",
    "23:59:59",
    "duration'P999999D'",
    "duration'-PT1S'",
    "geography'POINT (7 43)'",
    "geometry'POINT EMPTY'",
    "geography'POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))'",
    "geography'LINESTRING (0 0, 200 900)'",
    "geography'GEOMETRYCOLLECTION EMPTY'",
)


def expressions() -> st.SearchStrategy[str]:
    """Draw expressions of every function and operator on everything, whether or not the kinds fit."""
    leaves = st.sampled_from(PATHS) | st.sampled_from(LITERALS)

    def grown(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        joined = st.tuples(inside, st.sampled_from(OPERATORS), inside).map(" ".join)
        called = st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inside, max_size=3)).map(
            lambda parts: f"{parts[0]}({', '.join(parts[1])})"
        )
        return joined | called | inside.map("not {}".format) | inside.map("({})".format) | inside.map("-{}".format)

    return st.recursive(leaves, grown, max_leaves=6)


@QUICK
@given(
    name=st.sampled_from(sorted(ENTITIES)), expression=expressions(), option=st.sampled_from(["$filter", "$orderby"])
)
def test_any_expression_is_answered_or_refused(reading: TestClient, name: str, expression: str, option: str) -> None:
    answer = reading.get(f"{name}?{option}={quote(expression)}&$top=2")
    assert answer.status_code in (200, 400), answer.text


# The functions on arguments of the kinds they take reach the database, where values may not fit.
ARGUMENTS = {
    "number": ("result", "0", "-1", "1e308", "99999999999", "0.5"),
    "text": ("Datastream/name", "''", "'%'", "'T*F**F***'", "'nonsense'"),
    "time": ("phenomenonTime", "resultTime", "mindatetime()", "maxdatetime()"),
    "geometry": ("Datastream/observedArea", *(one for one in LITERALS if one.startswith("geo"))),
}


@QUICK
@given(data=st.data(), name=st.sampled_from(sorted(FUNCTIONS)))
def test_any_function_on_what_it_takes_is_answered_or_refused(
    reading: TestClient, data: st.DataObject, name: str
) -> None:
    function = FUNCTIONS[name]
    given_ = [data.draw(st.sampled_from(ARGUMENTS[kind])) for kind in function.takes]
    signs = {"mul", "div", "mod"}
    call = f"{given_[0]} {name} {given_[1]}" if name in signs else f"{name}({', '.join(given_)})"
    if name == "negate":
        call = f"-{given_[0]}"
    answer = reading.get(f"Observations?$orderby={quote(call)}&$top=2")
    assert answer.status_code in (200, 400), answer.text


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="()'/,;$ eqandortn0123.-:TZ", max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        read_filter(text)
    except Refused:
        return


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="Things()/'$0123 aeu", max_size=60))
def test_any_text_is_a_path_or_not_found(text: str) -> None:
    try:
        read_path(text)
    except NotFound:
        return


@QUICK
@given(st.binary(max_size=80).map(lambda junk: junk.replace(b"#", b"").replace(b"\r", b"").replace(b"\n", b"")))
def test_any_query_string_is_answered_or_refused(reading: TestClient, junk: bytes) -> None:
    answer = reading.get("Things?$expand=" + quote(junk) + "&$select=" + quote(junk))
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", ["Things", "Things(1)", "Observations", "CreateObservations", "", "Nothing", "Things/$ref"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        b"[" * 5_000,
        b'{"name": "\\u0000"}',
        b'{"result": 1e400}',
        b'{"name": NaN}',
        b'{"result": 1, "Datastream": {"@iot.id": 1e99}}',
        b'{"result": 1, "Datastream": {"@iot.id": 99999999999999999999999}}',
        b'{"result": 1, "Datastream": {"@iot.id": 3}, "phenomenonTime": "9999-99-99T00:00:00Z"}',
        b'{"result": 1, "Datastream": {"@iot.id": 3}, "phenomenonTime": 5}',
        b'{"name": "x", "description": "y", "Locations": [{"@iot.id": true}]}',
        b'{"name": "x", "description": "y", "Locations": [{"name": "n"}]}',
        b'{"name": "x", "description": "y", "properties": []}',
        b'{"name": {"a": 1}, "description": "y"}',
        b'[{"op": "replace", "path": "/name", "value": 5}]',
        b'[{"Datastream": {"@iot.id": 3}, "components": ["result"], "dataArray": [[1, 2]]}]',
        b'[{"Datastream": {"@iot.id": 77}, "components": ["result"], "dataArray": [[1]]}]',
    ],
)
def test_no_body_is_an_error_of_ours(writing: TestClient, method: str, path: str, body: bytes) -> None:
    if method == "DELETE" and path == "Things(1)":
        path = "Things(99)"
    answer = writing.request(method, path, content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500 or (method, path, body) in FINE, answer.text


FINE = {
    ("PATCH", "Things(1)", b"{}"),  # nothing to change
    ("POST", "CreateObservations", b"[]"),
}
