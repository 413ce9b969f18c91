"""The norms' file: complete, and honest about what was recalled."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin import norms
from twin.errors import Refused
from twin.terms import Service


def test_every_service_has_a_limit_that_says_where_it_is_from() -> None:
    norm = norms.load()
    assert set(norm.limits) == set(Service)
    assert norm.limits[Service.PHARMACY].limit_s == 600
    for limit in norm.limits.values():
        assert limit.clause
        assert limit.certainty in {"V1", "V2", "recalled", "A"}
        assert (limit.minutes, limit.metres) in {(5, 300), (10, 500), (15, 1000)}  # the tiers of GB 50180-2018


def test_a_norm_without_a_service_is_refused(tmp_path: Path) -> None:
    whole = norms.FILE.read_text(encoding="utf-8")
    wrong = tmp_path / "services.toml"
    wrong.write_text(whole[: whole.index("[services.bus_stop]")], encoding="utf-8")
    with pytest.raises(Refused, match="no limit for bus_stop"):
        norms.load(wrong)
