"""A city's own norms are kept in the twin, and what they were at any moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ingest.loaders import norms as loader
from twin import db, history, places, receipts
from twin.acting import IMPORT, acting
from twin.db import Engine
from twin.errors import Refused
from twin.norms import own, rules

NORMS = """
[set]
id = "our_city"
version = "{version}"
name = "Our city"
name_zh = "本市"

[[norm]]
id = "svc_30"
name = "community service rooms"
name_zh = "社区服务用房"
clause = "notice 7"
word = "应"
layer = "city"
area = "6401"
group = "all"
quantities = {{ floor_m2_per_100_households = {{ least = {least} }} }}
certainty = "V1"
certainty_note = "read"
"""


@pytest.fixture
def engine(monaco: str) -> Iterator[Engine]:
    with db.opened(monaco) as engine:
        yield engine


def load(engine: Engine, path: Path, version: str, least: int) -> tuple[int, datetime]:
    """Load a version of the file; give the receipt's number, and a moment after."""
    from ingest.loaders.receipt import keep

    path.write_text(NORMS.format(version=version, least=least), encoding="utf-8")
    with engine.begin() as connection:
        acting(connection, IMPORT, f"load norms {version}")
        receipt = loader.load(connection, path, place=places.get(connection))
        number = keep(connection, "norms", path, [receipt])
    return number, datetime.now(UTC)


def asked(engine: Engine, moment: datetime | None) -> tuple[float | None, str]:
    """Give the least area that the place's norm asked for at a moment, and its version."""
    with engine.connect() as connection:
        revision = None if moment is None else history.revision_at(connection, moment)
        known = (*rules.load(), *own.stored(connection, places.get(connection).id, revision))
    rule = rules.choose(known, "svc_30", area="640106", on=date(2026, 11, 24))
    return rule.quantities["floor_m2_per_100_households"].least, rule.version


def test_norms_of_a_moment_are_those_that_were_loaded_then(engine: Engine, tmp_path: Path) -> None:
    nothing = asked(engine, None)
    path = tmp_path / "our.toml"
    _, first = load(engine, path, "2025", 35)
    number, _ = load(engine, path, "2026", 40)
    assert asked(engine, None) == (40, "2026")
    assert asked(engine, first) == (35, "2025")
    with engine.connect() as connection:
        told = history.changes(connection, places.get(connection).id, "norms:our_city")
    assert [(step.actor, step.reason, step.after["version"]) for step in told] == [
        (IMPORT, "load norms 2025", "2025"),
        (IMPORT, "load norms 2026", "2026"),
    ]
    with engine.begin() as connection:
        receipts.undo(connection, number, "li.wei")
    assert asked(engine, None) == (35, "2025")
    assert nothing[1] != "2025"


def test_the_same_norms_again_are_no_change_and_wrong_ones_are_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "our.toml"
    load(engine, path, "2025", 35)
    with engine.begin() as connection:
        place = places.get(connection)
        assert loader.load(connection, path, place=place).changes == 0
        path.write_text(NORMS.format(version="2026", least=35).replace('area = "6401"\n', ""), encoding="utf-8")
        with pytest.raises(Refused, match=r"our\.toml: svc_30: a city norm must say its area"):
            loader.load(connection, path, place=place)
        path.write_text('norm = []\n[set]\nid = "a"\nversion = "1"\nname = "a"\nname_zh = "a"\n', encoding="utf-8")
        with pytest.raises(Refused, match="no norm in it"):
            loader.load(connection, path, place=place)
