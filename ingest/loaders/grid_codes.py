"""The codes in a file of grids: whether they are what their level asks for, and how long they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from twin import codes
from twin.code_validity import Validity
from twin.errors import Refused
from twin.grids import GridRow, Level

__all__ = ["check", "is_national", "validity"]

# Digits of a national code by level: statistical codes of 6 + 3 + 3, and 3 more for a unit grid.
DIGITS: dict[Level, int] = {"street": 9, "community": 12, "grid": 15}
BETWEEN = re.compile(r"[,;，；、\s]+")


def is_national(code: str) -> bool:
    """Tell whether a code looks like one of the national lists: 6, 9, 12 or 15 digits."""
    return code.isascii() and code.isdigit() and len(code) in (6, *DIGITS.values())


def check(row: GridRow) -> None:
    """Refuse a national code that is none, is of another level, or does not begin with its parent's.

    A city's own codes, which are not of that form, are taken as they are.
    """
    if not is_national(row.code):
        return
    short = row.code if len(row.code) == DIGITS["grid"] else codes.division(row.code).code
    if len(short) != DIGITS[row.level]:
        raise Refused(f"code {row.code}: a {row.level}'s has {DIGITS[row.level]} digits, this has {len(short)}")
    if row.level == "grid":
        codes.unit_grid(row.code)
    if row.parent and is_national(row.parent) and not short.startswith(codes.division(row.parent).code):
        raise Refused(f"code {row.code} does not begin with that of its parent {row.parent}")


def validity(code: str, said: Mapping[str, object]) -> Validity | None:
    """Read valid_from, valid_to and successor of a feature, None where none is said; Refused with what is wrong.

    Dates are days as 2026-11-24; several successors stand in one text.
    """
    begins, ends = (_day(said, name) for name in ("valid_from", "valid_to"))
    successors = tuple(part for part in BETWEEN.split(str(said.get("successor") or "")) if part)
    if begins is None and ends is None and not successors:
        return None
    if successors and ends is None:
        raise Refused(f"code {code} has a successor and no valid_to: until when does it hold?")
    if begins and ends and begins >= ends:
        raise Refused(f"code {code}: valid_from {begins} is not before valid_to {ends}")
    if code in successors:
        raise Refused(f"code {code} is its own successor")
    return Validity(code, begins, ends, successors)


def _day(said: Mapping[str, object], name: str) -> date | None:
    value = said.get(name)
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Refused(f"{name} {str(value)[:40]!r} is no day such as 2026-11-24") from None
