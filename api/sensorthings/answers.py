"""Answer GET: the root, sets, entities, properties, values and references."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from fastapi.responses import Response

from api.sensorthings import rendering
from api.sensorthings.options import Asked, read_options
from api.sensorthings.paths import Step, Target, read_path
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.queries import reading
from twin.queries.entities import ENTITIES
from twin.queries.expressions import Kind, Query
from twin.queries.reading import Link, Row

__all__ = ["Request", "arrive", "get", "json", "start"]

READS = (
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/data-array/data-array",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/batch-request/batch-request",
)
WRITES = (
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-observations-via-data-array",
)
CREATE_BY_MQTT = "http://www.opengis.net/spec/iot_sensing/1.1/req/create-observations-via-mqtt/observations-creation"
UPDATES_BY_MQTT = "http://www.opengis.net/spec/iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates"
DIGITS = 6  # of the place in a list
NO_PROPERTIES = Query(select=())


@dataclass(frozen=True, slots=True)
class Request:
    """A request below the root, whose address is `root`: also one of a batch."""

    method: str
    root: str
    path: str
    query_string: bytes = b""
    body: bytes = b""
    media_type: str = ""


def json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Write JSON."""
    return Response(msgspec.json.encode(content), status, headers, "application/json")


def get(connection: Connection, request: Request, *, is_writable: bool, brokers: Sequence[str] = ()) -> Response:
    """Answer a GET; the root names where the broker is. Raises NotFound or Refused."""
    if not request.path.strip("/"):
        return json(_root(request.root, brokers, is_writable=is_writable))
    reading.begin(connection)
    target = read_path(request.path)
    asked = read_options(target.last.entity, request.query_string)
    start_link = start(connection, target.steps)
    if target.names:
        return _property(connection, target, start_link)
    if target.last.is_one:
        return _one(connection, request, target, asked, start_link)
    return _set(connection, request, target, asked, start_link)


def _root(root: str, brokers: Sequence[str], *, is_writable: bool) -> dict[str, Any]:
    by_mqtt = {one: {"endpoints": list(brokers)} for one in (CREATE_BY_MQTT, UPDATES_BY_MQTT) if brokers}
    conformance = [*READS, *(WRITES if is_writable else ()), *by_mqtt]
    return {
        "value": [{"name": name, "url": f"{root}/{name}"} for name in ENTITIES],
        "serverSettings": {"conformance": conformance, **by_mqtt},
    }


def start(connection: Connection, steps: tuple[Step, ...]) -> Link | None:
    """Walk a path up to its last step and give the link that this starts from. Raises NotFound where it breaks."""
    link: Link | None = None
    for step, after in itertools.pairwise(steps):
        row = arrive(connection, step, link, NO_PROPERTIES)
        assert after.link is not None
        link = (after.link, row.keys[after.link.local])
    return link


def arrive(connection: Connection, step: Step, link: Link | None, query: Query) -> Row:
    """Read the one entity of a step. Raises NotFound where there is none."""
    return reading.one(connection, step.entity, step.id, query, link=link)


def _property(connection: Connection, target: Target, link: Link | None) -> Response:
    """Give a property, a part of it, or its bare value; no content where it has none."""
    name, *parts = target.names
    is_id = name in ("id", "@iot.id")
    row = arrive(connection, target.last, link, Query(select=(name,)))
    kind = Kind.TEXT if is_id else row.entity.properties[name].kind
    found = row.id if is_id else rendering.value(kind, row.values[name])
    for part in parts:
        found = _part(found, name, part)
    if found is None:
        return Response(status_code=204)
    if not target.is_raw:
        return json({target.names[-1]: found})
    if isinstance(found, dict | list | msgspec.Raw):
        return json(found)
    return Response(found if isinstance(found, str) else msgspec.json.encode(found), media_type="text/plain")


def _part(whole: Any, name: str, part: str) -> Any:
    """Give a part of a JSON value, such as `floor` or `doors[0]`. Raises NotFound."""
    key, *numbers = part.replace("]", "").split("[")
    found = whole.get(key) if isinstance(whole, dict) else None
    for number in numbers:
        place = int(number) if number.isdecimal() and len(number) <= DIGITS else None
        found = found[place] if isinstance(found, list) and place is not None and place < len(found) else None
    if found is None and not (isinstance(whole, dict) and key in whole and not numbers):
        raise NotFound(f"{name} has no part {part[:100]}")
    return found


def _one(connection: Connection, request: Request, target: Target, asked: Asked, link: Link | None) -> Response:
    query = asked.query
    if query.orderby or query.filter or query.top is not None or query.skip or query.after or query.is_counted:
        raise Refused("one entity takes $select and $expand alone")
    row = arrive(connection, target.last, link, NO_PROPERTIES if target.is_reference else query)
    if target.is_reference:
        return json({"@iot.selfLink": rendering.link(request.root, row.entity, row.id)})
    return json(rendering.entity(row, query, request.root))


def _set(connection: Connection, request: Request, target: Target, asked: Asked, link: Link | None) -> Response:
    query = replace(asked.query, select=(), expand=()) if target.is_reference else asked.query
    page = reading.page(connection, target.last.entity, query, link=link)
    here = f"{request.root}/{request.path.strip('/')}"
    if target.is_reference:
        return json(rendering.references(page, query, request.root, here))
    if asked.is_array:
        return json(rendering.arrays(page, query, request.root, here))
    return json(rendering.collection(page, query, request.root, here))
