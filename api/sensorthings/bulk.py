"""Answer CreateObservations: many observations of some datastreams as arrays.

Source: OGC 18-088, 13.2.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi.responses import Response

from api.sensorthings import rendering
from api.sensorthings.answers import Request, json
from api.sensorthings.bodies import document, draft
from api.sensorthings.writes import arrival
from twin import arrivals
from twin.arrivals import Arrival, Became, Verdict
from twin.db import Connection
from twin.edits.drafts import exists
from twin.errors import NotFound, Refused
from twin.queries.entities import ENTITIES

__all__ = ["create_observations"]

MOST = 20_000  # observations in one request
FEATURE = "FeatureOfInterest/id"


def create_observations(connection: Connection, request: Request, place_id: int) -> Response:
    """Take in observations row by row: the answer has for each its address, or "error" where it was not stored."""
    given = document(request.body)
    if not isinstance(given, list):
        raise Refused("CreateObservations takes a list of datastreams with components and dataArray")
    now = datetime.now(UTC)
    rows = [row for stream in given for row in _rows(connection, stream)]
    if len(rows) > MOST:
        raise Refused(f"at most {MOST} observations at once")
    read = [_arrival(connection, place_id, row, now) for row in rows]
    taken = [one for one in read if one is not None]
    verdicts = iter(arrivals.arrive(connection, taken, now)) if taken else iter(())
    return json([_said(request.root, one, None if one is None else next(verdicts)) for one in read], 201)


def _rows(connection: Connection, stream: Any) -> list[dict[str, Any]]:
    """Give the rows of one datastream as observations."""
    if not isinstance(stream, dict) or not isinstance(stream.get("Datastream"), dict):
        raise Refused("each datastream is linked as {Datastream: {@iot.id: …}}")
    number = exists(connection, "Datastreams", stream["Datastream"].get("@iot.id", 0))
    components, rows = stream.get("components"), stream.get("dataArray")
    if not isinstance(components, list) or "result" not in components or not isinstance(rows, list):
        raise Refused("components is a list with result in it, dataArray a list of rows")
    if not all(isinstance(name, str) for name in components):
        raise Refused("components are names")
    return [_row(number, components, row) for row in rows]


def _row(number: int, components: list[str], row: Any) -> dict[str, Any]:
    if not isinstance(row, list) or len(row) != len(components):
        raise Refused("a row has one value for each component")
    observation = dict(zip(components, row, strict=True))
    feature = observation.pop(FEATURE, None)
    if feature is not None:
        observation["FeatureOfInterest"] = {"@iot.id": feature}
    return observation | {"Datastream": {"@iot.id": number}}


def _arrival(connection: Connection, place_id: int, row: dict[str, Any], now: datetime) -> Arrival | None:
    """Read one row; None where it is no observation, which spoils no other."""
    try:
        wanted = draft(ENTITIES["Observations"], row, is_whole=False)
        if "result" not in wanted.values:
            return None
        return arrival(connection, place_id, wanted, now, msgspec.json.encode(row))
    except (NotFound, Refused):
        return None


def _said(root: str, one: Arrival | None, verdict: Verdict | None) -> str:
    if one is None or verdict is None or verdict.became in (Became.REFUSED, Became.CONFLICT):
        return "error"
    return rendering.link(root, ENTITIES["Observations"], f"{one.datastream_id}-{one.time_us}")
