"""Clients written by others work unchanged against the served interface."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from ogcapi_registry import parse_conformance_classes, validate_ogc_api
from owslib.ogcapi.features import Features

from tests.api.features.conftest import Get
from twin.queries.collections import COLLECTIONS

BOX = (7.418, 43.730, 7.425, 43.735)
GDAL = Path(__file__).with_name("gdal.py")


def gdal(url: str, layer: str = "", **options: object) -> Any:
    done = subprocess.run(
        [sys.executable, GDAL, url, layer, json.dumps(options)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-600:]
    return json.loads(done.stdout)


def test_gdal_lists_the_collections(served: str) -> None:
    assert set(gdal(served)) == set(COLLECTIONS)


@pytest.mark.parametrize("name", ["grids", "buildings", "facilities", "network"])
def test_gdal_reads_every_feature_with_its_fields(served: str, get: Get, name: str) -> None:
    read = gdal(served, name)
    assert read["count"] == get(f"/collections/{name}/items", limit=1)["numberMatched"]
    assert set(COLLECTIONS[name].properties) <= set(read["fields"])


def test_gdal_asks_for_large_pages(client: httpx.Client) -> None:
    """A page of 10, the standard's example, would take it hundreds of requests for the demo's network."""
    limit = client.get("/api").json()["components"]["parameters"]["limit"]["schema"]
    assert (limit["default"], limit["maximum"]) == (1_000, 10_000)


def test_gdal_filters_by_box_and_by_attribute(served: str, get: Get) -> None:
    boxed = get("/collections/buildings/items", bbox=",".join(map(str, BOX)))["numberMatched"]
    assert gdal(served, "buildings", bbox=BOX)["count"] == boxed
    high = gdal(served, "buildings", where="floors > 12", columns=["floors"])
    assert high["count"] == get("/collections/buildings/items", filter="floors > 12")["numberMatched"] > 0
    assert min(high["fields"]["floors"]) > 12


def test_gdal_reads_in_another_crs(served: str) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4549"
    assert gdal(served, "grids", CRS=crs, max_features=1)["crs"] == "EPSG:4549"


def test_owslib_reads_filters_and_pages(served: str) -> None:
    features = Features(served)
    assert set(features.feature_collections()) == set(COLLECTIONS)
    assert "service" in features.collection_queryables("facilities")["properties"]
    page = features.collection_items("facilities", limit=5, bbox=list(BOX), filter="service = 'pharmacy'")
    assert 0 < page["numberReturned"] <= 5
    assert {one["properties"]["service"] for one in page["features"]} == {"pharmacy"}
    one = features.collection_item("facilities", str(page["features"][0]["id"]))
    assert one["properties"] == page["features"][0]["properties"]


def test_the_definition_passes_the_static_check_of_ogcapi_registry(client: httpx.Client) -> None:
    classes = parse_conformance_classes(client.get("/conformance").json()["conformsTo"])
    result = validate_ogc_api(client.get("/api").json(), classes)
    assert [(one["path"], one["message"]) for one in result.errors] == []
    assert result.is_valid
