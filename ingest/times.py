"""Read the times that payloads state, as microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from ingest.quarantine import Reason, Unreadable, printable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
SECOND_US = 1_000_000
SECOND_LENGTH = len("2026-11-24T08:00:00")
LAST_US = 253_402_300_799 * SECOND_US  # 9999-12-31, the last that datetime can say
UNITS_US: dict[str, float] = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1.0, "epoch_ns": 1e-3}

ReadTime = Callable[[object], int]


def from_iso(stated: object, zone: tzinfo | None = None) -> int:
    """Read an ISO 8601 time with its offset; digits past the microsecond are cut off.

    `zone` is the device's where it states none. Raises Unreadable for a time without either, without seconds, with
    24:00 or a leap second, and for a date that does not exist.
    """
    if not isinstance(stated, str) or len(stated) < SECOND_LENGTH or stated[10] not in "T " or stated[11:13] == "24":
        raise Unreadable(Reason.BAD_TIME, f"not a time in ISO 8601: {printable(str(stated))}")
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        raise Unreadable(Reason.BAD_TIME, f"not a time in ISO 8601: {printable(stated)}") from None
    return to_us(moment, stated, zone)


def from_epoch(stated: object, unit: str) -> int:
    """Read a number of seconds, milli-, micro- or nanoseconds since 1970 (`unit` is a key of UNITS_US).

    Raises Unreadable for anything but a finite number that a calendar can show.
    """
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        raise Unreadable(Reason.BAD_TIME, f"not a number of seconds since 1970: {printable(str(stated))}")
    factor = UNITS_US[unit]
    exact = isinstance(stated, int) and factor >= 1
    time_us = stated * int(factor) if exact else stated * factor
    if not -LAST_US < time_us < LAST_US:
        raise Unreadable(Reason.BAD_TIME, f"no calendar has this time ({unit}): {printable(str(stated)[:40])}")
    return round(time_us)


def from_pattern(stated: object, pattern: str, zone: tzinfo | None) -> int:
    """Read a time by a strptime pattern. Raises Unreadable where it does not fit, or has no zone and none is given."""
    try:
        moment = datetime.strptime(str(stated), pattern)  # noqa: DTZ007 - to_us sees to the zone
    except ValueError:
        raise Unreadable(Reason.BAD_TIME, f"not a time like {pattern}: {printable(str(stated))}") from None
    return to_us(moment, str(stated), zone)


def to_us(moment: datetime, stated: str, zone: tzinfo | None) -> int:
    """Give the microseconds of a moment; `zone` is used where it has none itself."""
    if moment.tzinfo is None:
        if zone is None:
            raise Unreadable(Reason.TIME_WITHOUT_ZONE, f"time without a zone: {printable(stated)}")
        moment = moment.replace(tzinfo=zone)
    since = moment - EPOCH
    return since.days * DAY_US + since.seconds * SECOND_US + since.microseconds
