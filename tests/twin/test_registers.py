"""The registers' answers, with the numbers of design/domain.md §1: S07, S22, S25, S26."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from twin import registers
from twin.errors import Refused
from twin.norms import rules
from twin.norms.rules import Rule

CHECKOUT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 24)


def rule(norm_id: str) -> Rule:
    return rules.choose(rules.load(), norm_id, on=TODAY)


def test_s22_1000_m2_for_3842_households_are_152_6_short() -> None:
    found = registers.floor_area(rule("svc_30"), households=3842, present_m2=1000)
    assert (found.needed, found.short, found.unit) == (1152.6, 152.6, "m2")
    assert (found.basis.norm_id, found.basis.version, found.basis.certainty) == ("svc_30", "2026-11", "V2")
    assert registers.floor_area(rule("svc_30"), households=3842, present_m2=2000).short == 0


def test_s25_12400_residents_need_23_workers_and_19_are_4_short() -> None:
    found = registers.staff(rule("staff_18"), residents=12400, present=19)
    assert (found.needed, found.short) == (23, 4)
    assert registers.staff(rule("staff_18"), residents=10_000, present=18).short == 0  # 18.0 is not rounded up


def test_s07_a_community_of_16200_is_above_its_band() -> None:
    found = registers.sizes(rule("tier_5"), "people", [("a", 16_200), ("b", 5_000), ("c", 4_999)])
    assert [(size.code, size.grade) for size in found] == [("a", "above"), ("b", "within"), ("c", "below")]
    assert (found[0].value, found[0].least, found[0].most, found[0].basis.quotable) == (16_200, 5_000, 12_000, False)
    grid = registers.sizes(rule("grid_size"), "households", [("g", 812)])
    assert grid[0].grade == "above"


def test_a_norm_that_says_nothing_of_the_kind_is_refused() -> None:
    with pytest.raises(Refused, match="norm staff_18 says nothing of floor_m2_per_100_households"):
        registers.floor_area(rule("staff_18"), households=1, present_m2=1)
    with pytest.raises(Refused, match="norm svc_30 has no band of people"):
        registers.sizes(rule("svc_30"), "people", [])
    with pytest.raises(Refused, match="present_m2 nan is not a number from 0"):
        registers.floor_area(rule("svc_30"), households=1, present_m2=float("nan"))


def linli(*argv: str, database: str = "", folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "linli", "register", *argv],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(CHECKOUT),
            **({"LINLI_SERVICES__DATABASE_URL": database} if database else {}),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_the_command_line_answers_without_a_database(tmp_path: Path) -> None:
    line = linli("area", "--households", "3842", "--present", "1000", folder=tmp_path)
    assert line == (
        "1152.6 m2 needed, 1000 present, 152.6 short; norm svc_30 (cn_secondary 2026-11, 目标, V2), no local norm is known\n"
    )
    said = json.loads(linli("staff", "--residents", "12400", "--present", "19", "--json", folder=tmp_path))
    assert (said["needed"], said["short"], said["basis"]["norm_id"]) == (23, 4, "staff_18")


def test_the_demos_grids_and_devices_are_compared(monaco: str, tmp_path: Path) -> None:
    sizes = json.loads(linli("sizes", "--json", database=monaco, folder=tmp_path))
    grids = [size for size in sizes if size["unit"] == "households"]
    assert len(grids) == 45
    assert {size["grade"] for size in grids} == {"within"}  # they were generated so
    communities = [size for size in sizes if size["unit"] == "people"]
    assert (
        sum(size["value"] for size in communities) == 38_420
    )  # every resident is in a community, each age band to the nearest five
    tended = json.loads(linli("grids", "--json", database=monaco, folder=tmp_path))
    assert (tended["grids"], tended["with_worker"], len(tended["vacant"])) == (45, 0, 45)  # nobody has an account
    devices = json.loads(linli("devices", "--json", database=monaco, folder=tmp_path))
    lifts = next(each for each in devices if each["kind"] == "lift")
    assert lifts["installed"] == lifts["linked"] > 0
    assert lifts["alive"] == 0  # nothing has reported in a database that was just loaded
