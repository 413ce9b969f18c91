"""The gate before the twin: what every reading must pass, whichever way it comes in."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from twin.devices import Slot
from twin.reasons import Reason, printable
from twin.terms import Reading
from twin.units import in_unit, is_same

__all__ = ["FUTURE_US", "PAST_US", "TEXT_LIMIT", "fit", "is_bad", "passes", "shown", "why", "why_not_word", "worded"]

SECOND_US = 1_000_000
FUTURE_US = 5 * 60 * SECOND_US
PAST_US = 30 * 86_400 * SECOND_US
TEXT_LIMIT = 1_000  # characters of a text
FIRST_US, LAST_US = -62_135_596_800 * SECOND_US, 253_402_300_799 * SECOND_US  # the years 1 to 9999

# resultQuality is free; these words say that the result is no measurement, whatever number stands there.
BAD = frozenset({"bad", "invalid", "missing", "failed", "error"})


def is_bad(quality: object) -> bool:
    """Tell whether a SensorThings resultQuality says that nothing was measured."""
    return isinstance(quality, str) and quality.lower() in BAD


def fit(reading: Reading, slot: Slot, received_us: int) -> float | None:
    """Give the value as it may be stored, in the registered unit; None where it may not.

    It must come in the unit that its datastream has always come in, lie in the registered range, and have been measured
    neither too long ago nor in the future.
    """
    if not _is_usual(reading.unit, slot):
        return None
    value = in_unit(reading.value, reading.unit, slot.unit)
    if value is None or not slot.lowest <= value <= slot.highest:  # NaN too
        return None
    return value if -FUTURE_US <= received_us - reading.time_us <= PAST_US else None


def passes(reading: Reading, slot: Slot, received_us: int) -> bool:
    """Tell whether a reading may be stored."""
    return fit(reading, slot, received_us) is not None


def worded(reading: Reading, slot: Slot, received_us: int) -> str | int | None:
    """Give the text, or the code of the word, of a datastream that has either; None where it may not be stored."""
    is_timely = -FUTURE_US <= received_us - reading.time_us <= PAST_US
    if reading.text is None or slot.codes is None or not is_timely:
        return None
    if slot.codes:
        return slot.codes.get(reading.text)
    return reading.text if _is_storable(reading.text) else None


def why_not_word(reading: Reading, slot: Slot, received_us: int) -> tuple[Reason, str]:
    """Say why a reading of a known datastream of words does not pass, the plainest reason first."""
    what = f"{printable(reading.property)} of {printable(reading.thing_key)}"
    if reading.text is None:
        return Reason.WRONG_SHAPE, f"{what} is no text"
    if slot.codes and reading.text not in slot.codes:
        words = ", ".join(sorted(slot.codes, key=slot.codes.__getitem__))
        return Reason.OUT_OF_RANGE, f"{what} is {printable(reading.text)}, possible are {words}"
    if not slot.codes and not _is_storable(reading.text):
        return Reason.OUT_OF_RANGE, f"{what} has over {TEXT_LIMIT} characters, or some that no text has"
    return _why_not_timely(what, reading.time_us, received_us)


def _is_storable(text: str) -> bool:
    """Tell whether the database can keep a text: no NUL, no lone surrogate."""
    return len(text) <= TEXT_LIMIT and "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _is_usual(unit: str | None, slot: Slot) -> bool:
    """Tell whether a unit is the one that this datastream has come in so far; none at all means the registered one."""
    if slot.stated is None or unit == slot.stated:
        return True
    return is_same(slot.unit if unit is None else unit, slot.stated)


def why(reading: Reading, slot: Slot, received_us: int) -> tuple[Reason, str]:
    """Say why a reading of a known datastream does not pass, the plainest reason first."""
    what = f"{printable(reading.property)} of {printable(reading.thing_key)}"
    if not math.isfinite(reading.value):
        return Reason.NOT_A_NUMBER, f"{what} is not a number"
    said = printable(reading.unit or "") or "no unit"
    value = in_unit(reading.value, reading.unit, slot.unit)
    if value is None:
        return Reason.WRONG_UNIT, f"{what} comes in {said}, {slot.unit} is registered"
    if not _is_usual(reading.unit, slot):
        return Reason.WRONG_UNIT, f"{what} comes in {said}, so far it came in {printable(slot.stated or '')}"
    if not slot.lowest <= value <= slot.highest:
        allowed = f"{slot.lowest:g} to {slot.highest:g} {slot.unit}"
        return Reason.OUT_OF_RANGE, f"{what} is {value:g} {slot.unit}, possible are {allowed}"
    return _why_not_timely(what, reading.time_us, received_us)


def _why_not_timely(what: str, time_us: int, received_us: int) -> tuple[Reason, str]:
    if received_us < time_us:
        return Reason.TIME_FUTURE, f"{what} was measured at {shown(time_us)}, over 5 minutes after it came"
    return Reason.TIME_PAST, f"{what} was measured at {shown(time_us)}, over 30 days before it came"


def shown(time_us: int) -> str:
    """Write a time for the operator, in UTC; one that no calendar has is given as the number."""
    if not FIRST_US <= time_us < LAST_US:
        return f"{time_us} µs since 1970"
    seconds, micro = divmod(time_us, SECOND_US)
    # fromtimestamp(float) would round the microseconds of far years
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro).isoformat().replace("+00:00", "Z")
