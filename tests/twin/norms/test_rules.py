"""Norms as rules: complete, honest about what was recalled, and the most local valid one wins."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from twin.errors import NotFound, Refused
from twin.norms import rules

TODAY = date(2026, 11, 24)
OWN = """
[set]
id = "cn_example_city"
version = "1"
name = "Example"
name_zh = "示例"

[[norm]]
id = "svc_30"
name = "community service space"
name_zh = "社区综合服务设施"
clause = "local plan 3.1"
word = "应"
layer = "{layer}"
area = "{area}"
group = "all"
quantities = {{ floor_m2_per_100_households = {{ least = {least} }} }}
valid_from = {valid_from}
certainty = "V1"
certainty_note = "the city's own"
"""


def own(
    folder: Path, *, layer: str = "city", area: str = "3206", least: float = 45, valid_from: str = "2026-01-01"
) -> Path:
    path = folder / f"{layer}.toml"
    path.write_text(OWN.format(layer=layer, area=area, least=least, valid_from=valid_from), encoding="utf-8")
    return path


def test_every_norm_of_the_register_is_there_with_its_words(shared: Path) -> None:
    with (shared / "norms" / "facility_norms.csv").open(encoding="utf-8") as file:
        said = {row["id"]: row for row in csv.DictReader(file)}
    found = {rule.id: rule for rule in rules.load()}
    split = {"elder_day_class": {"elder_day_class_1", "elder_day_class_2", "elder_day_class_3"}}
    assert set(found) == {each for norm_id in said for each in split.get(norm_id, {norm_id})}
    for norm_id, row in said.items():
        if norm_id in found:
            assert (found[norm_id].name_zh, found[norm_id].group) == (row["name_zh"], row["group"])


def test_the_access_thresholds_are_there_but_for_those_of_screens(shared: Path) -> None:
    with (shared / "norms" / "access_thresholds.csv").open(encoding="utf-8") as file:
        said = {row["id"] for row in csv.DictReader(file) if not row["id"].startswith("ui_")}
    found = rules.thresholds()
    assert said - set(found) == {"ada_ramp", "iso_path", "ramp_table", "lift_car"}  # one for each of their numbers
    assert (found["path_width"].least, found["path_width"].unit) == (1.2, "m")
    assert found["ramp_slope"].most == pytest.approx(1 / 12, abs=1e-4)
    assert (found["ramp_rise_1_12"].most, found["lift_car_depth"].least) == (0.75, 1.4)


def test_what_is_recalled_is_in_the_recalled_file_and_is_never_quotable() -> None:
    for rule in rules.load():
        assert rule.is_quotable == (rule.set_id != "cn_recalled" and rule.certainty in {"V1", "V2"})
        assert ("RH" in rule.certainty_note) <= (rule.certainty == "recalled")
        assert rule.clause
        assert rule.version == "2026-11"


def test_the_most_local_valid_norm_wins(tmp_path: Path) -> None:
    city, project = own(tmp_path), own(tmp_path, layer="project", area="320602", least=50, valid_from="2026-12-01")
    known = rules.load([city, project])

    def least(area: str, on: date) -> float | None:
        return rules.choose(known, "svc_30", area=area, on=on).quantities["floor_m2_per_100_households"].least

    assert least("320602", TODAY) == 45  # the project's norm has not begun
    assert least("320602", date(2026, 12, 1)) == 50
    assert least("320611", date(2026, 12, 1)) == 45
    assert least("320602", date(2025, 12, 31)) == 30  # nor had the city's
    assert least("", TODAY) == 30


def test_yinchuan_asks_more_than_guizhou_and_nobody_else_asks() -> None:
    def least(area: str) -> float | None:
        rule = rules.choose(rules.load(), "elder_room_new", area=area, on=TODAY)
        return rule.quantities["floor_m2_per_100_households"].least

    assert (least("640106"), least("520102")) == (30, 20)
    with pytest.raises(NotFound, match="no norm elder_room_new holds in 110101 on 2026-11-24"):
        least("110101")
    with pytest.raises(NotFound, match="no norm unknown holds on 2026-11-24; there are bin_point, bus,"):
        rules.choose(rules.load(), "unknown", on=TODAY)


@pytest.mark.parametrize(
    ("line", "instead", "reason"),
    [
        ('word = "应"', 'word = "must"', "Invalid enum value 'must'"),
        ('certainty = "V1"\n', "", "missing required field `certainty`"),
        ("least = 45", "height = 45", "unknown field `height`"),
        ("least = 45", "", "floor_m2_per_100_households has neither least nor most"),
        ("least = 45", "least = 45, most = 40", "most 40.0 is below least 45.0"),
        ('area = "3206"', "", "a city norm must say its area"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-01\nvalid_to = 2025-01-01", "valid_to 2025-01-01 is before"),
        ("[set]", "[sets", "city.toml"),
    ],
)
def test_a_file_of_norms_that_cannot_be_taken_is_refused(tmp_path: Path, line: str, instead: str, reason: str) -> None:
    path = own(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert line in text
    path.write_text(text.replace(line, instead), encoding="utf-8")
    with pytest.raises(Refused, match=reason):
        rules.load([path])
