"""The definition of the interface as OpenAPI 3.0, from which clients learn its parameters and the largest page."""

from __future__ import annotations

import functools
from typing import Any

from api.features import asked
from api.features.documents import GEOJSON, HTML, JSON, MATRIX_SET, OPENAPI, SCHEMA, TILE, Site
from twin.queries import reference
from twin.queries.collections import COLLECTIONS
from twin.queries.cql2 import LANGUAGES

__all__ = ["definition"]

Document = dict[str, Any]
PROBLEM = "application/problem+json"
COLLECTION, FEATURE = "/collections/{collectionId}", "/collections/{collectionId}/items/{featureId}"


def definition(site: Site) -> Document:
    """Write the definition."""
    parameters = _parameters(site)
    return {
        "openapi": "3.0.3",
        "info": {"title": "linli: features and tiles", "version": "1.0", "license": {"name": "Apache-2.0"}},
        "servers": [{"url": site.root, "description": "this server"}],
        "tags": [{"name": "Capabilities"}, {"name": "Data"}, {"name": "Tiles"}],
        "paths": _paths(parameters),
        "components": {
            "parameters": parameters,  # GDAL looks for the largest page here
            "responses": _responses(),
            "schemas": {"problem": {"type": "object", "properties": {"detail": {"type": "string"}}}},
        },
    }


def _paths(parameters: Document) -> Document:
    tiles = f"{COLLECTION}/tiles"
    one_tile = f"{tiles}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    place = ("tileMatrixSetId", "tileMatrix", "tileRow", "tileCol")
    get = functools.partial(_get, parameters)
    filters = ("limit", "offset", "bbox", "bbox-crs", "datetime", "crs", "filter", "filter-lang", "filter-crs")
    return {
        "/": get("getLandingPage", "Capabilities", JSON, HTML),
        "/api": get("getDefinition", "Capabilities", OPENAPI, HTML),
        "/conformance": get("getConformance", "Capabilities", JSON, HTML),
        "/collections": get("getCollections", "Capabilities", JSON, HTML),
        COLLECTION: get("getCollection", "Capabilities", JSON, HTML, takes=("collectionId",)),
        f"{COLLECTION}/queryables": get("getQueryables", "Capabilities", SCHEMA, takes=("collectionId",)),
        f"{COLLECTION}/schema": get("getSchema", "Capabilities", SCHEMA, takes=("collectionId",)),
        f"{COLLECTION}/items": get(
            "getFeatures", "Data", GEOJSON, HTML, takes=("collectionId", *filters, "sortby", "properties", "f")
        ),
        FEATURE: get("getFeature", "Data", GEOJSON, HTML, takes=("collectionId", "featureId", "crs", "datetime")),
        "/tileMatrixSets": get("getTileMatrixSets", "Tiles", JSON),
        "/tileMatrixSets/{tileMatrixSetId}": get("getTileMatrixSet", "Tiles", JSON, takes=("tileMatrixSetId",)),
        tiles: get("getTileSets", "Tiles", JSON, takes=("collectionId",)),
        f"{tiles}/{{tileMatrixSetId}}": get("getTileSet", "Tiles", JSON, takes=("collectionId", "tileMatrixSetId")),
        one_tile: get("getTile", "Tiles", TILE, takes=("collectionId", *place)),
    }


def _get(parameters: Document, name: str, tag: str, *types: str, takes: tuple[str, ...] = ()) -> Document:
    """Write one operation; its parameters stand in it whole, for checks that follow no references."""
    content = {type_: {"schema": {"type": "string" if type_ in (HTML, TILE) else "object"}} for type_ in types}
    refusals = {status: {"$ref": f"#/components/responses/{word}"} for status, word in REFUSALS.items()}
    return {
        "get": {
            "operationId": name,
            "summary": name,
            "tags": [tag],
            "parameters": [parameters[one] for one in takes],
            "responses": {"200": {"description": "the answer", "content": content}} | refusals,
        }
    }


REFUSALS = {"400": "Refused", "404": "NotFound", "503": "Unavailable"}


def _responses() -> Document:
    schema = {PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}}
    words = {"Refused": "a parameter is unknown or not understood", "NotFound": "there is no such thing"}
    words["Unavailable"] = "the database does not answer"
    return {name: {"description": text, "content": schema} for name, text in words.items()}


def _parameters(site: Site) -> Document:
    uris = [one.uri for one in reference.known(site.place.metric_srid)]
    text: Document = {"type": "string"}
    whole: Document = {"type": "integer", "minimum": 0}
    uri: Document = {"type": "string", "format": "uri", "enum": uris, "default": reference.CRS84.uri}
    numbers: Document = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    names: Document = {"type": "array", "items": {"type": "string"}}
    page: Document = {"type": "integer", "minimum": 1, "maximum": asked.MOST, "default": asked.DEFAULT_LIMIT}
    in_query = {
        "limit": page,
        "offset": whole | {"default": 0},
        "bbox": numbers,
        "bbox-crs": uri,
        "datetime": text,
        "crs": uri,
        "filter": text,
        "filter-lang": {"type": "string", "enum": list(LANGUAGES)},
        "filter-crs": uri,
        "sortby": names,
        "properties": names,
        "f": {"type": "string", "enum": ["json", "html", "fgb", "parquet"], "default": "json"},
    }
    in_path = {
        "collectionId": {"type": "string", "enum": list(COLLECTIONS)},
        "featureId": whole,
        "tileMatrixSetId": {"type": "string", "enum": [MATRIX_SET]},
        **dict.fromkeys(("tileMatrix", "tileRow", "tileCol"), whole),
    }
    query = {name: _parameter(name, "query", schema, needed=False) for name, schema in in_query.items()}
    return query | {name: _parameter(name, "path", schema, needed=True) for name, schema in in_path.items()}


def _parameter(name: str, where: str, schema: Document, *, needed: bool) -> Document:
    lists = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return {"name": name, "in": where, "required": needed, "schema": schema} | lists
