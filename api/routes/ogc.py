"""OGC API Features and OGC API Tiles at /ogc."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from api.asked import Db, ThePlace
from api.errors import problem
from api.features import definition as definitions
from api.features import documents, items, pages
from api.features.documents import ITEM_FORMATS, JSON, MATRIX_SET, OPENAPI, SCHEMA, TILE, Site
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.queries import items as features
from twin.queries import tiles
from twin.queries.collections import Collection, collection

router = APIRouter(prefix="/ogc", include_in_schema=False)

AGE = "private, no-cache"  # a cache asks each time whether the version is still the same
Answering = Callable[..., Response]


def _site(request: Request, place: ThePlace) -> Site:
    """Say where the interface is served, and in which language the client reads."""
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "en")
    return Site(f"{str(request.base_url).rstrip('/')}/ogc", place, "zh" if asked.lower().startswith("zh") else "en")


TheSite = Annotated[Site, Depends(_site)]


def _refusing(answering: Answering) -> Answering:
    """Say 400 where a parameter is refused, which elsewhere is 422."""

    @functools.wraps(answering)
    def answer(*arguments: Any, **named: Any) -> Response:
        try:
            return answering(*arguments, **named)
        except Refused as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))

    return answer


def _format(request: Request, *others: str) -> str:
    """Give the format asked for by `f`, else by Accept, where HTML is asked for before anything else. Refused if none."""
    known = ("json", "html", *others)
    asked = request.query_params.get("f")
    if asked is None:
        return "html" if request.headers.get("accept", "").lower().startswith("text/html") else "json"
    if asked not in known:
        raise Refused(f"f is one of {', '.join(known)}")
    return asked


def _told(request: Request, site: Site, document: dict[str, Any], type_: str = JSON) -> Response:
    """Answer a document as JSON or HTML."""
    strangers = set(request.query_params) - {"f", "lang"}
    if strangers:
        raise Refused(f"no parameter is called {min(strangers)[:50]}; there are f, lang")
    if _format(request) == "html":
        return _html(request, site, document)
    return Response(msgspec.json.encode(document), media_type=type_)


def _html(request: Request, site: Site, document: dict[str, Any]) -> Response:
    static = f"{site.root.removesuffix('/ogc')}/static/{request.app.state.assets.version}"
    return HTMLResponse(pages.page(document, site.language, static=static))


@router.get("/")
@router.get("")
@_refusing
def landing(request: Request, site: TheSite) -> Response:
    """Say what there is."""
    return _told(request, site, site.landing())


@router.get("/api")
@_refusing
def definition(request: Request, site: TheSite) -> Response:
    """Give the definition of the interface."""
    return _told(request, site, definitions.definition(site), OPENAPI)


@router.get("/conformance")
@_refusing
def conformance(request: Request, site: TheSite) -> Response:
    """Say to which classes of the standards it conforms."""
    return _told(request, site, site.conformance())


@router.get("/collections")
@_refusing
def collections(request: Request, site: TheSite) -> Response:
    """Give the collections."""
    return _told(request, site, site.collections())


@router.get("/collections/{name}")
@_refusing
def one_collection(request: Request, site: TheSite, name: str) -> Response:
    """Give one collection."""
    return _told(request, site, site.collection(collection(name)))


@router.get("/collections/{name}/queryables")
@_refusing
def queryables(request: Request, site: TheSite, name: str) -> Response:
    """Say what a filter may name."""
    return _told(request, site, site.queryables(collection(name)), SCHEMA)


@router.get("/collections/{name}/schema")
@_refusing
def schema(request: Request, site: TheSite, name: str) -> Response:
    """Say what a feature has."""
    return _told(request, site, site.schema(collection(name)), SCHEMA)


@router.get("/collections/{name}/items")
@_refusing
def page(request: Request, connection: Db, site: TheSite, name: str) -> Response:
    """Give a page of features."""
    asked = _asked(request, connection, site, name, *ITEM_FORMATS)
    answer = items.page(connection, asked)
    return answer if asked.format != "html" else _html(request, site, json.loads(bytes(answer.body)))


@router.get("/collections/{name}/items/{key}")
@_refusing
def one_item(request: Request, connection: Db, site: TheSite, name: str, key: str) -> Response:
    """Give one feature."""
    asked = _asked(request, connection, site, name)
    answer = items.feature(connection, asked, key)
    return answer if asked.format != "html" else _html(request, site, json.loads(bytes(answer.body)))


def _asked(request: Request, connection: Connection, site: Site, name: str, *others: str) -> items.Request:
    """Read the request; the rows of what is computed are computed."""
    found, rows = collection(name), request.app.state.coverage_rows
    computed = rows.take(connection, site.place) if found.is_computed else None
    query = [pair for pair in request.query_params.multi_items() if pair[0] not in ("f", "lang")]
    return items.Request(site, found, _format(request, *others), query, computed)


@router.get("/tileMatrixSets")
@_refusing
def matrix_sets(request: Request, site: TheSite) -> Response:
    """Give the tile matrix sets."""
    return _told(request, site, site.matrix_sets())


@router.get("/tileMatrixSets/{matrix_set}")
@_refusing
def one_matrix_set(request: Request, site: TheSite, matrix_set: str) -> Response:
    """Give the web's square tiles."""
    _refuse_other(matrix_set)
    return _told(request, site, documents.matrix_set())


@router.get("/collections/{name}/tiles")
@_refusing
def tile_sets(request: Request, site: TheSite, name: str) -> Response:
    """Give a collection's tile sets."""
    return _told(request, site, site.tile_sets(_drawn(name)))


@router.get("/collections/{name}/tiles/{matrix_set}")
@_refusing
def tile_set(request: Request, connection: Db, site: TheSite, name: str, matrix_set: str) -> Response:
    """Give a tile set with the address of its tiles."""
    _refuse_other(matrix_set)
    found = _drawn(name)
    return _told(request, site, site.tile_set(found, features.version(connection, found)))


@router.get("/collections/{name}/tiles/{matrix_set}/{level}/{row}/{column}")
@_refusing
def tile(  # noqa: PLR0917  # the place in the tile matrix is three of them
    request: Request,
    connection: Db,
    place: ThePlace,
    name: str,
    matrix_set: str,
    level: int,
    row: int,
    column: int,
) -> Response:
    """Give one vector tile; 304 where the client has this version of it."""
    _refuse_other(matrix_set)
    found = _drawn(name)
    who = request.state.who  # two on one machine may see different things: what one has is not for the other
    seen = "-".join([who.role, *map(str, who.grids)])
    headers = {"ETag": f'"{found.id}-{features.version(connection, found)}-{seen}"', "Cache-Control": AGE}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    made = tiles.tile(connection, found.of(place.id), level, row, column)
    return Response(made, headers=headers, media_type=TILE) if made else Response(status_code=204, headers=headers)


def _refuse_other(matrix_set: str) -> None:
    if matrix_set != MATRIX_SET:
        raise NotFound(f"the tile matrix set is {MATRIX_SET}")


def _drawn(name: str) -> Collection:
    found = collection(name)
    if found.is_computed:
        raise NotFound(f"{found.id} has no tiles: it is computed anew each time")
    return found
