"""The documents that lead to the features: landing page, conformance, collections, queryables, tile sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api import formats
from twin.places import Place
from twin.queries import reference, tiles
from twin.queries.collections import COLLECTIONS, Collection
from twin.queries.expressions import Kind

__all__ = ["CONFORMANCE", "ITEM_FORMATS", "MATRIX_SET", "Site", "link"]

Document = dict[str, Any]
SPEC = "http://www.opengis.net/spec/"
CONFORMANCE = [
    *(f"{SPEC}ogcapi-common-1/1.0/conf/{name}" for name in ("core", "landing-page", "json", "html", "oas30")),
    f"{SPEC}ogcapi-common-2/1.0/conf/collections",
    *(f"{SPEC}ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "html", "oas30")),
    f"{SPEC}ogcapi-features-2/1.0/conf/crs",
    *(
        f"{SPEC}ogcapi-features-3/1.0/conf/{name}"
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(
        f"{SPEC}cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "property-property",
            "arithmetic",
        )
    ),
    *(f"{SPEC}ogcapi-tiles-1/1.0/conf/{name}" for name in ("core", "tileset", "geodata-tilesets", "mvt")),
]
ITEM_FORMATS = ("fgb", "parquet")  # beside GeoJSON and HTML
MATRIX_SET = "WebMercatorQuad"
MATRIX_SET_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
ITEMS = "http://www.opengis.net/def/rel/ogc/1.0/"
JSON, GEOJSON, HTML, SCHEMA = "application/json", "application/geo+json", "text/html", "application/schema+json"
OPENAPI, TILE = "application/vnd.oai.openapi+json;version=3.0", "application/vnd.mapbox-vector-tile"
TYPES: dict[Kind, Document] = {
    Kind.NUMBER: {"type": "number"},
    Kind.TEXT: {"type": "string"},
    Kind.TRUTH: {"type": "boolean"},
    Kind.TIME: {"type": "string", "format": "date-time"},
}
# OGC 17-083r4, annex D.1: the whole of web Mercator in one tile of 256 pixels of 0.28 mm
WIDEST = 559_082_264.028_717_8  # scale denominator of matrix 0
PIXEL_M = 0.000_28
EDGE = 20_037_508.342_789_244
PIXELS = 256


def link(href: str, rel: str, type_: str, title: str) -> Document:
    """Write a link."""
    return {"href": href, "rel": rel, "type": type_, "title": title}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the interface is served, of which place, in which language (en, zh)."""

    root: str
    place: Place
    language: str = "en"

    def landing(self) -> Document:
        """Write the landing page."""
        return {
            "title": f"linli: {self._name()}",
            "description": "The twin of a community as features and tiles.",
            "attribution": self.place.attribution,
            "links": [
                link(self.root, "self", JSON, "this document"),
                link(f"{self.root}?f=html", "alternate", HTML, "this document as HTML"),
                link(f"{self.root}/api", "service-desc", OPENAPI, "the API's definition"),
                link(f"{self.root}/api?f=html", "service-doc", HTML, "the API's description"),
                link(f"{self.root}/conformance", "conformance", JSON, "what it conforms to"),
                link(f"{self.root}/collections", "data", JSON, "the collections"),
                link(f"{self.root}/tileMatrixSets", f"{ITEMS}tiling-schemes", JSON, "the tile matrix sets"),
            ],
        }

    def conformance(self) -> Document:
        """Write the classes of the standards that the interface conforms to."""
        return {"conformsTo": CONFORMANCE, "links": [link(f"{self.root}/conformance", "self", JSON, "this document")]}

    def collections(self) -> Document:
        """Write all collections."""
        return {
            "links": [
                link(f"{self.root}/collections", "self", JSON, "this document"),
                link(f"{self.root}/collections?f=html", "alternate", HTML, "this document as HTML"),
            ],
            "crs": self._crs(),
            "collections": [self.collection(one) | {"crs": ["#/crs"]} for one in COLLECTIONS.values()],
        }

    def collection(self, collection: Collection) -> Document:
        """Write one collection."""
        here = f"{self.root}/collections/{collection.id}"
        return {
            "id": collection.id,
            "title": collection.title_zh if self.language == "zh" else collection.title,
            "description": collection.description,
            "attribution": self.place.attribution,
            "itemType": "feature",
            "extent": {"spatial": {"bbox": [list(self.place.bounds)], "crs": reference.CRS84.uri}},
            "crs": self._crs(),
            "storageCrs": reference.CRS84.uri,
            "links": [*self._leading(here, collection), *self._items(here), *self._tiles(here, collection)],
        }

    def queryables(self, collection: Collection) -> Document:
        """Write what a filter may name, as JSON Schema."""
        shape = {"geometry": {"format": f"geometry-{collection.geometry.lower()}", "title": "where it is"}}
        return self._schema(f"{self.root}/collections/{collection.id}/queryables", collection, shape)

    def schema(self, collection: Collection) -> Document:
        """Write what a feature has, as JSON Schema (OGC API Features part 5)."""
        role = {"x-ogc-role": "primary-geometry", "format": f"geometry-{collection.geometry.lower()}"}
        key = {"id": {"type": "integer", "x-ogc-role": "id"}}
        return self._schema(f"{self.root}/collections/{collection.id}/schema", collection, key | {"geometry": role})

    def tile_sets(self, collection: Collection) -> Document:
        """Write the tile sets of a collection: there is one."""
        here = f"{self.root}/collections/{collection.id}/tiles"
        one = self._tile_set(collection) | {"links": [link(f"{here}/{MATRIX_SET}", "self", JSON, "the tile set")]}
        return {"links": [link(here, "self", JSON, "this document")], "tilesets": [one]}

    def tile_set(self, collection: Collection, version: str) -> Document:
        """Write one tile set; its links name the version, so that what a cache has of an older one is not asked for."""
        here = f"{self.root}/collections/{collection.id}/tiles/{MATRIX_SET}"
        template = f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?v={version}"
        item = link(template, "item", TILE, "a tile") | {"templated": True}
        layer = {"id": collection.id, "dataType": "vector", "propertiesSchema": self.schema(collection)}
        return self._tile_set(collection) | {
            "version": version,
            "layers": [layer],
            "links": [
                link(here, "self", JSON, "this document"),
                item,
                link(f"{self.root}/tileMatrixSets/{MATRIX_SET}", f"{ITEMS}tiling-scheme", JSON, "the tile matrix set"),
            ],
        }

    def matrix_sets(self) -> Document:
        """Write the tile matrix sets: there is one."""
        here = link(f"{self.root}/tileMatrixSets/{MATRIX_SET}", "self", JSON, "the tile matrix set")
        return {"tileMatrixSets": [{"id": MATRIX_SET, "uri": MATRIX_SET_URI, "links": [here]}]}

    def _name(self) -> str:
        return self.place.name_zh if self.language == "zh" else self.place.name

    def _crs(self) -> list[str]:
        return [one.uri for one in reference.known(self.place.metric_srid)]

    def _leading(self, here: str, collection: Collection) -> list[Document]:
        return [
            link(here, "self", JSON, "this document"),
            link(f"{here}?f=html", "alternate", HTML, "this document as HTML"),
            link(f"{here}/schema", "describedby", SCHEMA, f"what a feature of {collection.id} has"),
            link(f"{here}/queryables", f"{ITEMS}queryables", SCHEMA, "what a filter may name"),
        ]

    def _items(self, here: str) -> list[Document]:
        files = [(one, formats.named(one).MEDIA_TYPE) for one in ITEM_FORMATS]
        return [
            link(f"{here}/items", "items", GEOJSON, "the features as GeoJSON"),
            link(f"{here}/items?f=html", "items", HTML, "the features as HTML"),
            *(link(f"{here}/items?f={suffix}", "items", type_, f"the features as {suffix}") for suffix, type_ in files),
        ]

    def _tiles(self, here: str, collection: Collection) -> list[Document]:
        if collection.is_computed:
            return []
        return [link(f"{here}/tiles", f"{ITEMS}tilesets-vector", JSON, "the features as vector tiles")]

    def _tile_set(self, collection: Collection) -> Document:
        return {
            "title": collection.title,
            "dataType": "vector",
            "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
            "tileMatrixSetURI": MATRIX_SET_URI,
        }

    def _schema(self, here: str, collection: Collection, more: Document) -> Document:
        properties = {name: TYPES[kind] | {"title": name} for name, kind in collection.properties.items()}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": here,
            "type": "object",
            "title": collection.title,
            "properties": properties | more,
            "additionalProperties": False,
        }


def matrix_set() -> Document:
    """Write the web's square tiles."""
    matrices = [
        {
            "id": str(level),
            "scaleDenominator": WIDEST / 2**level,
            "cellSize": WIDEST / 2**level * PIXEL_M,
            "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [-EDGE, EDGE],
            "tileWidth": PIXELS,
            "tileHeight": PIXELS,
            "matrixWidth": 2**level,
            "matrixHeight": 2**level,
        }
        for level in range(tiles.DEEPEST + 1)
    ]
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": MATRIX_SET_URI,
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }
