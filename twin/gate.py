"""The gate before the twin: what every reading must pass, whichever way it comes in."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from twin.devices import Slot
from twin.reasons import Reason, printable
from twin.terms import Reading
from twin.units import is_same

__all__ = ["is_bad", "passes", "shown", "why"]

SECOND_US = 1_000_000
FUTURE_US = 5 * 60 * SECOND_US
PAST_US = 30 * 86_400 * SECOND_US
FIRST_US, LAST_US = -62_135_596_800 * SECOND_US, 253_402_300_799 * SECOND_US  # the years 1 to 9999

# resultQuality is free; these words say that the result is no measurement, whatever number stands there.
BAD = frozenset({"bad", "invalid", "missing", "failed", "error"})


def is_bad(quality: object) -> bool:
    """Tell whether a SensorThings resultQuality says that nothing was measured."""
    return isinstance(quality, str) and quality.lower() in BAD


def passes(reading: Reading, slot: Slot, received_us: int) -> bool:
    """Tell whether a reading may be stored: in the registered unit and range, measured neither late nor in the future."""
    age_us = received_us - reading.time_us
    is_in_range = slot.lowest <= reading.value <= slot.highest  # False for NaN
    return is_in_range and -FUTURE_US <= age_us <= PAST_US and is_same(reading.unit, slot.unit)


def why(reading: Reading, slot: Slot, received_us: int) -> tuple[Reason, str]:
    """Say why a reading of a known datastream does not pass, the plainest reason first."""
    what = f"{printable(reading.property)} of {printable(reading.thing_key)}"
    if not math.isfinite(reading.value):
        return Reason.NOT_A_NUMBER, f"{what} is not a number"
    if not is_same(reading.unit, slot.unit):
        said = printable(reading.unit or "") or "no unit"
        return Reason.WRONG_UNIT, f"{what} comes in {said}, {slot.unit} is registered"
    if not slot.lowest <= reading.value <= slot.highest:
        allowed = f"{slot.lowest:g} to {slot.highest:g} {slot.unit}"
        return Reason.OUT_OF_RANGE, f"{what} is {reading.value:g} {slot.unit}, possible are {allowed}"
    if received_us < reading.time_us:
        return Reason.TIME_FUTURE, f"{what} was measured at {shown(reading.time_us)}, over 5 minutes after it came"
    return Reason.TIME_PAST, f"{what} was measured at {shown(reading.time_us)}, over 30 days before it came"


def shown(time_us: int) -> str:
    """Write a time for the operator, in UTC; one that no calendar has is given as the number."""
    if not FIRST_US <= time_us < LAST_US:
        return f"{time_us} µs since 1970"
    seconds, micro = divmod(time_us, SECOND_US)
    # fromtimestamp(float) would round the microseconds of far years
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro).isoformat().replace("+00:00", "Z")
