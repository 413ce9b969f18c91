"""Units: which are the same, how one is turned into another (UCUM codes), and what each is called. The table is data."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

__all__ = ["DESCRIBED", "code_of", "in_unit", "is_same"]

TABLE = Path(__file__).with_name("units.toml")
TURNS_KEPT = 4_096  # pairs of units; a payload may state any text, and must not fill the memory with them


class Turn(NamedTuple):
    """How a value is turned: value * factor + offset, exactly."""

    factor: Fraction
    offset: Fraction


class Unit(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A unit of the table: its base unit is value * factor + offset; None: it can be turned into no other."""

    name: str
    symbol: str
    quantity: str | None = None
    factor: str = "1"
    offset: str = "0"
    spellings: tuple[str, ...] = ()

    def to_base(self) -> Turn:
        """Give how a value is turned into the base of its quantity."""
        return Turn(Fraction(self.factor), Fraction(self.offset))


UNITS = msgspec.toml.decode(TABLE.read_bytes(), type=dict[str, Unit])
SPELLINGS = {spelling: code for code, unit in UNITS.items() for spelling in unit.spellings}
SAME = Turn(Fraction(1), Fraction(0))
# What OGC SensorThings wants said of a unit; the definition is its UCUM code (dB(A): as the field writes it).
DESCRIBED = {
    code: {"name": unit.name, "symbol": unit.symbol, "definition": f"ucum:{code}"} for code, unit in UNITS.items()
}


def code_of(stated: str) -> str:
    """Give the UCUM code of a unit as a format writes it; one that the table does not know is its own."""
    return SPELLINGS.get(stated, stated)


def is_same(stated: str | None, registered: str) -> bool:
    """Tell whether two units are one, however they are written; a payload that states none is taken at its word."""
    return stated is None or stated == registered or code_of(stated) == code_of(registered)


def in_unit(value: float, stated: str | None, registered: str) -> float | None:
    """Give a value in the registered unit; None where what is stated is no unit of the same quantity.

    A value in the registered unit stays as it is, bit for bit. Others are turned as the decimal number that was
    written, rounded once: 1.15 m are 115 cm, not 114.99999999999999.
    """
    if stated is None or stated == registered:
        return value
    turn = _turn(stated, registered)
    if turn is None:
        return None
    if turn == SAME or not math.isfinite(value):
        return value
    try:
        return float(Fraction(repr(float(value))) * turn.factor + turn.offset)
    except OverflowError:
        return math.inf


@lru_cache(TURNS_KEPT)
def _turn(stated: str, registered: str) -> Turn | None:
    here, there = code_of(stated), code_of(registered)
    if here == there:
        return SAME
    one, other = UNITS.get(here), UNITS.get(there)
    if one is None or other is None or one.quantity is None or one.quantity != other.quantity:
        return None
    (factor, offset), base = one.to_base(), other.to_base()
    return Turn(factor / base.factor, (offset - base.offset) / base.factor)
