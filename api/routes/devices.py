"""The devices, as `linli devices` gives them: how they are, which are offered, what they measured and were in."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field

from api.asked import Db, ThePlace
from api.paging import Page, Pages
from twin import health as healths
from twin import offers, readings
from twin.errors import Refused
from twin.terms import ThingKind

router = APIRouter(prefix="/api/devices")

LONGEST = timedelta(days=3_660)  # ten years at once: the states of a day are added up from its readings
LONGEST_EACH = timedelta(days=31)
FIRST, LAST = date(1970, 1, 1), date(2200, 1, 1)
TOO_LONG = f"from is before to, by {LONGEST.days} days at most"
LINE = r"^[^\x00-\x1f\x7f]+$"

Key = Annotated[str, Path(min_length=1, max_length=1_000, pattern=LINE)]


class Asked(Page):
    """Which property of the device."""

    property: str = Field(min_length=1, max_length=1_000, pattern=LINE)


class Line(Asked):
    """From when till when, and in how many points; the last day where it is not said.

    `each`: every reading as it came, by page, in the place of so many points.
    """

    start: AwareDatetime | None = Field(default=None, alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")
    points: int = Field(default=200, ge=3, le=10_000)
    each: bool = False


class Days(Asked):
    """Local days, the last not included; the last 30 where it is not said."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    monthly: bool = False


class Order(StrEnum):
    """What the devices are sorted by; what is not known comes last."""

    KEY = "key"
    LAST_SEEN = "last_seen"
    MISSED = "missed"
    BATTERY = "battery"
    RSSI = "rssi"
    CLOCK_SKEW = "clock_skew_s"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class Sought(Page):
    """Which devices, in which order: in a state, of a kind, with these letters in key, name or format."""

    state: Literal["ok", "unknown", "never_seen"] | None = None
    kind: ThingKind | None = None
    search: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    sort: Order = Order.KEY
    descending: bool = False


@router.get("/health")
def health(connection: Db, place: ThePlace, pages: Pages, sought: Annotated[Sought, Query()]) -> dict[str, Any]:
    """Give how every device is: last seen, missed reports, battery, signal, clock, and what came of it.

    `total` is how many were found, `states` how many of all are in each state.
    """
    every = healths.health(connection, place.id, datetime.now(UTC))
    rows = healths.wanted(every, state=sought.state, kind=sought.kind, search=sought.search)
    by, down = sought.sort.value, sought.descending
    found = pages.of(rows, sought, lambda row: healths.mark(row, by, descending=down), float, str)
    return {
        "devices": [row.as_row() for row in found.rows],
        "next": found.next,
        "total": len(rows),
        "states": dict(Counter(row.state for row in every)),
    }


@router.get("/offered")
def offered(connection: Db, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give the devices that described themselves and are not enrolled, the newest first."""
    rows = offers.offers(connection)
    kinds = (datetime, str, str)
    found = pages.of(rows, page, lambda row: (row.first_seen, row.key, row.format), *kinds, descending=True)
    return {"devices": [row.as_row() for row in found.rows], "next": found.next}


@router.get("/{key:path}/readings")
def measured(connection: Db, pages: Pages, key: Key, asked: Annotated[Line, Query()]) -> dict[str, Any]:
    """Give what a device measured: numbers as a line of few points that keeps its shape, words as they came."""
    now = datetime.now(UTC)
    _check(asked.start and asked.start.date(), asked.end and asked.end.date())
    end = asked.end or now
    start = asked.start or end - timedelta(days=1)
    if not timedelta(0) < end - start <= LONGEST:
        raise Refused(TOO_LONG)
    if not asked.each:
        return readings.readings(connection, key, asked.property, start=start, end=end, points=asked.points).as_row()
    if end - start > LONGEST_EACH:
        raise Refused(f"each reading of {LONGEST_EACH.days} days at most")
    after = pages.after(asked, datetime)
    start = after[0] + timedelta(microseconds=1) if after else start
    found = readings.each(connection, key, asked.property, start=start, end=end, most=asked.limit + 1)
    cut = pages.cut(found.points, asked, lambda point: (point[0],))
    return replace(found, points=cut.rows).as_row() | {"next": cut.next}


@router.get("/{key:path}/states")
def states(connection: Db, place: ThePlace, pages: Pages, key: Key, asked: Annotated[Days, Query()]) -> dict[str, Any]:
    """Give how long a device was in which state by local day or month [s], and how available a lift was."""
    now = datetime.now(UTC)
    _check(asked.start, asked.end)
    end = asked.end or now.astimezone(ZoneInfo(place.timezone)).date() + timedelta(days=1)
    start = asked.start or end - timedelta(days=30)
    if not timedelta(0) < end - start <= LONGEST:
        raise Refused(TOO_LONG)
    rows = readings.states(connection, key, asked.property, start=start, end=end, now=now, monthly=asked.monthly)
    found = pages.of(rows, asked, lambda row: (row["day"],), date)
    return {"key": key, "property": asked.property, "states": found.rows, "next": found.next}


def _check(*dates: date | None) -> None:
    """Refuse dates on which nothing was measured: the calendar's ends cannot be reckoned with."""
    if not all(FIRST <= one <= LAST for one in dates if one is not None):
        raise Refused(f"from and to are between {FIRST} and {LAST}")
