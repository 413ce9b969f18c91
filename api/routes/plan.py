"""The planner: its page, the runs with what they asked, and a run's two sides and tables, on the screen and as files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api import formats, plan_sides, run_tables
from api.asked import Db, ThePlace
from api.community import said
from api.formats.table import Shapes, Table
from api.run_tables import RunTable
from api.screens import reader
from simulations.asking import Asked
from twin import audit, runs
from twin.db import Connection
from twin.errors import NotFound
from twin.located import KINDS, Located, located
from twin.places import Place
from twin.queries.expressions import Kind
from twin.roles import Who
from twin.runs import Run
from twin.terms import MobilityGroup, Service
from viz import plan

router = APIRouter()

MOST_RUNS = 200


class Side(BaseModel):
    """Which service and group of a run; its first where not said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: Service | None = None
    group: MobilityGroup | None = None


class Most(BaseModel):
    """How many runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=50, ge=1, le=MOST_RUNS)


@router.get("/plan", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request, place: ThePlace) -> HTMLResponse:
    """Show the planner's screen in the language and look the address asks for."""
    return HTMLResponse(plan.page(place, reader(request)))


@router.get("/api/plan/runs")
def listed(connection: Db, place: ThePlace, asked: Annotated[Most, Query()]) -> dict[str, Any]:
    """List the newest runs with what each asked, the newest first."""
    return {"runs": [_line(run) for run in runs.listed(connection, place.id, most=asked.limit)]}


@router.get("/api/plan/runs/{run}/sides")
def sides(
    request: Request, connection: Db, place: ThePlace, run: str, side: Annotated[Side, Query()]
) -> dict[str, Any]:
    """Compute a kept coverage or scenario again, whole: by age, grid, building and minute, before and after."""
    found = runs.get(connection, place.id, run)
    at = None if found.inputs["at"] is None else datetime.fromisoformat(found.inputs["at"])
    shelf = request.app.state.shelf
    with shelf.lock:
        community = shelf.take(connection, place, at)
        asked = Asked(connection, community, said(connection, community, at), at)
        return plan_sides.sides(asked, found, side.service, side.group)


@router.get("/api/plan/runs/{run}/tables")
def tables(connection: Db, place: ThePlace, run: str) -> dict[str, Any]:
    """Give a run's answer as tables, and where what they name lies; these are the rows of the files."""
    found = runs.get(connection, place.id, run)
    every, where = _tables(connection, place, found)
    return {
        "run": found.hash,
        "question": found.question,
        "norm": _answer(found)["norm"],
        "tables": [
            {"name": table.name, "columns": table.columns, "rows": table.rows, "at": table.at} for table in every
        ],
        "where": {
            key: {"name": one.name, "name_zh": one.name_zh, "position": [one.lon, one.lat]}
            for key, one in where.items()
        },
    }


@router.get("/api/plan/runs/{run}/tables/{name}.{suffix}", response_class=Response)
def file(  # noqa: PLR0917  # FastAPI fills them by name
    request: Request,
    connection: Db,
    place: ThePlace,
    run: str,
    name: str,
    suffix: str,
    purpose: Annotated[str, Query(min_length=2, max_length=200)],
) -> Response:
    """Write a table of a run as a file that says which run, norm, user and time it is of."""
    found, format_ = runs.get(connection, place.id, run), formats.named(suffix)
    every, where = _tables(connection, place, found)
    table = next((one for one in every if one.name == name), None)
    if table is None:
        raise NotFound(f"the run has no such table; it has {', '.join(one.name for one in every)}")
    who: Who = request.state.who
    whole = Table(
        f"{found.question}_{name}", *_columns(table), _about(found, who, purpose, place), _shapes(table, where)
    )
    audit.append(
        connection,
        "exported",
        what=f"run {found.hash[:12]} {name}",
        format=suffix,
        rows=len(table.rows),
        purpose=purpose,
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{whole.name}_{found.hash[:8]}.{suffix}"',
        "Linli-Rows": str(len(table.rows)),
        "Linli-Purpose": quote(purpose),
    }
    return Response(format_.write(whole), media_type=format_.MEDIA_TYPE, headers=headers)


def _answer(run: Run) -> dict[str, Any]:
    if run.answer is None:
        raise NotFound(f"the run has no answer: it is {run.state}")
    return run.answer


def _tables(connection: Connection, place: Place, run: Run) -> tuple[list[RunTable], dict[str, Located]]:
    every = run_tables.tables(run.question, _answer(run))
    where = located(connection, place.id, run_tables.keys(every))
    return [run_tables.named(table, where) for table in every], where


def _columns(table: RunTable) -> tuple[dict[str, Kind], dict[str, list[Any]]]:
    columns = {name: [row[at] for row in table.rows] for at, name in enumerate(table.columns)}
    return dict(table.columns), columns


def _shapes(table: RunTable, where: dict[str, Located]) -> Shapes | None:
    """Give the shape of what each row is about first; None where rows are about nothing on the map."""
    first = [at[0] if at else None for at in table.at]
    kinds = {KINDS[key.partition("#")[0]][0] for key in first if key is not None}
    if len(kinds) != 1:
        return None
    return Shapes([where[key].wkb if key in where else None for key in first], kinds.pop())


def _about(run: Run, who: Who, purpose: str, place: Place) -> dict[str, str]:
    """Say what a reader of the file alone must know."""
    norm = _answer(run)["norm"]
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "user": who.name,
        "purpose": purpose,
        "norms": f"{norm['id']} {norm['version']}",
        "run": run.hash,
        "computed": run.created_at.isoformat(timespec="seconds"),
        "network": str(run.network_version),
        "source": place.attribution,
    }


def _line(run: Run) -> dict[str, Any]:
    return {
        "run": run.hash,
        "question": run.question,
        "asked": run.inputs["question"],
        "state": run.state,
        "network_version": run.network_version,
        "created_at": run.created_at.isoformat(),
        "created_by": run.created_by,
    }
