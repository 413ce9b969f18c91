"""Exports: the rows of the collection, with who, when, what for and by which norm; and in the audit."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest
from fastapi.testclient import TestClient

from api import formats
from twin import audit, db


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
