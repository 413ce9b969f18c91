"""CQL2: each operator against the same question asked in Python, in both languages; and what must not pass."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import cql2
import httpx
import pytest
import shapely

from tests.api.features.conftest import Get
from twin.errors import Refused
from twin.queries.cql2 import condition, parse

Properties = dict[str, Any]
CENTRE = "7.4215, 43.7325"
AREA = "POLYGON((7.418 43.730, 7.425 43.730, 7.425 43.735, 7.418 43.735, 7.418 43.730))"
BOX = shapely.box(7.418, 43.730, 7.425, 43.735)

PLAIN: dict[str, Callable[[Properties], bool]] = {
    "floors > 6": lambda p: p["floors"] > 6,
    "floors <> 6": lambda p: p["floors"] != 6,
    "floors BETWEEN 3 AND 5": lambda p: 3 <= p["floors"] <= 5,
    "floors NOT BETWEEN 3 AND 5": lambda p: not 3 <= p["floors"] <= 5,
    "kind IN ('apartments', 'school')": lambda p: p["kind"] in ("apartments", "school"),
    "kind NOT IN ('apartments', 'yes')": lambda p: p["kind"] not in ("apartments", "yes"),
    "name LIKE 'Le %'": lambda p: bool(p["name"]) and p["name"].startswith("Le "),
    "CASEI(name) LIKE CASEI('le %')": lambda p: bool(p["name"]) and p["name"].lower().startswith("le "),
    "name IS NULL": lambda p: p["name"] is None,
    "name IS NOT NULL AND floors >= 10": lambda p: p["name"] is not None and p["floors"] >= 10,
    "residential = TRUE OR floors = 1": lambda p: p["residential"] or p["floors"] == 1,
    "NOT (residential = TRUE)": lambda p: not p["residential"],
    "residential AND NOT floors_assumed": lambda p: p["residential"] and not p["floors_assumed"],
    "footprint_m2 / floors > 200": lambda p: p["footprint_m2"] / p["floors"] > 200,
    "floors * 2 - 3 = 5 + 4": lambda p: p["floors"] == 6,
    "floors % 4 = 1": lambda p: p["floors"] % 4 == 1,
    "floors DIV 4 = 1": lambda p: p["floors"] // 4 == 1,
    "floors ^ 2 = 49": lambda p: p["floors"] == 7,
    "name = 'it''s'": lambda _: False,
}
SPATIAL: dict[str, Callable[[Any], bool]] = {
    f"S_INTERSECTS(geometry, {AREA})": BOX.intersects,
    "S_INTERSECTS(geom, BBOX(7.418, 43.730, 7.425, 43.735))": BOX.intersects,
    f"S_WITHIN(geometry, {AREA})": lambda shape: shape.within(BOX),
    f"S_DISJOINT(geometry, {AREA})": BOX.disjoint,
    f"S_CONTAINS({AREA}, geometry)": BOX.contains,
    f"S_OVERLAPS(geometry, {AREA})": lambda shape: shape.overlaps(BOX),
    f"S_TOUCHES(geometry, {AREA})": lambda shape: shape.touches(BOX),
    f"S_INTERSECTS(geometry, POINT({CENTRE.replace(',', '')}))": lambda shape: shape.intersects(
        shapely.Point(7.4215, 43.7325)
    ),
}


TIMES = {  # of a loss from 10:00 to 12:00
    "T_AFTER(since, TIMESTAMP('2026-11-01T09:00:00Z'))": True,
    "T_BEFORE(since, TIMESTAMP('2026-11-01T10:00:00Z'))": False,
    "T_CONTAINS(INTERVAL(since, until), INTERVAL('2026-11-01T10:30:00Z', '2026-11-01T11:00:00Z'))": True,
    "T_DISJOINT(INTERVAL(since, until), INTERVAL('2026-11-01T12:00:01Z', '..'))": True,
    "T_DURING(since, INTERVAL('2026-11-01', '2026-11-02'))": True,
    "T_EQUALS(INTERVAL(since, until), INTERVAL('2026-11-01T10:00:00Z', '2026-11-01T12:00:00Z'))": True,
    "T_FINISHEDBY(INTERVAL(since, until), INTERVAL('2026-11-01T11:00:00Z', '2026-11-01T12:00:00Z'))": True,
    "T_FINISHES(INTERVAL(since, until), INTERVAL('2026-11-01T09:00:00Z', '2026-11-01T12:00:00Z'))": True,
    "T_INTERSECTS(INTERVAL(since, until), INTERVAL('..', '2026-11-01T10:00:00Z'))": True,
    "T_MEETS(INTERVAL(since, until), INTERVAL('2026-11-01T12:00:00Z', '..'))": True,
    "T_METBY(INTERVAL(since, until), INTERVAL('2026-11-01T09:00:00Z', '2026-11-01T10:00:00Z'))": True,
    "T_OVERLAPS(INTERVAL(since, until), INTERVAL('2026-11-01T11:00:00Z', '2026-11-01T13:00:00Z'))": True,
    "T_OVERLAPPEDBY(INTERVAL(since, until), INTERVAL('2026-11-01T09:00:00Z', '2026-11-01T11:00:00Z'))": True,
    "T_STARTEDBY(INTERVAL(since, until), INTERVAL('2026-11-01T10:00:00Z', '2026-11-01T11:00:00Z'))": True,
    "T_STARTS(INTERVAL(since, until), INTERVAL('2026-11-01T10:00:00Z', '2026-11-01T11:00:00Z'))": False,
    "since > TIMESTAMP('2026-11-01T09:59:59Z') AND until < DATE('2026-11-02')": True,
}


@pytest.fixture(scope="module")
def buildings(get: Get) -> list[Any]:
    return list(get("/collections/buildings/items", limit=10_000)["features"])


def found(get: Get, filter_: str, **query: str) -> set[int]:
    return {one["id"] for one in get("/collections/buildings/items", limit=10_000, filter=filter_, **query)["features"]}


@pytest.mark.parametrize("text", PLAIN)
def test_a_filter_finds_what_python_finds(get: Get, buildings: list[Any], text: str) -> None:
    expected = {one["id"] for one in buildings if PLAIN[text](one["properties"])}
    assert found(get, text) == expected
    assert found(get, json.dumps(cql2.parse_text(text).to_json())) == expected


@pytest.mark.parametrize("text", [*PLAIN, *SPATIAL, *TIMES])
def test_a_text_is_read_as_the_standard_s_own_library_reads_it(text: str) -> None:
    ours, theirs = json.dumps(parse(text, "cql2-text")), json.dumps(cql2.parse_text(text).to_json())
    assert json.loads(ours.lower()) == json.loads(theirs.lower())


@pytest.mark.parametrize("text", SPATIAL)
def test_a_spatial_filter_finds_what_shapely_finds(get: Get, buildings: list[Any], text: str) -> None:
    expected = {one["id"] for one in buildings if SPATIAL[text](shapely.from_geojson(json.dumps(one["geometry"])))}
    assert found(get, text, filter_lang="cql2-text") == expected


def test_a_filter_s_geometry_is_in_the_crs_it_names(get: Get) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4326"
    turned = "S_INTERSECTS(geometry, BBOX(43.730, 7.418, 43.735, 7.425))"
    assert (
        found(get, turned, filter_crs=crs)
        == found(get, "S_INTERSECTS(geometry, BBOX(7.418, 43.730, 7.425, 43.735))")
        != set()
    )


def test_times_stand_to_each_other_as_allen_says(monaco_of_file: str, get: Get) -> None:
    from tests.api.features.losses import lost

    with lost(monaco_of_file, since="2026-11-01T10:00:00Z", until="2026-11-01T12:00:00Z"):
        said = {text: get("/collections/losses/items", filter=text)["numberMatched"] == 1 for text in TIMES}
    assert said == TIMES


REFUSED = {
    "population > 3": "no property population",
    "floors > 'many'": "cannot be compared",
    "floors": "stands where a truth value is wanted",
    "S_INTERSECTS(name, POINT(1 1))": "stands where a geometry is wanted",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))": "geometry that is none",
    "T_AFTER(floors, DATE('2026-01-01'))": "where a time or an interval is wanted",
    "since > TIMESTAMP('noon')": "no property since",
    "A_CONTAINS(floors, name)": "no operator or function a_contains",
    "pg_sleep(10) = 1": "no operator or function pg_sleep",
    "floors = ": "cannot be read from character",
    "1=1; DROP TABLE building": "cannot be read from character",
    "name = 'x' OR floors IN ()": "cannot be read from character",
    "(" * 500 + "floors=1" + ")" * 500: "inside one another",
    "floors=1" + "+1" * 500: "inside one another",
    "-" * 5_000 + "floors = 1": "inside one another",
    "name LIKE '" + "x" * 9_000 + "'": "at most 8000 characters",
    '{"op": "=", "args": [{"property": "floors"}]}': "takes 2 arguments",
    '{"op": "in", "args": [{"property": "floors"}, 3]}': "IN takes a list",
    '{"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [1e300, 1]}]}': "geometry that is none",
    '{"op": "=": "args"}': "not cql2-json",
    "[]": "cannot be read from character",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_a_filter_may_not_say_is_refused_in_one_line(client: httpx.Client, text: str, reason: str) -> None:
    answer = client.get("/collections/buildings/items", params={"filter": text, "limit": 1})
    assert answer.status_code == 400, answer.text[:300]
    assert reason in answer.json()["detail"]


WORDS = (
    *(
        "(",
        "(",
        ")",
        "-",
        "- ",
        "NOT ",
        "a",
        "1",
        "=",
        "+",
        "^",
        " AND ",
        "f(",
        "IN (",
        ",",
        "'x'",
        '"',
        "{",
        "[",
        "..",
        "'",
    ),
    *(
        "S_INTERSECTS(",
        "POLYGON((",
        "INTERVAL(",
        "\n",
        "é",
        " BETWEEN ",
        "CASEI(",
        "GEOMETRYCOLLECTION(",
        "1e999",
        " IS NOT ",
    ),
)


def test_junk_is_read_or_refused_and_nothing_else_comes_of_it() -> None:
    """The standard's own library takes minutes for some of these and ends the process for others."""
    draw = random.Random(7)
    refused = 0
    for _ in range(20_000):
        some = draw.sample(WORDS, draw.randint(1, 6))
        text = "".join(draw.choice(some) for _ in range(draw.choice((3, 30, 1_000))))
        try:
            condition(parse(text, "cql2-text"), {}, lambda shape: shape)
        except Refused:
            refused += 1
    assert refused > 19_000


@pytest.mark.parametrize("language", ["cql2-text", "cql2-json"])
def test_the_deepest_filter_that_is_read_can_be_asked(get: Get, language: str) -> None:
    text = "(" * 19 + "floors" + " + 1" * 29 + ")" * 19 + " > 0"
    whole = json.dumps(parse(text, "cql2-text")) if language == "cql2-json" else text
    assert found(get, whole, filter_lang=language)
