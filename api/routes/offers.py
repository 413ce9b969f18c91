"""Devices that described themselves: enrol one, refuse it, or think again."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StrictInt, model_validator

from api import acts
from api.asked import Db, ThePlace
from api.paging import Page, Pages
from ingest.loaders import positions
from ingest.loaders.offered import Wish, enrol_offered
from twin import offers
from twin.datum import parse
from twin.errors import Refused
from twin.terms import ThingKind

router = APIRouter(prefix="/api/offers")

LINE = r"^[^\x00-\x1f\x7f]+$"
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=LINE)]
Key = Annotated[str, Path(min_length=1, max_length=1_000, pattern=LINE)]


class Enrolling(BaseModel):
    """What a person says of the device: its kind, and where it stands or what it watches."""

    model_config = ConfigDict(extra="forbid")

    kind: ThingKind
    name: Text | None = None
    name_zh: Text | None = None
    lon: FiniteFloat | None = None
    lat: FiniteFloat | None = None
    datum: Text | None = None
    watches: Text | None = None
    interval_s: StrictInt | None = Field(default=None, ge=1, le=2_678_400)
    format: Text | None = None

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat are given together")
        if self.lon is not None and self.datum is None:
            raise ValueError("say the datum of lon and lat")
        return self


class Refusing(BaseModel):
    """Which of the formats that speak of this device."""

    model_config = ConfigDict(extra="forbid")

    format: Text


@router.get("/refused")
def refused(connection: Db, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give the devices that are not offered any more, by key."""
    rows = offers.offers(connection, refused=True)
    found = pages.of(rows, page, lambda row: (row.key, row.format), str, str)
    return {"devices": [row.as_row() for row in found.rows], "next": found.next}


@router.post("/{key:path}/enrol", status_code=201)
def enrol(connection: Db, place: ThePlace, key: Key, enrolling: Enrolling) -> dict[str, Any]:
    """Enrol an offered device; what it sent until then can be tried again."""
    acts.by(connection, f"enrol the offered device {key}")
    lon, lat = _degrees(enrolling)
    wish = Wish(
        enrolling.kind,
        enrolling.name,
        enrolling.name_zh,
        lon,
        lat,
        watches=enrolling.watches,
        interval_s=enrolling.interval_s,
        format=enrolling.format,
    )
    return dataclasses.asdict(enrol_offered(connection, place, key, wish))


@router.post("/{key:path}/refuse")
def refuse(connection: Db, key: Key, refusing: Refusing) -> dict[str, str]:
    """Let a device not be offered any more, though it goes on sending."""
    by = acts.by(connection, f"refuse the offered device {key}")
    offers.refuse(connection, key, refusing.format, by)
    return {"key": key, "refused_by": by}


@router.post("/{key:path}/reconsider")
def reconsider(connection: Db, key: Key, refusing: Refusing) -> dict[str, str]:
    """Offer a refused device again."""
    acts.by(connection, f"offer {key} again")
    offers.reconsider(connection, key, refusing.format)
    return {"key": key}


def _degrees(enrolling: Enrolling) -> tuple[float | None, float | None]:
    """Give the WGS 84 degrees; nothing where none is given."""
    if enrolling.lon is None or enrolling.datum is None:
        return None, None
    try:
        return positions.position(str(enrolling.lon), str(enrolling.lat), parse(enrolling.datum))
    except ValueError as error:
        raise Refused(str(error)) from None
