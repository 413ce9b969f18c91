"""Features: pages, boxes, times, reference systems, orders, formats, and what is refused."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from tests.api.features.conftest import Get
from twin.queries.collections import COLLECTIONS

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
DRAWN = [name for name, one in COLLECTIONS.items() if not one.is_computed]


def test_the_landing_page_leads_to_everything(get: Get, client: httpx.Client) -> None:
    links = {one["rel"]: one["href"] for one in get("/")["links"]}
    for rel in ("self", "service-desc", "service-doc", "conformance", "data"):
        assert client.get(links[rel]).status_code == 200
    assert {one["id"] for one in get("/collections")["collections"]} == set(COLLECTIONS)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_link_of_a_collection_is_answered(get: Get, client: httpx.Client, name: str) -> None:
    for one in get(f"/collections/{name}")["links"]:
        answer = client.get(one["href"])
        assert answer.status_code == 200, (one, answer.text[:200])
        assert answer.headers["content-type"].startswith(one["type"].split(";")[0])


@pytest.mark.parametrize("name", COLLECTIONS)
def test_features_have_the_properties_that_the_schema_names(get: Get, name: str) -> None:
    schema = set(get(f"/collections/{name}/schema")["properties"]) - {"id", "geometry"}
    page = get(f"/collections/{name}/items", limit=5)
    assert all(set(one["properties"]) == schema for one in page["features"])
    assert schema == set(get(f"/collections/{name}/queryables")["properties"]) - {"geometry"}


def test_pages_follow_each_other_without_gap_or_double(get: Get, client: httpx.Client) -> None:
    page, keys = get("/collections/facilities/items", limit=37), []
    while True:
        keys += [one["id"] for one in page["features"]]
        following = [one["href"] for one in page["links"] if one["rel"] == "next"]
        if not following:
            break
        page = client.get(following[0]).json()
    assert len(keys) == len(set(keys)) == page["numberMatched"] > 100


def test_more_than_the_most_is_the_most(get: Get) -> None:
    page = get("/collections/network/items", limit=1_000_000)
    assert page["numberReturned"] == min(10_000, page["numberMatched"])


def test_a_box_finds_what_shapely_finds(get: Get) -> None:
    box = (7.418, 43.730, 7.425, 43.735)
    every = get("/collections/buildings/items", limit=10_000)["features"]
    inside = {
        one["id"] for one in every if shapely.box(*box).intersects(shapely.from_geojson(json.dumps(one["geometry"])))
    }
    found = get("/collections/buildings/items", limit=10_000, bbox=",".join(map(str, box)))["features"]
    assert 0 < len(inside) < len(every)
    assert {one["id"] for one in found} == inside


def test_a_box_in_another_crs_and_axis_order_finds_the_same(get: Get) -> None:
    plain = get("/collections/grids/items", bbox="7.418,43.730,7.425,43.735")
    turned = get("/collections/grids/items", bbox="43.730,7.418,43.735,7.425", bbox_crs=f"{EPSG}4326")
    assert [one["id"] for one in plain["features"]] == [one["id"] for one in turned["features"]] != []


def test_a_box_over_the_180th_meridian_is_two(get: Get) -> None:
    assert get("/collections/grids/items", bbox="170,-80,-170,80")["numberMatched"] == 0
    assert get("/collections/grids/items", bbox="7,-80,-170,80")["numberMatched"] > 0


@pytest.mark.parametrize(
    ("srid", "is_flipped"), [(4326, True), (4490, True), (4549, True), (3857, False), (32632, False)]
)
def test_coordinates_are_the_crs_s_own_in_its_own_order(
    get: Get, client: httpx.Client, srid: int, is_flipped: bool
) -> None:
    plain = get("/collections/facilities/items", limit=1)["features"][0]["geometry"]["coordinates"]
    answer = client.get("/collections/facilities/items", params={"limit": 1, "crs": f"{EPSG}{srid}"})
    assert answer.headers["content-crs"] == f"<{EPSG}{srid}>"
    found = answer.json()["features"][0]["geometry"]["coordinates"]
    x, y = Transformer.from_crs(4326, srid, always_xy=True).transform(*plain)
    tolerance = 2e-7 if srid in (4326, 4490) else 0.02
    assert found == pytest.approx([y, x] if is_flipped else [x, y], abs=tolerance)


def test_a_property_in_the_query_is_a_filter(get: Get) -> None:
    found = get("/collections/facilities/items", service="pharmacy")
    assert {one["properties"]["service"] for one in found["features"]} == {"pharmacy"}
    assert (
        found["numberMatched"] == get("/collections/facilities/items", filter="service = 'pharmacy'")["numberMatched"]
    )


def test_an_order_sorts_and_nothing_comes_last(get: Get) -> None:
    floors = [one["properties"]["floors"] for one in get("/collections/buildings/items", sortby="-floors")["features"]]
    assert floors == sorted(floors, reverse=True)
    names = [
        one["properties"]["name"]
        for one in get("/collections/buildings/items", limit=10_000, sortby="name")["features"]
    ]
    assert None not in names[: len([name for name in names if name is not None])]


def test_chosen_properties_come_alone(get: Get) -> None:
    (one,) = get("/collections/grids/items", limit=1, properties="code,level")["features"]
    assert set(one["properties"]) == {"code", "level"}


def test_one_feature_is_found_by_its_id(get: Get, client: httpx.Client) -> None:
    key = get("/collections/grids/items", limit=1)["features"][0]["id"]
    one = get(f"/collections/grids/items/{key}")
    assert one["id"] == key
    assert {link["rel"] for link in one["links"]} == {"self", "alternate", "collection"}
    assert client.get("/collections/grids/items/999999999").status_code == 404
    assert client.get("/collections/grids/items/x").status_code == 404


def test_losses_are_found_by_the_time_they_lasted(monaco_of_file: str, get: Get) -> None:
    from tests.api.features.losses import lost

    with lost(monaco_of_file, since="2026-11-01T10:00:00Z", until="2026-11-01T12:00:00Z"):

        def count(moment: str) -> int:
            return int(get("/collections/losses/items", datetime=moment)["numberMatched"])

        assert count("2026-11-01T11:00:00Z") == 1
        assert count("2026-11-01T12:00:01Z") == 0
        assert count("../2026-11-01T09:59:59Z") == 0
        assert count("2026-11-01T11:30:00Z/..") == 1
        (one,) = get(
            "/collections/losses/items",
            filter="T_DURING(INTERVAL(since, until), INTERVAL('2026-11-01T09:00:00Z','..'))",
        )["features"]
        assert "residents" not in one["properties"]


@pytest.mark.parametrize("suffix", ["fgb", "parquet"])
def test_files_hold_the_features_of_the_page(get: Get, client: httpx.Client, suffix: str, tmp_path: Any) -> None:
    answer = client.get("/collections/facilities/items", params={"f": suffix, "limit": 50, "crs": f"{EPSG}4549"})
    assert answer.status_code == 200
    assert 'rel="next"' in answer.headers["link"]
    page = get("/collections/facilities/items", limit=50)["features"]
    if suffix == "fgb":
        (tmp_path / "a.fgb").write_bytes(answer.content)
        meta, _, _, values = pyogrio.raw.read(tmp_path / "a.fgb")
        names = dict(zip(meta["fields"].tolist(), values, strict=True))["name"].tolist()
        assert meta["crs"] == "EPSG:4549"
    else:
        names = pyarrow.parquet.read_table(io.BytesIO(answer.content)).column("name").to_pylist()
    assert sorted(names) == sorted(one["properties"]["name"] for one in page)


def test_people_read_the_same_as_a_page(client: httpx.Client) -> None:
    for path in ("/", "/api", "/collections", "/collections/grids", "/collections/grids/items"):
        answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": "zh"})
        assert answer.headers["content-type"].startswith("text/html")
        assert '<html lang="zh-CN"' in answer.text
    assert "<script" not in answer.text


BAD = {
    "limit=0": "limit is a whole number",
    "limit=x": "limit is a whole number",
    "limit=-1": "limit is a whole number",
    "offset=-1": "offset is a whole number",
    "bbox=1,2,3": "bbox is four numbers",
    "bbox=1,2,3,nan": "bbox is four numbers",
    "bbox=1,9,3,4": "south",
    "datetime=yesterday": "RFC 3339",
    "datetime=2026-02-02T00:00:00Z/2026-01-01T00:00:00Z": "ends before it begins",
    "crs=EPSG:4326": "the CRS is not one",
    f"crs={EPSG}99999": "the CRS is not one",
    "sortby=population": "sortby names properties",
    "properties=population": "properties names properties",
    "population=3": "no parameter is called population",
    "households=many": "households is a number",
    "generated=perhaps": "generated is a truth value",
    "limit=1&limit=2": "stands twice",
    "f=xml": "f is one of",
    "filter-lang=sql&filter=1": "filter-lang is one of",
    "code=%00": "code is a text",
}


@pytest.mark.parametrize(("query", "reason"), BAD.items())
def test_what_is_not_understood_is_refused_in_one_line(client: httpx.Client, query: str, reason: str) -> None:
    answer = client.get(f"/collections/grids/items?{query}")
    assert answer.status_code == 400, answer.text[:300]
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize("name", DRAWN)
def test_no_collection_shows_how_many_people(get: Get, name: str) -> None:
    assert not {"residents", "residents_possible"} & set(get(f"/collections/{name}/schema")["properties"])


def test_coverage_is_the_same_as_the_page_shows(get: Get, client: httpx.Client, served: str) -> None:
    query = {"service": "pharmacy", "mobility_group": "adult"}
    rows = get("/collections/coverage/items", **query)["features"]
    asked = {"service": "pharmacy", "group": "adult", "minutes": "15"}
    page = client.get(served.removesuffix("/ogc") + "/api/coverage", params=asked).json()["grids"]
    shown = {one["code"]: (one["residents"]["value"], one["share"], one["share_possible"]) for one in page}
    found = {one["properties"]["grid_code"]: one["properties"] for one in rows}
    assert len(found) > 40
    for code, one in found.items():
        assert (one["residents"], one["share"], one["share_possible"]) == shown[code]
    groups = {
        one["properties"]["mobility_group"] for one in get("/collections/coverage/items", limit=10_000)["features"]
    }
    assert len(groups) >= 6
