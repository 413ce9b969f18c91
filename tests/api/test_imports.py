"""A file that is sent is loaded in the background, wholly or not at all, and says what became of it in both languages."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from tests.ingest.loaders import town
from twin import db, imports, places
from twin.errors import Stale
from twin.imports import Job
from twin.roles import Role

CHECKOUT = Path(__file__).resolve().parents[2]
GOOD = "id,service,name,lon,lat\nc1,clinic,Town clinic,7.415,43.735\n"
BAD = "id,service,name,lon,lat\nc1,clinic,Town clinic,43.735,7.415\n"
URL = "/api/imports"
LONG_S = 60


@pytest.fixture
def built(database: str) -> str:
    with db.opened(database) as engine, engine.begin() as connection:
        town.build(connection, np.random.default_rng(4))
    return database


@pytest.fixture
def client(built: str) -> Iterator[TestClient]:
    settings = ServeSettings(upload_bytes=100_000, open_as=Role.INTEGRATOR)
    with TestClient(create(settings, built), base_url="http://127.0.0.1") as client:
        yield client


def send(client: TestClient, content: str, name: str = "shops.csv", **fields: str) -> Any:
    form = {"kind": "facilities", "datum": "WGS84", **fields}
    return client.post(URL, data=form, files={"file": (name, content.encode())})


def ended(client: TestClient, job: int, *, state: str = "") -> dict[str, Any]:
    """Ask for a job until it has ended, or is in the state."""
    until = time.monotonic() + LONG_S
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(f"{URL}/{job}").json()
        if found["ended_at"] if not state else found["state"] == state and found["step"]:
            return found
        time.sleep(0.1)
    raise AssertionError(f"import {job} does not end")


def count(database: str, table: str = "facility") -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        return int(row[0])


def test_s28_a_file_is_loaded_with_a_receipt_in_both_languages_and_again_changes_nothing(
    client: TestClient, built: str
) -> None:
    sent = send(client, GOOD)
    assert sent.status_code == 202
    found = ended(client, sent.json()["id"])
    assert (found["state"], found["file_name"], found["bytes"]) == ("done", "shops.csv", len(GOOD))
    (receipt,) = found["receipts"]
    assert {name: receipt[name] for name in ("what", "read", "added", "changed", "removed", "unchanged")} == {
        "what": "facilities", "read": 1, "added": 1, "changed": 0, "removed": 0, "unchanged": 0,
    }  # fmt: skip
    assert receipt["lines"][0]["zh"] == "设施：读取 1，新增 1，更新 0，删除 0，未变 0，拒绝 0"
    assert count(built) == 1
    (again,) = ended(client, send(client, GOOD).json()["id"])["receipts"]
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 1)
    assert [job["state"] for job in client.get(URL).json()] == ["done", "done"]


def test_s28_each_refused_row_has_its_reason_in_both_languages_and_nothing_is_loaded(
    client: TestClient, built: str
) -> None:
    found = ended(client, send(client, BAD).json()["id"])
    assert found["state"] == "refused"
    assert found["refusal"][0]["zh"].endswith("1 行中有 1 行被拒绝，未导入任何数据（用 --partial 只导入其余行）")
    assert found["refusal"][1] == {
        "en": "line 2: lon 43.735, lat 7.415 are the wrong way round",
        "zh": "第 2 行：lon 43.735、lat 7.415 经纬度颠倒",
    }
    assert count(built) == 0
    partial = ended(
        client, send(client, BAD + GOOD.splitlines()[1].replace("c1", "c2") + "\n", partial="yes").json()["id"]
    )
    (receipt,) = partial["receipts"]
    assert (receipt["added"], receipt["rejected"][0]["row"]) == (1, "line 2")
    assert receipt["rejected"][0]["zh"] == "第 2 行：lon 43.735、lat 7.415 经纬度颠倒"


def test_s27_a_file_without_a_declared_datum_is_refused(client: TestClient) -> None:
    found = ended(client, send(client, GOOD, datum="").json()["id"])
    assert "its datum is not declared" in found["refusal"][0]["en"]
    assert "未声明坐标系" in found["refusal"][0]["zh"]


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"kind": "people"}, 422, "kind must be one of osm, grids, facilities"),
        ({"partial": "maybe"}, 422, "partial must be yes or no"),
        ({"colour": "red"}, 422, "unknown field colour"),
        ({"name": "..", "content": GOOD}, 422, "the file has no name that can be kept"),
        ({"content": "x" * 200_000}, 413, "larger than 100000 bytes"),
    ],
)
def test_what_is_no_import_is_refused_before_anything_is_written(
    client: TestClient, built: str, fields: dict[str, str], status: int, said: str
) -> None:
    answer = send(client, fields.pop("content", GOOD), fields.pop("name", "shops.csv"), **fields)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    assert count(built, "import_job") == 0


def test_a_body_that_is_no_form_is_refused(client: TestClient) -> None:
    assert client.post(URL, content=b"{}").status_code == 415
    broken = client.post(URL, content=b"junk", headers={"content-type": "multipart/form-data; boundary=x"})
    assert broken.status_code == 422
    assert client.post(URL, data={"kind": "grids"}, files={"other": ("a.csv", b"x")}).status_code == 422
    assert client.get(f"{URL}/77").status_code == 404


def test_a_name_with_a_path_in_it_is_its_last_part(client: TestClient) -> None:
    found = send(client, GOOD, "../../etc/shops.csv").json()
    assert found["file_name"] == "shops.csv"
    assert ended(client, found["id"])["state"] == "done"


def test_a_job_says_how_far_it_is_and_a_stopped_server_leaves_it_interrupted_and_nothing_loaded(built: str) -> None:
    with psycopg.connect(built) as blocking:
        blocking.execute("LOCK TABLE import_receipt IN ACCESS EXCLUSIVE MODE")
        with TestClient(create(ServeSettings(open_as=Role.INTEGRATOR), built), base_url="http://127.0.0.1") as client:
            first, second = (send(client, GOOD).json()["id"] for _ in range(2))
            assert ended(client, first, state="running")["step"] == "reading shops.csv"
            assert client.get(f"{URL}/{second}").json()["state"] == "waiting"
        blocking.rollback()
    with TestClient(create(ServeSettings(open_as=Role.INTEGRATOR), built), base_url="http://127.0.0.1") as client:
        for job in (first, second):
            found = client.get(f"{URL}/{job}").json()
            assert found["state"] == "interrupted"
            assert found["refusal"][0]["zh"].startswith("导入过程中 linli 停止运行")
    assert count(built) == 0


SERVER = """
import sys, tempfile, time
from pathlib import Path
from ingest.loaders.jobs import Jobs
from twin import db, imports, places
url, file = sys.argv[1], Path(sys.argv[2])
jobs = Jobs(url)
with db.opened(url) as engine, engine.begin() as connection:
    place = places.get(connection)
    job = imports.add(connection, place.id, kind="facilities", file_name=file.name, size=1, digest="0" * 64,
                      datum="WGS84", partial=False, asked_by="test")
    jobs.hold(job)
