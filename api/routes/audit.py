"""The step-free audit: its page, where its breaks lie, the lifts by month, and the report to be signed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.asked import Db, ThePlace
from api.definition import file_of
from api.routes.spoken import audited
from api.screens import reader
from twin import features, measurable, measurements, runs
from twin.db import Connection
from twin.lift_months import LiftMonth, lift_months
from twin.places import Place
from twin.terms import Service
from viz import audit, report

router = APIRouter()

RunHash = Annotated[str, InPath(pattern=r"^[0-9a-f]{64}$")]
DRAWN = ("land", "green", "water", "street", "buildings")
USUAL_MONTHS = 3
MONTH = r"^20\d\d-(0[1-9]|1[0-2])$"


class Months(BaseModel):
    """From which month on, and how many; without, the last three."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: str | None = Field(default=None, pattern=MONTH)
    months: int = Field(default=USUAL_MONTHS, ge=1, le=24)


class Printed(Months):
    """In which language, of which services (none said: all), with which months of the lifts."""

    lang: Literal["zh", "en"] = "zh"
    service: list[Service] = Field(default=[], max_length=len(Service))


@router.get("/audit", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request, place: ThePlace) -> HTMLResponse:
    """Show the audit in the language and look the address asks for."""
    return HTMLResponse(audit.page(place, reader(request)))


@router.get("/api/lift-months")
def months(connection: Db, place: ThePlace, asked: Annotated[Months, Query()]) -> dict[str, Any]:
    """Give each lift's hours in service, out of it and unknown, by month."""
    return {"lifts": msgspec.to_builtins(_months(connection, place, asked))}


@router.get("/api/audits/{run}/lines")
def lines(connection: Db, place: ThePlace, run: RunHash) -> dict[str, Any]:
    """Give the edges that a run of the audit tells of, as GeoJSON: its breaks, and the mends it chose."""
    answer = audited(connection, place, run)
    mended = {one["id"] for one in answer["mends"]["chosen"] if _is_edge(one)}
    found = measurable.lines(connection, _edges(answer))
    features = [
        {
            "type": "Feature",
            "id": key,
            "geometry": {"type": "LineString", "coordinates": points},
            "properties": {"class": "mend" if key in mended else "break", "element": f"edge:{source}", "name": name},
        }
        for key, (source, name, points) in found.items()
    ]
    return {"type": "FeatureCollection", "features": features}


@router.get("/api/audits/{run}/report.pdf", response_class=Response, responses={200: file_of("application/pdf")})
def printed(
    request: Request, connection: Db, place: ThePlace, run: RunHash, asked: Annotated[Printed, Query()]
) -> Response:
    """Print the report of a run of the audit, to be signed."""
    answer = audited(connection, place, run)
    who = getattr(request.state, "who", None)
    made = report.pdf(
        report.Report(
            place=place,
            run=runs.get(connection, place.id, run),
            language=asked.lang,
            services=tuple(asked.service),
            lines=measurable.lines(connection, _edges(answer)),
            layers={name: json.loads(features.geojson(connection, place.id, name)) for name in DRAWN},
            months=_months(connection, place, asked),
            measured=measurements.kept(connection, place.id),
            account=str(who.name) if who else "",
            printed_at=datetime.now(UTC),
        )
    )
    name = f"linli-audit-{place.code}-{run[:12]}-{asked.lang}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made, media_type="application/pdf", headers=headers)


def _months(connection: Connection, place: Place, asked: Months) -> list[LiftMonth]:
    now = datetime.now(UTC)
    if asked.first is not None:
        first = date.fromisoformat(f"{asked.first}-01")
    else:
        before = now.year * 12 + now.month - asked.months
        first = date(before // 12, before % 12 + 1, 1)
    return lift_months(connection, place, first, asked.months, now)


def _is_edge(one: dict[str, Any]) -> bool:
    return "source_id" in one and "service" not in one and isinstance(one.get("id"), int)


def _edges(answer: dict[str, Any]) -> list[int]:
    return [one["id"] for one in (*answer["breaks"], *answer["mends"]["chosen"]) if _is_edge(one)]
