"""A device may watch a grid: it is linked to it, closes nothing, and what was is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from ingest.loaders import devices
from ingest.loaders.receipt import Receipt, keep
from tests.ingest.loaders import town
from twin import db, places, receipts
from twin.acting import IMPORT, acting
from twin.datum import WGS_84
from twin.db import Engine
from twin.devices import devices as enrolled
from twin.errors import Refused
from twin.roles import Role


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """The town with 25 grids."""
    with db.opened(database) as engine:
        with engine.begin() as connection:
            town.build(connection, np.random.default_rng(4))
        yield engine


def load(engine: Engine, folder: Path, watches: str) -> tuple[Receipt, int]:
    """Load one air sensor; give the receipt and its number."""
    path = folder / "air.csv"
    lon, lat = town.position(0)
    path.write_text(f"key,name,kind,format,topic,lon,lat,watches\nair,Air,pm,senml,senml/air,{lon},{lat},{watches}\n")
    with engine.begin() as connection:
        acting(connection, IMPORT, f"load devices {watches}")
        receipt = devices.load(connection, path, place=places.get(connection), datum=WGS_84)
        return receipt, keep(connection, "devices", path, [receipt])


def watched(engine: Engine) -> tuple[str | None, int]:
    """Give what the register says that the sensor watches, and how many effects there are."""
    with engine.connect() as connection:
        (air,) = enrolled(connection, places.get(connection).id)
        return air.watches, connection.scalar(sa.text("SELECT count(*) FROM effect")) or 0


def test_the_same_file_again_changes_nothing_and_an_undo_puts_the_former_grid_back(
    engine: Engine, tmp_path: Path
) -> None:
    first, _ = load(engine, tmp_path, "grid:g03")
    assert (first.added, first.changed) == (1, 0)
    assert watched(engine) == ("grid:g03", 0)
    assert load(engine, tmp_path, "grid:g03")[0].changes == 0
    moved, number = load(engine, tmp_path, "grid:g04")
    assert (moved.added, moved.changed) == (0, 1)
    with engine.connect() as connection:
        past = "SELECT g.code FROM thing_past AS t JOIN grid AS g ON g.id = t.watched_grid_id"
        assert connection.scalars(sa.text(past)).all() == ["g03"]
    with engine.begin() as connection:
        receipts.undo(connection, number, "li.wei")
    assert watched(engine) == ("grid:g03", 0)
    load(engine, tmp_path, "")
    assert watched(engine) == (None, 0)


def test_a_grid_that_goes_leaves_its_device_unlinked(engine: Engine, tmp_path: Path) -> None:
    load(engine, tmp_path, "grid:g03")
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM grid WHERE code = 'g03'"))
    assert watched(engine) == (None, 0)


def test_an_unknown_code_is_refused_in_the_one_line_of_its_row(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="watches grid:g99, which is not in this place") as refused:
        load(engine, tmp_path, "grid:g99")
    assert str(refused.value).splitlines()[1:] == ["  line 2: watches grid:g99, which is not in this place"]


def test_the_register_calls_it_linked_and_the_collection_names_its_grid(
    engine: Engine, database: str, tmp_path: Path
) -> None:
    load(engine, tmp_path, "grid:g03")
    settings = ServeSettings(open_as=Role.PLANNER)
    with TestClient(create(settings, database), base_url="http://127.0.0.1") as client:
        assert client.get("/api/registers/devices").json() == [
            {"kind": "pm", "installed": 1, "alive": 0, "placed": 1, "linked": 1}
        ]
        (feature,) = client.get("/ogc/collections/things/items").json()["features"]
    assert feature["properties"]["watched_grid_code"] == "g03"
