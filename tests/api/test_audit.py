"""The audit by HTTP: measured, counted as measured by the next audit, printed to be signed, and read aloud; each by its role."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pypdf import PdfReader

from api.app import create
from api.settings import ServeSettings
from deploy.services import Services
from tests.api.people import ROOT, enrol, token
from tests.conftest import _copied
from tests.twin.test_photos import GPS, camera
from twin.roles import Role

NOON = "2026-11-20T12:00:00+01:00"


@pytest.fixture(scope="module")
def town(services: Services, monaco_template: str) -> Iterator[tuple[TestClient, dict[Role, dict[str, str]]]]:
    with _copied(services, monaco_template) as url:
        tokens = {role: token(url, enrol(url, role)) for role in (Role.AUDITOR, Role.CARE, Role.GRID_WORKER)}
        app: FastAPI = create(ServeSettings(), url)
        with TestClient(app, base_url=ROOT) as client:
            yield client, tokens


@pytest.fixture
def client(town: tuple[TestClient, dict[Role, dict[str, str]]]) -> TestClient:
    """An auditor's."""
    client, tokens = town
    client.headers.update(tokens[Role.AUDITOR])
    return client


def audited(client: TestClient, **question: Any) -> dict[str, Any]:
    begun = client.post("/api/simulate/audit", json={"services": ["pharmacy"], "most": 200, **question})
    assert begun.status_code in {200, 202}, begun.text
    for _ in range(240):
        run: dict[str, Any] = client.get(begun.json()["link"]).json()
        if run["state"] != "running":
            return run
        time.sleep(0.3)
    raise AssertionError(run["progress"])


def counted(run: dict[str, Any], element: str) -> dict[str, Any]:
    return next(one for one in run["answer"]["elements"] if one["element"] == element)


def test_what_is_measured_with_a_photo_is_measured_in_the_next_audit_and_in_the_report(client: TestClient) -> None:
    first = audited(client)
    steps = next(
        one for one in first["answer"]["breaks"] if one["kind"] == "steps" and one["fails"][0]["measured"] == "steps"
    )
    sent = client.post("/api/photos", content=camera(), headers={"Content-Type": "image/jpeg"})
    assert sent.status_code == 201, sent.text
    photo = sent.json()["photo"]
    entered = {
        "element": f"edge:{steps['source_id']}",
        "kind": "step_count",
        "value": 23,
        "unit": "1",
        "measured_at": NOON,
        "photo": photo,
    }
    kept = client.post("/api/measurements", json=entered)
    assert kept.status_code == 201, kept.text
    line = kept.json()
    assert (line["measured_by"], line["element_id"], line["what"], line["is_in_twin"]) == (
        "auditor",
        steps["id"],
        "steps",
        True,
    )
    assert client.get("/api/measurements").json()["measurements"][0] == line
    picture = client.get(f"/api/photos/{photo}.jpg")
    assert picture.headers["content-type"] == "image/jpeg"
    assert b"SOMEBODY" not in picture.content
    assert GPS.to_bytes(2, "big") + b"\x00\x04" not in picture.content

    then = audited(client)
    again = next(one for one in then["answer"]["breaks"] if one["id"] == steps["id"])
    assert (again["fails"][0]["measured"], again["measured_by"]["who"]) == (23.0, "auditor")
    before, after = counted(first, "step_count"), counted(then, "step_count")
    assert (after["measured"], after["not_measured"]) == (before["measured"] + 1, before["not_measured"] - 1)
    assert then["run"] != first["run"]

    lines = client.get(f"/api/audits/{then['run']}/lines").json()["features"]
    assert {one["id"] for one in lines} >= {one["id"] for one in then["answer"]["breaks"]}
    report = client.get(
        f"/api/audits/{then['run']}/report.pdf", params={"lang": "zh", "service": "pharmacy", "months": 1}
    )
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(report.content)).pages)
    assert [
        word for word in ("台阶级数", "23", "auditor", then["run"], "签字或盖章", photo[:16]) if word not in text
    ] == []
    assert client.delete(f"/api/photos/{photo}.jpg").status_code == 204
    assert client.get(f"/api/photos/{photo}.jpg").status_code == 404


