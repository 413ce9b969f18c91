"""The registers: facilities and people as they are held, and area, staff, sizes and sensing against the norms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.asked import Db, ThePlace
from api.paging import Page, Pages
from twin import devices, facilities, holdings, places, registers
from twin.norms import own, rules
from twin.norms.rules import Rule
from twin.places import Place
from twin.terms import ThingKind

router = APIRouter(prefix="/api/registers")

LARGEST = 2**31 - 1


class Asked(BaseModel):
    """The norm to compare with, and numbers to take in the stead of the place's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    norm: str = Field(default="", max_length=60)
    households: int | None = Field(default=None, ge=0, le=LARGEST)
    residents: int | None = Field(default=None, ge=0, le=LARGEST)
    present: float | None = Field(default=None, ge=0, le=LARGEST)


class Which(BaseModel):
    """The kind of device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ThingKind = ThingKind.SMOKE


class Each(Page):
    """Whether to give each device, or to count them by kind."""

    each: bool = False


@router.get("/facilities")
def all_facilities(connection: Db, place: ThePlace, pages: Pages, page: Annotated[Page, Query()]) -> Any:
    """Give every facility as a file or the map said it: areas, staff, capacity, floor, entrance, hours, organisation.

    A Link header leads to the next page.
    """
    rows = facilities.register(connection, place.id)
    found = pages.of(rows, page, lambda row: (row.service, row.source_id), str, str)
    return msgspec.to_builtins(found.rows)


@router.get("/people")
def people_by_band(connection: Db, place: ThePlace) -> Any:
    """Give the residents by age band: the denominator, who is located and who is not; as they may be shown."""
    return msgspec.to_builtins(holdings.people(connection, place.id))


@router.get("/area")
def area_needed(request: Request, connection: Db, place: ThePlace, asked: Annotated[Asked, Query()]) -> Any:
    """Compare the facilities' floor area with a norm per 100 households."""
    held = holdings.floor_area(connection, place.id)
    need = registers.floor_area(
        _rule(request, connection, place, asked.norm or "svc_30"),
        households=place.households if asked.households is None else asked.households,
        present_m2=held.total_m2 if asked.present is None else asked.present,
    )
    return {"need": msgspec.to_builtins(need), "held": msgspec.to_builtins(held)}


@router.get("/staff")
def staff_needed(request: Request, connection: Db, place: ThePlace, asked: Annotated[Asked, Query()]) -> Any:
    """Compare the workers with a norm per 10,000 residents."""
    held = holdings.staff(connection, place.id)
    need = registers.staff(
        _rule(request, connection, place, asked.norm or "staff_18"),
        residents=place.residents if asked.residents is None else asked.residents,
        present=held.workers if asked.present is None else int(asked.present),
    )
    return {"need": msgspec.to_builtins(need), "held": msgspec.to_builtins(held)}


@router.get("/sizes")
def sizes_in_band(
    request: Request, connection: Db, place: ThePlace, pages: Pages, page: Annotated[Page, Query()]
) -> Any:
    """Compare communities by residents, and grids by households, with their bands.

    A Link header leads to the next page.
    """
    communities = [(code, n) for code, _, n in registers.stored_sizes(connection, place.id, "community")]
    grids = [(code, n) for code, n, _ in registers.stored_sizes(connection, place.id, "grid")]
    found = registers.sizes(_rule(request, connection, place, "tier_5"), "people", communities)
    found += registers.sizes(_rule(request, connection, place, "grid_size"), "households", grids)
    return msgspec.to_builtins(pages.of(found, page, lambda one: (one.unit == "households", one.code), bool, str).rows)


@router.get("/grids")
def grids_tended(connection: Db, place: ThePlace) -> Any:
    """Count the grids that have a worker, and name those that are vacant; never who the worker is."""
    return msgspec.to_builtins(holdings.tended(connection, place.id))


@router.get("/sensing")
def buildings_sensed(connection: Db, place: ThePlace, which: Annotated[Which, Query()]) -> Any:
    """Give the share of residential buildings with a working device of a kind, and which devices are in no grid."""
    things = devices.things(connection, place.id, datetime.now(UTC))
    found = holdings.sensed(connection, place.id, things, which.kind)
    return {**msgspec.to_builtins(found), "outside_grids": holdings.outside_grids(connection, place.id)}


@router.get("/devices")
def devices_honest(connection: Db, place: ThePlace, pages: Pages, asked: Annotated[Each, Query()]) -> Any:
    """Count the devices of each kind, or list each: installed, alive, placed, linked.

    A Link header leads to the next page.
    """
    things = devices.things(connection, place.id, datetime.now(UTC))
    boundary = places.boundary(connection, place.id)
    if not asked.each:
        return msgspec.to_builtins(registers.honesty(things, boundary))
    return msgspec.to_builtins(pages.of(registers.honest(things, boundary), asked, lambda one: (one.key,), str).rows)


@router.get("/layers")
def layers_by_age(connection: Db, place: ThePlace) -> Any:
    """Give the base data with source and date, marked where it is old."""
    return msgspec.to_builtins(holdings.layers(connection, place.id, datetime.now(UTC)))


def _rule(request: Request, connection: Db, place: Place, norm: str) -> Rule:
    """Give the most local norm that holds today in the place's division, of linli's and the city's own."""
    settings = request.app.state.settings
    known = (*rules.load(settings.norms), *own.stored(connection, place.id))
    return rules.choose(known, norm, area=settings.area, on=datetime.now(ZoneInfo(place.timezone)).date())
