"""Notices: put up by who looks after people, read without an account on the page of whom they are for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from twin import accounts, db
from twin.roles import Role
from viz.notices import WRONG

PASSWORD = "correct horse battery"
NOW = datetime.now(UTC)
SOON, LATER = (NOW + timedelta(hours=1)).isoformat(), (NOW + timedelta(hours=2)).isoformat()
UP = {"from_at": (NOW - timedelta(minutes=5)).isoformat(), "until_at": LATER}


@contextmanager
def asking(database: str, role: Role) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(open_as=role), database), base_url="http://127.0.0.1") as client:
        yield client


def two_buildings(database: str) -> list[tuple[int, int, int]]:
    """Two buildings in grids apart: building, grid, the community around it."""
    with db.opened(database) as engine, engine.connect() as connection:
        rows = connection.execute(
            sa.text("""
            SELECT min(b.id), g.id, g.parent_id FROM building b JOIN grid g ON g.id = b.grid_id
             WHERE b.node_id IS NOT NULL GROUP BY 2, 3 ORDER BY 2 LIMIT 2
            """)
        )
        return [tuple(row) for row in rows]


def test_a_notice_reaches_whom_it_is_for_and_nobody_else_until_it_is_over_or_taken_down(monaco: str) -> None:
    (here, grid, _), (there, _, _) = two_buildings(monaco)
    with asking(monaco, Role.OPERATOR) as desk, asking(monaco, Role.PUBLIC) as public:

        def read(building: int) -> list[str]:
            answer = public.get("/api/ways", params={"building": building}).json()
            return [one["text"] for one in answer["notices"]]

        for_one = desk.post("/api/notices", json=UP | {"text": "the lift is serviced", "building": here})
        assert for_one.status_code == 201, for_one.text
        desk.post("/api/notices", json=UP | {"text": "no water", "grid": grid})
        desk.post("/api/notices", json=UP | {"text": "for all"})
        desk.post("/api/notices", json={"text": "soon", "from_at": SOON, "until_at": LATER})
        assert read(here) == ["the lift is serviced", "no water", "for all"]
        assert read(there) == ["for all"]
        listed = public.get("/api/notices", params={"limit": 3}).json()
        assert len(listed["notices"]) == 3
        rest = public.get(f"/api/notices{listed['next']}").json()
        assert [one["text"] for one in rest["notices"]] == ["soon"]

        key = for_one.json()["id"]
        tag = desk.get(f"/api/notices/{key}").headers["etag"]
        assert desk.post(f"/api/notices/{key}/withdraw", headers={"If-Match": tag}).status_code == 200
        assert desk.post(f"/api/notices/{key}/withdraw", headers={"If-Match": tag}).status_code == 412
        assert read(here) == ["no water", "for all"]


def test_the_page_says_it_in_the_language_there_is(monaco: str) -> None:
    ((here, _, _), _) = two_buildings(monaco)
    with asking(monaco, Role.OPERATOR) as desk:
        desk.post("/api/notices", json=UP | {"text": "<b>no</b> water", "text_zh": "停水", "building": here})
        desk.post("/api/notices", json=UP | {"text_zh": "电梯检修", "building": here})
        english = desk.get("/near", params={"building": here, "lang": "en"}).text
        chinese = desk.get("/near", params={"building": here, "lang": "zh"}).text
    assert "&lt;b&gt;no&lt;/b&gt; water" in english
    assert '<p class="notice" lang="zh-CN">电梯检修</p>' in english
    assert "停水" in chinese
    assert "water" not in chinese


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"words": " ", "begins": "2026-01-01T10:00", "ends": "2027-01-01T10:00"}, WRONG[0]),
        ({"words": "x" * 501, "begins": "2026-01-01T10:00", "ends": "2027-01-01T10:00"}, WRONG[1]),
        ({"words": "x", "begins": "2026-01-02T10:00", "ends": "2026-01-01T10:00"}, WRONG[2]),
        (
            {"words": "x", "grid": "1", "building": "1", "begins": "2026-01-01T10:00", "ends": "2027-01-01T10:00"},
            WRONG[3],
        ),
        ({"words": "x", "begins": "tomorrow", "ends": ""}, WRONG[4]),
    ],
)
def test_what_is_wrong_with_a_form_is_said_on_the_page_and_nothing_is_kept(
    served: TestClient, form: dict[str, str], why: str
) -> None:
    answer = served.post("/notices", params={"lang": "en"}, data=form)
    assert answer.status_code == 422
    assert f"The notice is not kept: {why}" in answer.text
    assert served.get("/api/notices").json()["notices"] == []
    assert f">{form['words'] if form['words'].strip() else ' '}</textarea>" in answer.text


@pytest.fixture(scope="module")
def served(monaco_of_file: str) -> Iterator[TestClient]:
    with asking(monaco_of_file, Role.OPERATOR) as client:
        yield client


def test_a_form_puts_up_and_takes_down(served: TestClient) -> None:
    local = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    form = {"words_zh": "明天检修电梯", "begins": NOW.strftime("%Y-%m-%dT%H:%M"), "ends": local}
    page = served.post("/notices", params={"lang": "zh"}, data=form)
    assert page.status_code == 200
    assert "明天检修电梯" in page.text
    (one,) = served.get("/api/notices").json()["notices"]
    assert "明天检修电梯" not in served.post("/notices", params={"lang": "zh"}, data={"withdraw": str(one["id"])}).text


def test_a_grid_worker_writes_to_own_grids_alone(monaco: str) -> None:
    (here, grid, _), (there, other, _) = two_buildings(monaco)
    with db.opened(monaco) as engine, engine.begin() as connection:
        accounts.create(connection, "wang", Role.GRID_WORKER, PASSWORD, grids=[grid])
    with TestClient(create(ServeSettings(), monaco), base_url="https://127.0.0.1") as client:
        client.post("/signin", data={"name": "wang", "password": PASSWORD}, follow_redirects=False)
        origin = {"Origin": "https://127.0.0.1"}

        def write(**whose: int) -> int:
            return client.post("/api/notices", json=UP | {"text": "x", **whose}, headers=origin).status_code

        assert [write(grid=grid), write(building=here)] == [201, 201]
        assert [write(grid=other), write(building=there)] == [404, 404]
        assert write() == 403
        with asking(monaco, Role.OPERATOR) as desk:
            theirs = desk.post("/api/notices", json=UP | {"text": "theirs", "grid": other}).json()["id"]
        answer = client.post(f"/api/notices/{theirs}/withdraw", headers=origin)
        assert answer.status_code == 404, answer.text
