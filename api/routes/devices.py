"""The devices, as `linli devices` gives them: how they are, which are offered, what they measured and were in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.asked import Db, ThePlace
from twin import health as healths
from twin import offers, readings
from twin.errors import Refused

router = APIRouter(prefix="/api/devices")

LONGEST = timedelta(days=3_660)  # ten years at once: the states of a day are added up from its readings
FIRST, LAST = date(1970, 1, 1), date(2200, 1, 1)
TOO_LONG = f"from is before to, by {LONGEST.days} days at most"
LINE = r"^[^\x00-\x1f\x7f]+$"

Key = Annotated[str, Path(min_length=1, max_length=1_000, pattern=LINE)]


class Asked(BaseModel):
    """Which property of the device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    property: str = Field(min_length=1, max_length=1_000, pattern=LINE)


class Line(Asked):
    """From when till when, and in how many points; the last day where it is not said."""

    start: AwareDatetime | None = Field(default=None, alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")
    points: int = Field(default=200, ge=3, le=10_000)


class Days(Asked):
    """Local days, the last not included; the last 30 where it is not said."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    monthly: bool = False


@router.get("/health")
def health(connection: Db, place: ThePlace) -> dict[str, Any]:
    """Give how every device is: last seen, missed reports, battery, signal, clock, and what came of it."""
    rows = healths.health(connection, place.id, datetime.now(UTC))
    return {"devices": [row.as_row() for row in rows]}


@router.get("/offered")
def offered(connection: Db) -> dict[str, Any]:
    """Give the devices that described themselves and are not enrolled, the last seen first."""
    return {"devices": [row.as_row() for row in offers.offers(connection)]}


@router.get("/{key:path}/readings")
def measured(connection: Db, key: Key, asked: Annotated[Line, Query()]) -> dict[str, Any]:
    """Give what a device measured: numbers as a line of few points that keeps its shape, words as they came."""
    now = datetime.now(UTC)
    _check(asked.start and asked.start.date(), asked.end and asked.end.date())
    end = asked.end or now
    start = asked.start or end - timedelta(days=1)
    if not timedelta(0) < end - start <= LONGEST:
        raise Refused(TOO_LONG)
    return readings.readings(connection, key, asked.property, start=start, end=end, points=asked.points).as_row()


@router.get("/{key:path}/states")
def states(connection: Db, place: ThePlace, key: Key, asked: Annotated[Days, Query()]) -> dict[str, Any]:
    """Give how long a device was in which state by local day or month [s], and how available a lift was."""
    now = datetime.now(UTC)
    _check(asked.start, asked.end)
    end = asked.end or now.astimezone(ZoneInfo(place.timezone)).date() + timedelta(days=1)
    start = asked.start or end - timedelta(days=30)
    if not timedelta(0) < end - start <= LONGEST:
        raise Refused(TOO_LONG)
    rows = readings.states(connection, key, asked.property, start=start, end=end, now=now, monthly=asked.monthly)
    return {"key": key, "property": asked.property, "states": rows}


def _check(*dates: date | None) -> None:
    """Refuse dates on which nothing was measured: the calendar's ends cannot be reckoned with."""
    if not all(FIRST <= one <= LAST for one in dates if one is not None):
        raise Refused(f"from and to are between {FIRST} and {LAST}")