jobs.take(job, Path(tempfile.mkdtemp()), file, place=place.code)
print(job, flush=True)
time.sleep(600)
"""


def test_a_server_that_is_killed_leaves_its_job_interrupted_and_its_process_ends_without_a_row(
    built: str, tmp_path: Path
) -> None:
    file = tmp_path / "shops.csv"
    file.write_text(GOOD, encoding="utf-8")
    with psycopg.connect(built) as blocking:
        blocking.execute("LOCK TABLE import_receipt IN ACCESS EXCLUSIVE MODE")
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, built, str(file)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(tmp_path)},
            text=True,
        )
        assert server.stdout is not None
        job = int(server.stdout.readline())
        eventually(built, job, lambda found: found.step == "reading shops.csv")
        assert lost(built) == 0
        server.send_signal(signal.SIGKILL)
        server.communicate()
        until = time.monotonic() + LONG_S
        while lost(built) == 0:
            assert time.monotonic() < until
            time.sleep(0.1)
        blocking.rollback()
    eventually(built, job, lambda found: found.state == "interrupted")
    assert count(built) == 0


def lost(database: str) -> int:
    with db.opened(database) as engine, engine.begin() as connection:
        return imports.interrupt_lost(connection)


def eventually(database: str, job: int, is_so: Callable[[Job], bool]) -> None:
    until = time.monotonic() + LONG_S
    with db.opened(database) as engine:
        while time.monotonic() < until:
            with engine.connect() as connection:
                if is_so(imports.get(connection, job)):
                    return
            time.sleep(0.1)
    raise AssertionError(f"import {job}")


def test_what_ended_otherwise_is_not_called_done(built: str) -> None:
    with db.opened(built) as engine:
        with engine.begin() as connection:
            place = places.get(connection)
            job = imports.add(
                connection, place.id, kind="grids", file_name="a", size=1, digest="0" * 64, datum=None, partial=False,
                asked_by="test",
            )  # fmt: skip
            imports.begin(connection, job)
            imports.interrupted(connection, job)
        with pytest.raises(Stale):
            half(engine, job)
        with engine.connect() as connection:
            assert places.get(connection).name == "Town"


def half(engine: db.Engine, job: int) -> None:
    """Load something, and say that a job did it."""
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE place SET name = 'half'"))
        imports.done(connection, job, [])


def test_the_files_that_were_sent_are_gone_when_their_jobs_have_ended(client: TestClient) -> None:
    before = set(Path(tempfile.gettempdir()).glob("linli-import-*"))
    ended(client, send(client, GOOD).json()["id"])
    until = time.monotonic() + LONG_S
    while set(Path(tempfile.gettempdir()).glob("linli-import-*")) - before:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert json.loads(client.get(URL).text)[0]["state"] == "done"
