"""Codes of Chinese administration: divisions, communities, grids, organisations; and the one that is never kept.

Sources: the statistical division code of the National Bureau of Statistics (12 digits, 6 + 3 + 3), the unit grid of
urban management (those 12 + 3), GB 32100-2015 (organisations), GB 11643-1999 (citizens). design/domain.md §4.1 says
how certain each rule is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from twin.errors import Refused

__all__ = [
    "CommitteeKind",
    "Division",
    "StreetKind",
    "check_organisation",
    "division",
    "has_citizen_number",
    "unit_grid",
]


class StreetKind(StrEnum):
    """What digits 7 to 9 of a statistical code say."""

    STREET = "street"  # 街道
    TOWN = "town"  # 镇
    TOWNSHIP = "township"  # 乡
    OTHER = "other"  # 类似乡级单位：开发区、农场


class CommitteeKind(StrEnum):
    """What digits 10 to 12 of a statistical code say."""

    RESIDENTS = "residents"  # 居民委员会
    VILLAGERS = "villagers"  # 村民委员会
    OTHER = "other"  # 类似居委会、村委会


STREETS = (
    (1, 99, StreetKind.STREET),
    (100, 199, StreetKind.TOWN),
    (200, 399, StreetKind.TOWNSHIP),
    (400, 599, StreetKind.OTHER),
)
COMMITTEES = (
    (1, 199, CommitteeKind.RESIDENTS),
    (200, 399, CommitteeKind.VILLAGERS),
    (400, 599, CommitteeKind.OTHER),  # recalled
)
DIVISION = re.compile(r"([1-9]\d)(\d\d)(\d\d)(?:(\d{3})(\d{3})?)?", re.ASCII)
UNIT_GRID = re.compile(r"\d{15}", re.ASCII)
GRID_DIGITS = 12

# GB 32100-2015: no I, O, S, V, Z; the weights are powers of 3 modulo 31.
ORGANISATION_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_LENGTH = 18
ORGANISATION_MODULUS = 31
ORGANISATION_WEIGHTS = tuple(pow(3, place, ORGANISATION_MODULUS) for place in range(ORGANISATION_LENGTH - 1))

# GB 11643-1999, ISO 7064 MOD 11-2.
CITIZEN = re.compile(r"(?<!\d)[1-8]\d{5}(?:18|19|20)\d{9}[\dX](?![\dA-Z])", re.ASCII)
CITIZEN_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
CITIZEN_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True)
class Division:
    """A statistical division code taken apart; None where the code ends above that level."""

    code: str
    county: str  # the first 6 digits; in special zones not the civil code of GB/T 2260: do not join blindly
    street: str | None  # 9 digits
    street_kind: StreetKind | None
    community: str | None  # 12 digits
    committee_kind: CommitteeKind | None


def division(code: str) -> Division:
    """Take a statistical code of 6, 9 or 12 digits apart; Refused with what is wrong with it.

    A code with zeros at its end for the levels below, as lists write them, is of the level above.
    """
    short = _without_zeros(code)
    found = DIVISION.fullmatch(short)
    if found is None:
        raise Refused(f"code {code[:40]!r} is no division: 6, 9 or 12 digits")
    county = short[:6]
    street_kind = committee_kind = None
    if found[4] is not None:
        street_kind = StreetKind(_kind(code, "street or town", found[4], STREETS))
    if found[5] is not None:
        committee_kind = CommitteeKind(_kind(code, "committee", found[5], COMMITTEES))
    return Division(
        code=short,
        county=county,
        street=short[:9] if found[4] else None,
        street_kind=street_kind,
        community=short if found[5] else None,
        committee_kind=committee_kind,
    )


def unit_grid(code: str) -> tuple[Division, int]:
    """Take a unit grid's 15 digits apart: its community, and its number there from 1; Refused where it is none."""
    if UNIT_GRID.fullmatch(code) is None:
        raise Refused(f"code {code[:40]!r} is no unit grid: 15 digits")
    above, serial = division(code[:GRID_DIGITS]), int(code[GRID_DIGITS:])
    if above.community is None or serial == 0:
        raise Refused(f"code {code} is no unit grid: 12 digits of a community and a number from 001")
    return above, serial


def check_organisation(code: str) -> str:
    """Give a unified social credit code in capitals; Refused where a sign or the check digit is wrong."""
    stated = code.strip().upper()
    if len(stated) != ORGANISATION_LENGTH or any(sign not in ORGANISATION_SIGNS for sign in stated):
        raise Refused(f"organisation code {code[:40]!r} is not 18 of the signs 0-9 and A-Y without I, O, S, V")
    values = [ORGANISATION_SIGNS.index(sign) for sign in stated]
    total = sum(value * weight for value, weight in zip(values, ORGANISATION_WEIGHTS, strict=False))
    expected = ORGANISATION_SIGNS[-total % ORGANISATION_MODULUS]
    if stated[-1] != expected:
        raise Refused(f"organisation code {code}: the check digit is {stated[-1]}, it must be {expected}")
    return stated


def has_citizen_number(text: str) -> bool:
    """Say whether a text holds a citizen's identity number, by its date of birth and check digit.

    linli keeps none: whoever finds one refuses the text, and does not repeat the number.
    """
    return any(_is_citizen(found) for found in CITIZEN.findall(text.upper()))


def _is_citizen(number: str) -> bool:
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, CITIZEN_WEIGHTS, strict=False))
    return number[-1] == CITIZEN_CHECKS[total % 11]


def _without_zeros(code: str) -> str:
    """Cut the zeros of the levels below: 110101000000 is the county 110101."""
    for length in (6, 9):
        if len(code) in (9, 12) and len(code) > length and not code[length:].strip("0"):
            return code[:length]
    return code


def _kind(code: str, what: str, digits: str, ranges: tuple[tuple[int, int, StrEnum], ...]) -> StrEnum:
    for first, last, kind in ranges:
        if first <= int(digits) <= last:
            return kind
    raise Refused(f"code {code}: no {what} is numbered {digits}")
