"""Exports: the rows of the collection, with who, when, what for and by which norm; and in the audit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyogrio
import pytest
import shapely
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pyproj import CRS, Transformer
from starlette.routing import Route

from api import formats
from api.access import every_route
from api.app import create
from api.settings import ServeSettings
from twin import audit, db, places
from twin.queries.collections import COLLECTIONS
from twin.roles import Role


@pytest.mark.parametrize("suffix", formats.suffixes())
def test_an_export_has_the_rows_of_the_collection(client: TestClient, suffix: str) -> None:
    answer = client.get(f"/api/exports/facilities.{suffix}", params={"purpose": "yearly review", "service": "pharmacy"})
    assert answer.status_code == 200, answer.text
    assert f'filename="facilities.{suffix}"' in answer.headers["content-disposition"]
    page = client.get("/ogc/collections/facilities/items?service=pharmacy&limit=1").json()
    assert int(answer.headers["linli-rows"]) == page["numberMatched"] > 10


def test_an_export_says_who_when_what_for_and_by_which_norm(client: TestClient) -> None:
    answer = client.get("/api/exports/grids.xlsx", params={"purpose": "年度评估"})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    about = {str(name): value for name, value in book["about"].iter_rows(values_only=True)}
    assert set(about) == {"time", "user", "purpose", "norms", "source", "query"}
    assert about["purpose"] == "年度评估"
    assert about["user"] == "anybody here"
    assert "OpenStreetMap" in str(about["source"])
    assert book["grids"].max_row - 1 == client.get("/ogc/collections/grids/items?limit=1").json()["numberMatched"]


def test_an_export_is_more_than_a_page(client: TestClient) -> None:
    answer = client.get("/api/exports/network.geojson", params={"purpose": "map"})
    matched = client.get("/ogc/collections/network/items?limit=1").json()["numberMatched"]
    assert len(json.loads(answer.content)["features"]) == matched > 5_000


def test_coverage_is_exported_as_it_is_shown(client: TestClient) -> None:
    answer = client.get("/api/exports/coverage.geojson", params={"purpose": "plan", "filter": "service = 'clinic'"})
    rows = json.loads(answer.content)["features"]
    assert rows
    assert all(one["properties"]["residents"] % 5 == 0 for one in rows if one["properties"]["residents"] is not None)


def test_each_export_is_in_the_audit(client: TestClient, monaco: str) -> None:
    client.get("/api/exports/things.csv", params={"purpose": "stocktaking"})
    with db.opened(monaco) as engine, engine.connect() as connection:
        newest = audit.entries(connection, limit=1)[0]
    assert newest.event == "exported"
    assert newest.detail["purpose"] == "stocktaking"
    assert newest.detail["what"] == "things"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("grids.csv", 422),  # no purpose
        ("grids.csv?purpose=x", 422),
        ("grids.doc?purpose=plan", 422),
        ("people.csv?purpose=plan", 404),
        ("grids.csv?purpose=plan&color=red", 422),
    ],
)
def test_what_cannot_be_exported_is_refused(client: TestClient, path: str, status: int) -> None:
    answer = client.get(f"/api/exports/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


PLANNED = """
INSERT INTO building (place_id, source_id, kind, residential, floors, floors_assumed, footprint_m2, point, geom)
SELECT id, 'w1', 'hall', false, 2, false, 1000, ST_Transform(ST_Centroid(g), 4326), ST_Multi(ST_Transform(g, 4326))
FROM place, ST_MakeEnvelope(509600, 3342000, 509640, 3342025, 4549) AS g;
INSERT INTO facility (place_id, source_id, service, name, source, point)
SELECT id, 'n1', 'community_station', '服务中心', 'demo', ST_SetSRID(ST_MakePoint(120.1, 30.2), 4326) FROM place
"""


@pytest.fixture
def planned(database: str) -> Iterator[TestClient]:
    """A place in the CGCS2000 3-degree zone around 120° E: one facility, and one hall of 40 m by 25 m as a candidate."""
    box = shapely.box(120.0, 30.1, 120.2, 30.3)
    with db.opened(database) as engine, engine.begin() as connection:
        places.put(
            connection, code="z", name="Z", name_zh="区", boundary=box, timezone="Asia/Shanghai", residents=0,
            households=0, attribution="none",
        )  # fmt: skip
        connection.exec_driver_sql(PLANNED)
    with TestClient(create(ServeSettings(open_as=Role.PLANNER), database), base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("suffix", ["gpkg", "fgb"])
def test_s24_an_export_for_the_spatial_plan_is_in_its_cgcs2000_zone_in_metres(
    planned: TestClient, tmp_path: Path, suffix: str
) -> None:
    asked = {"purpose": "spatial plan", "crs": "http://www.opengis.net/def/crs/EPSG/0/4549"}
    paths = [tmp_path / f"{name}.{suffix}" for name in ("buildings", "facilities")]
    for path in paths:
        path.write_bytes(planned.get(f"/api/exports/{path.name}", params=asked).content)
    hall, station = (pyogrio.raw.read(path) for path in paths)
    assert [CRS(meta["crs"]).to_epsg() for meta in (hall[0], station[0])] == [4549, 4549]
    (shape,) = shapely.from_wkb(hall[2])
    said = dict(zip(hall[0]["fields"], (column[0] for column in hall[3]), strict=True))
    assert shape.area == pytest.approx(said["footprint_m2"], abs=0.01) == 1000  # m²
    assert shape.bounds == pytest.approx((509_600, 3_342_000, 509_640, 3_342_025), abs=0.001)
    (point,) = shapely.from_wkb(station[2])
    there = Transformer.from_crs(4490, 4549, always_xy=True).transform(120.1, 30.2)
    assert (point.x, point.y) == pytest.approx(there, abs=0.001)


def test_s04_every_collection_has_as_many_rows_in_csv_as_in_geojson(client: TestClient) -> None:
    for name in COLLECTIONS:
        answers = {
            suffix: client.get(f"/api/exports/{name}.{suffix}", params={"purpose": "open data"})
            for suffix in ("csv", "geojson")
        }
        features = json.loads(answers["geojson"].content)["features"]
        lines = csv.reader(io.StringIO(answers["csv"].content.decode("utf-8-sig")))
        header, *rows = [line for line in lines if not line[0].startswith("#")]
        assert len(rows) == len(features) == int(answers["csv"].headers["linli-rows"])
        assert {len(row) for row in rows} <= {len(header)}
        assert rows or name in {"cases", "losses"}  # nothing was lost yet


def test_s04_the_definition_lists_every_route_below_api(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    routes = {
        (method.lower(), route.path)
        for route in every_route(app.routes)
        if isinstance(route, Route) and route.path.startswith("/api/") and route.path != "/api/openapi.json"
        for method in (route.methods or set()) - {"HEAD"}
    }
    paths = client.get("/api/openapi.json").json()["paths"]
    listed = {(method, path) for path, methods in paths.items() for method in methods}
    assert len(routes) > 40
    assert {(method, path.replace(":path", "")) for method, path in routes} - listed == set()
