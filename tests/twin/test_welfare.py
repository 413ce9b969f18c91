"""Welfare groups are counts, apart from the residents, and never shown below ten."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.loaders import welfare as loader
from tests.ingest.loaders import town
from twin import db, welfare
from twin.db import Connection
from twin.errors import Refused
from twin.places import Place


@pytest.fixture
def built(database: str) -> Iterator[tuple[Connection, Place]]:
    engine = db.engine(database)
    with engine.begin() as connection:
        yield connection, town.build(connection, np.random.default_rng(4))[0]
    engine.dispose()


def write(tmp_path: Path, *rows: str, head: str = "grid,group,people") -> Path:
    path = tmp_path / "welfare.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def test_small_counts_are_kept_but_not_shown_nor_what_would_give_them_away(
    built: tuple[Connection, Place], tmp_path: Path
) -> None:
    connection, place = built
    path = write(tmp_path, "g00,独居老人,4", "g01,living_alone,12", "g02,living_alone,30", "g00,disabled,15")
    receipt = loader.load(connection, path, place=place)
    assert (receipt.read, receipt.added) == (4, 4)
    found = {(one.area_code, one.group): one.people for one in welfare.shown(connection, place.id)}
    assert found == {
        ("g00", "living_alone"): None,
        ("g01", "living_alone"): None,
        ("g02", "living_alone"): 30,
        ("g00", "disabled"): 15,
    }
    assert loader.load(connection, path, place=place).changes == 0
    receipt = loader.load(connection, write(tmp_path, "g02,living_alone,31"), place=place)
    assert (receipt.changed, receipt.removed) == (1, 3)


@given(st.lists(st.integers(0, 60), max_size=8))
def test_no_hidden_count_follows_from_the_sum(people: list[int]) -> None:
    out = welfare.hidden(people)
    assert all(at in out for at, n in enumerate(people) if 0 < n < welfare.SMALL)
    whole = out == {at for at, n in enumerate(people) if n}
    if out and not whole:
        assert len(out) > 1
        assert sum(people[at] for at in out) >= welfare.SMALL


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("g00,lonely,4", "unknown group 'lonely'; there are living_alone, disabled, left_behind"),
        ("g00,disabled,-4", "people '-4' is not a whole number"),
        (",disabled,4", "no building or grid or cell"),
        ("g99,disabled,4", "no grid 'g99' in town"),
        ("11010519491231002X,disabled,4", "a citizen's identity number in grid: linli keeps none"),
    ],
)
def test_a_refused_row_has_its_reason(built: tuple[Connection, Place], tmp_path: Path, row: str, reason: str) -> None:
    connection, place = built
    with pytest.raises(Refused, match=reason):
        loader.load(connection, write(tmp_path, row), place=place)
