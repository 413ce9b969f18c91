"""Answer a request for features: a page as GeoJSON, HTML, FlatGeobuf or GeoParquet, or one feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
from fastapi.responses import Response

from api import formats
from api.features import asked
from api.features.asked import Options
from api.features.documents import GEOJSON, HTML, JSON, Site, link
from api.formats.table import Shapes, Table
from twin.db import Connection
from twin.queries import items
from twin.queries.collections import Collection, Shown
from twin.queries.expressions import Kind
from twin.queries.items import Page, Wanted

__all__ = ["Request", "feature", "page"]

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the format's name (json, html, fgb, parquet), the query without f and lang, and where."""

    site: Site
    collection: Collection
    format: str
    query: Query
    computed: str | None = None

    @property
    def here(self) -> str:
        """Give the address of the items."""
        return f"{self.site.root}/collections/{self.collection.id}/items"

    def shown(self, connection: Connection, wanted: Wanted) -> Shown:
        """Give the rows, of the moment that is asked for."""
        past = items.past(connection, self.collection, wanted)
        return self.collection.of(self.site.place.id, self.computed, past)

    def address(self, format_: str | None = None, **changed: str) -> str:
        """Give the address of the same with something changed."""
        query = dict(self.query) | changed | {"f": format_ or self.format}
        return f"{self.here}?{urlencode(query)}"


def page(connection: Connection, request: Request) -> Response:
    """Answer one page. Raises Refused."""
    wanted = asked.read(Options(request.collection, request.site.place.metric_srid), request.query)
    if request.format not in ("json", "html"):
        return _file(connection, request, wanted)
    found = items.features(connection, request.shown(connection, wanted), wanted)
    body = _collection(found, _links(request, wanted, found))
    return Response(body, headers={"Content-Crs": f"<{wanted.crs.uri}>"}, media_type=GEOJSON)


def feature(connection: Connection, request: Request, key: str) -> Response:
    """Answer one feature. Raises NotFound or Refused."""
    known = ("crs", "datetime")
    if strange := next((name for name, _ in request.query if name not in known), None):
        raise asked.unknown(strange, known)
    wanted = asked.read(Options(request.collection, request.site.place.metric_srid), request.query)
    crs = wanted.crs
    text = items.one(connection, request.shown(connection, wanted), asked.key(key), crs)
    here = f"{request.here}/{key}"
    links = [
        link(here, "self", GEOJSON, "this feature"),
        link(f"{here}?f=html", "alternate", HTML, "this feature as HTML"),
        link(request.here.removesuffix("/items"), "collection", JSON, "its collection"),
    ]
    body = f'{text.rstrip().removesuffix("}")}, "links": {_json(links)}}}'
    return Response(body, headers={"Content-Crs": f"<{crs.uri}>"}, media_type=GEOJSON)


def _links(request: Request, wanted: Wanted, found: Page) -> list[dict[str, object]]:
    links = [
        link(request.address(), "self", GEOJSON, "this page"),
        link(request.address("html"), "alternate", HTML, "this page as HTML"),
        link(request.here.removesuffix("/items"), "collection", JSON, "the collection"),
    ]
    if wanted.offset + len(found.features) < found.matched:
        following = request.address(offset=str(wanted.offset + wanted.limit))
        links.append(link(following, "next", GEOJSON, "the next page"))
    if wanted.offset:
        before = request.address(offset=str(max(0, wanted.offset - wanted.limit)))
        links.append(link(before, "prev", GEOJSON, "the page before"))
    return links


def _collection(found: Page, links: list[dict[str, object]]) -> str:
    """Join the features, which PostgreSQL has written, to a collection."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return (
        f'{{"type": "FeatureCollection", "timeStamp": "{now}", "numberMatched": {found.matched}, '
        f'"numberReturned": {len(found.features)}, "links": {_json(links)}, "features": [{", ".join(found.features)}]}}'
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _file(connection: Connection, request: Request, wanted: Wanted) -> Response:
    """Write the page as a file; how many there are in all, and where the next page is, stands in the headers."""
    collection = request.collection
    rows = items.columns(connection, request.shown(connection, wanted), wanted)
    kinds = {"id": Kind.NUMBER} | {name: collection.properties[name] for name in rows.values}
    shapes = Shapes(rows.shapes, collection.geometry, wanted.crs.srid)
    table = Table(
        collection.id, kinds, {"id": rows.ids} | rows.values, {"attribution": request.site.place.attribution}, shapes
    )
    format_ = formats.named(request.format)
    headers = {
        "Content-Crs": f"<{wanted.crs.uri}>",
        "Content-Disposition": f'attachment; filename="{collection.id}.{request.format}"',
    }
    if len(rows.ids) == wanted.limit:
        headers["Link"] = f'<{request.address(offset=str(wanted.offset + wanted.limit))}>; rel="next"'
    return Response(format_.write(table), headers=headers, media_type=format_.MEDIA_TYPE)
