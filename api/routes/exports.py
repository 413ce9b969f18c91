"""Exports: a collection as a file that says when it was made, by whom, what for and by which norms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api import formats
from api.asked import Db, ThePlace
from api.features import asked as asked_for
from api.features.asked import Options
from api.formats.table import Shapes, Table
from twin import audit, norms
from twin.errors import Refused
from twin.queries import items
from twin.queries.collections import Collection, collection
from twin.queries.expressions import Kind
from twin.roles import Who

router = APIRouter()

MOST_ROWS = 200_000
OWN = ("purpose", "limit")  # an export is whole


def _who(request: Request) -> Who:
    found: Who = request.state.who
    return found


@router.get("/api/exports/{name}.{suffix}", response_class=Response)
def export(  # noqa: PLR0917  # FastAPI fills them by name
    request: Request,
    connection: Db,
    place: ThePlace,
    who: Annotated[Who, Depends(_who)],
    name: str,
    suffix: str,
    purpose: Annotated[str, Query(min_length=2, max_length=200)],
) -> Response:
    """Write all of a collection that the query leaves (see `/ogc`: bbox, datetime, filter, sortby, properties, crs)."""
    found, format_ = collection(name), formats.named(suffix)
    query = [pair for pair in request.query_params.multi_items() if pair[0] not in OWN]
    wanted = replace(asked_for.read(Options(found, place.metric_srid), query), limit=MOST_ROWS)
    computed = request.app.state.coverage_rows.take(connection, place) if found.is_computed else None
    rows = items.columns(connection, found.of(place.id, computed), wanted)
    if len(rows.ids) == MOST_ROWS:
        raise Refused(f"an export has fewer than {MOST_ROWS} rows: ask for a part by bbox or filter")
    audit.append(connection, "exported", what=name, format=suffix, rows=len(rows.ids), purpose=purpose)
    about = _about(who, purpose, place.attribution, request.url.query)
    shapes = Shapes(rows.shapes, found.geometry, wanted.crs.srid)
    table = Table(name, _kinds(found, list(rows.values)), {"id": rows.ids} | rows.values, about, shapes)
    disposition = f'attachment; filename="{name}.{suffix}"'
    headers = {"Content-Disposition": disposition, "Linli-Rows": str(len(rows.ids)), "Linli-Purpose": quote(purpose)}
    return Response(format_.write(table), media_type=format_.MEDIA_TYPE, headers=headers)


def _kinds(found: Collection, names: list[str]) -> dict[str, Kind]:
    return {"id": Kind.NUMBER} | {name: found.properties[name] for name in names}


def _about(who: Who, purpose: str, source: str, query: str) -> dict[str, str]:
    """Say what a reader of the file alone must know."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    norm = norms.load()
    of = {"norms": f"{norm.id} {norm.version}", "source": source, "query": query}
    return {"time": now, "user": who.name, "purpose": purpose} | of