def test_the_counts_of_the_audit_fit_together(client: TestClient) -> None:
    run = audited(client, services=[])
    kinds = {one["element"]: one for one in run["answer"]["elements"]}
    ground = {name: kinds[name]["measured"] + kinds[name]["estimated"] + kinds[name]["not_measured"] for name in kinds}
    assert ground["incline"] == ground["width"] == ground["surface"] > ground["kerb"] > 0
    assert kinds["incline"]["not_measured_m"] > 0 == kinds["entrance"]["not_measured_m"]
    for one in run["answer"]["breaks"]:
        assert one["people"].keys() == one["by_service"].keys()
        assert all(sum(bands.values()) == one["people"][service] for service, bands in one["by_service"].items())


def test_a_summary_is_told_in_both_languages_and_sounds(client: TestClient) -> None:
    run = audited(client)["run"]
    for language, first in (("en", "Step-free audit of Monaco."), ("zh", "摩纳哥无障碍审计。")):
        told = client.get("/api/spoken/audit/text", params={"lang": language, "run": run}).json()
        assert told["sentences"][0] == first
        assert len(told["sentences"]) >= 4
    now = client.get("/api/spoken/now/text", params={"lang": "en"}).json()["sentences"]
    assert now[0] == "Monaco now."
    sound = client.get("/api/spoken/now/wav", params={"lang": "zh"})
    assert (sound.headers["content-type"], sound.content[:4]) == ("audio/wav", b"RIFF")
    building = client.get("/api/addresses", params={"text": "grimaldi"}).json()["addresses"][0]["building"]
    near = client.get("/api/spoken/near/wav", params={"building": building, "service": "pharmacy"})
    assert near.content[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/spoken/audit/text", None, 422),
        ("GET", f"/api/spoken/audit/text?run={'0' * 64}", None, 404),
        ("GET", "/api/spoken/anything/text", None, 422),
        ("GET", "/api/spoken/now/text?text=say%20this", None, 422),
        ("GET", f"/api/audits/{'0' * 64}/report.pdf", None, 404),
        ("GET", "/api/lift-months?first=2026-13", None, 422),
        ("GET", "/api/lift-months?first=2099-01", None, 422),
        ("GET", "/api/measurable?lon=7.4", None, 422),
        ("GET", "/api/photos/../secret.jpg", None, 404),
        (
            "POST",
            "/api/measurements",
            {"element": "edge:x", "kind": "width", "measured_at": NOON, "value": 1, "unit": "m"},
            404,
        ),
        (
            "POST",
            "/api/measurements",
            {"element": "edge:x", "kind": "width", "measured_at": "2026-11-20T12:00", "value": 1},
            422,
        ),
        ("POST", "/api/photos", {"no": "photo"}, 422),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    client: TestClient, method: str, path: str, body: Any, status: int
) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "\n" not in answer.json()["detail"]


def test_a_photo_that_is_too_large_is_not_read_to_its_end(client: TestClient) -> None:
    answer = client.post("/api/photos", content=iter([b"\xff" * 2**20] * 17))
    assert answer.status_code == 413


def test_care_sees_measurements_and_enters_none_and_the_public_sees_nothing(
    town: tuple[TestClient, dict[Role, dict[str, str]]],
) -> None:
    client, tokens = town
    entered = {"element": "edge:x", "kind": "width", "measured_at": NOON, "value": 1, "unit": "m"}
    for role, read in ((Role.CARE, 200), (Role.GRID_WORKER, 403)):
        assert client.get("/api/measurements", headers=tokens[role]).status_code == read
        assert client.post("/api/measurements", json=entered, headers=tokens[role]).status_code == 403
    assert client.get("/api/measurements", headers={"Authorization": ""}).status_code == 401
    assert client.get("/api/spoken/now/wav", headers={"Authorization": ""}).status_code == 401
