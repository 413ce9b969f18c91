"""Codes are taken apart by their published rules, on Beijing's real ones; a citizen's number is found."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import codes
from twin.codes import CommitteeKind, StreetKind
from twin.errors import Refused

BEIJING = "china-division_beijing_streets.csv"
DISTRICTS = "china-division_dongcheng_xicheng_shijingshan_communities.csv"


def rows(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "data" / "china" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_beijings_streets_and_towns_are_what_their_names_say(shared: Path) -> None:
    seen: Counter[tuple[StreetKind | None, str]] = Counter()
    for row in rows(shared, BEIJING):
        found = codes.division(row["code"])
        assert (found.county, found.street, found.community) == (row["areaCode"], row["code"], None)
        ending = next((end for end in ("街道", "镇", "乡", "地区") if row["name"].endswith(end)), "other")
        seen[found.street_kind, ending] += 1
    assert seen == {
        (StreetKind.STREET, "街道"): 165,
        (StreetKind.STREET, "地区"): 56,  # a street committee and a town in one
        (StreetKind.TOWN, "镇"): 107,
        (StreetKind.TOWNSHIP, "乡"): 15,
        (StreetKind.OTHER, "other"): 6,
    }


def test_every_community_of_three_districts_is_a_residents_committee(shared: Path) -> None:
    found = [(codes.division(row["code"]), row) for row in rows(shared, DISTRICTS)]
    assert len(found) > 400
    assert all((division.street, division.county) == (row["streetCode"], row["areaCode"]) for division, row in found)
    assert {division.committee_kind for division, _ in found} == {CommitteeKind.RESIDENTS}


# design/domain.md §4.1: a community and a village of one town
@pytest.mark.parametrize(
    ("code", "kind"), [("220581102001", CommitteeKind.RESIDENTS), ("220581102202", CommitteeKind.VILLAGERS)]
)
def test_a_community_and_a_village_of_a_town(code: str, kind: CommitteeKind) -> None:
    found = codes.division(code)
    assert (found.county, found.street, found.street_kind) == ("220581", "220581102", StreetKind.TOWN)
    assert (found.community, found.committee_kind) == (code, kind)


def test_zeros_below_are_the_level_above() -> None:
    assert codes.division("110101000000") == codes.division("110101")
    assert codes.division("110101001000") == codes.division("110101001")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "is no division: 6, 9 or 12 digits"),
        ("1101", "is no division"),
        ("01010100100a", "is no division"),
        ("１１０１０１", "is no division"),  # full-width digits
        ("110101700001", "code 110101700001: no street or town is numbered 700"),
        ("110101001600", "code 110101001600: no committee is numbered 600"),
        ("110101000001", "no street or town is numbered 000"),
    ],
)
def test_what_is_no_division_is_refused(code: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        codes.division(code)


def test_a_unit_grid_is_a_community_and_a_number() -> None:
    found, serial = codes.unit_grid("110101001001007")
    assert (found.community, serial) == ("110101001001", 7)
    for wrong in ("110101001001000", "11010100100100", "110101001000001"):
        with pytest.raises(Refused, match="is no unit grid"):
            codes.unit_grid(wrong)


# Codes of well-known organisations as they publish them.
ORGANISATIONS = ["91350100M000100Y43", "91110000802100433B", "91110108551385082Q", "914403001922038216"]


@pytest.mark.parametrize("code", ORGANISATIONS)
def test_published_organisation_codes_pass_and_one_changed_sign_does_not(code: str) -> None:
    assert codes.check_organisation(f" {code.lower()} ") == code
    with pytest.raises(Refused, match="the check digit is"):
        codes.check_organisation(("8" if code[0] == "9" else "9") + code[1:])


@pytest.mark.parametrize("code", ["", "91350100M000100Y4", "91350100M000100Y4I", "91350100M000100Y4３"])
def test_what_is_no_organisation_code_is_refused(code: str) -> None:
    with pytest.raises(Refused, match="is not 18 of the signs"):
        codes.check_organisation(code)


@given(st.text(codes.ORGANISATION_SIGNS, min_size=17, max_size=17))
def test_exactly_one_check_digit_fits(start: str) -> None:
    fitting = 0
    for last in codes.ORGANISATION_SIGNS:
        try:
            fitting += codes.check_organisation(start + last) == start + last
        except Refused:
            continue
    assert fitting == 1


# The example number of GB 11643-1999.
def test_a_citizens_number_is_found_wherever_it_stands() -> None:
    assert codes.has_citizen_number("11010519491231002X")
    assert codes.has_citizen_number("张三 11010519491231002x，电话")
    assert not codes.has_citizen_number("110105194912310021")  # check digit
    assert not codes.has_citizen_number("11010519491331002X")  # month 13
    assert not codes.has_citizen_number("110101001001007")  # a unit grid
    assert not any(codes.has_citizen_number(code) for code in ORGANISATIONS)
