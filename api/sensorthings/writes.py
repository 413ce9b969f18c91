"""Answer POST, PATCH, PUT and DELETE on entities."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import jsonpatch
import jsonpointer
import msgspec
from fastapi.responses import Response

from api.errors import problem
from api.sensorthings import rendering
from api.sensorthings.answers import Request, arrive, json, start
from api.sensorthings.bodies import document, draft, whole
from api.sensorthings.paths import Step, Target, read_path
from twin import arrivals, subscribers
from twin.arrivals import Arrival, Became, Detail, Verdict
from twin.db import Connection
from twin.edits import creation, removal, updates
from twin.edits.drafts import Draft, exists
from twin.errors import Refused
from twin.gate import is_bad
from twin.queries.entities import ENTITIES, Id, observation_key
from twin.queries.expressions import Query

__all__ = ["arrival", "change", "delete", "post"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
JSON_PATCH = "application/json-patch+json"
MOST_OPERATIONS = 1_000
# A link from one entity to many, seen from the other side: what a new one of the many has to be told.
BACK = {
    ("Things", "Datastreams"): "Thing",
    ("Things", "HistoricalLocations"): "Thing",
    ("Things", "Locations"): "Things",
    ("Locations", "HistoricalLocations"): "Locations",
    ("Locations", "Things"): "Locations",
    ("HistoricalLocations", "Locations"): "",
    ("Sensors", "Datastreams"): "Sensor",
    ("ObservedProperties", "Datastreams"): "ObservedProperty",
    ("Datastreams", "Observations"): "Datastream",
    ("FeaturesOfInterest", "Observations"): "FeatureOfInterest",
}


def post(connection: Connection, request: Request, place_id: int) -> Response:
    """Make an entity in a set, or in what a link of another leads to. Raises NotFound or Refused."""
    target = read_path(request.path)
    _whole_path(target, is_one=False)
    link = start(connection, target.steps)
    given = document(request.body)
    owner = None if link is None else _owner(connection, target)
    if owner is not None and isinstance(given, dict) and given.keys() == {"@iot.id"}:
        return _attach(connection, request, place_id, target, given["@iot.id"])
    wanted = draft(target.last.entity, given, is_whole=True)
    if owner is not None:
        wanted = _told(wanted, *owner)
    if wanted.set == "Observations":
        return _observe(connection, request, place_id, wanted)
    made = creation.create(connection, place_id, wanted)
    return _created(connection, request, target.last, f"feature-{made}" if wanted.set == "FeaturesOfInterest" else made)


def _whole_path(target: Target, *, is_one: bool) -> None:
    if target.names or target.is_reference or target.last.is_one is not is_one:
        raise Refused("this is written to " + ("an entity" if is_one else "a set"))


def _owner(connection: Connection, target: Target) -> tuple[str, Id]:
    """Give the link back to the entity that a set is of, and its id."""
    before, last = target.steps[-2:]
    back = BACK.get((before.entity.set, last.entity.set), "")
    if not back:
        raise Refused(f"{last.entity.set} are not made from here")
    row = arrive(connection, before, start(connection, target.steps[:-1]), Query(select=()))
    return back, row.id


def _told(wanted: Draft, back: str, owner: Id) -> Draft:
    said = wanted.links.get(back, ())
    if said and owner not in said:
        raise Refused(f"the body names another {back} than the path")
    return replace(wanted, links={**wanted.links, back: (owner,)})


def _attach(connection: Connection, request: Request, place_id: int, target: Target, identity: Any) -> Response:
    """Link an entity that is there, as `{"@iot.id": 3}` posted to Things(1)/Locations asks for."""
    back, owner = _owner(connection, target)
    number = exists(connection, target.last.entity.set, identity)
    updates.update(connection, place_id, number, Draft(target.last.entity.set, {}, {back: (owner,)}))
    return _created(connection, request, target.last, number)


def _created(connection: Connection, request: Request, step: Step, identity: Id) -> Response:
    row = arrive(connection, Step(step.entity, None, identity), None, Query())
    address = rendering.link(request.root, step.entity, identity)
    return json(rendering.entity(row, Query(), request.root), 201, {"Location": address})


def _observe(connection: Connection, request: Request, place_id: int, wanted: Draft) -> Response:
    """Take in one observation; what the gate refuses is set aside and counted, so nothing is rolled back."""
    now = datetime.now(UTC)
    one = arrival(connection, place_id, wanted, now, request.body)
    (verdict,) = arrivals.arrive(connection, [one], now)
    if verdict.became in (Became.REFUSED, Became.CONFLICT):
        return _refused(verdict)
    step = Step(ENTITIES["Observations"], None, f"{one.datastream_id}-{one.time_us}")
    return _created(connection, request, step, f"{one.datastream_id}-{one.time_us}")


def _refused(verdict: Verdict) -> Response:
    if verdict.became is Became.CONFLICT:
        return problem(HTTPStatus.CONFLICT, "an observation of this time with another result is there, and stays")
    return problem(HTTPStatus.BAD_REQUEST, f"set aside: {verdict.reason}")


def arrival(connection: Connection, place_id: int, wanted: Draft, now: datetime, payload: bytes) -> Arrival:
    """Make an observation ready for the gate: without a time it is of now, an interval is known at its end."""
    datastream = wanted.one("Datastream")
    if isinstance(datastream, str):
        raise Refused(f"nothing in Datastreams has the id {datastream[:40]}")
    number = creation.linked(connection, place_id, "Datastreams", datastream)
    stated = wanted.values.get("phenomenonTime") or now
    begins, ends = stated if isinstance(stated, tuple) else (None, stated)
    quality, result = wanted.values.get("resultQuality"), wanted.values["result"]
    is_number = isinstance(result, float) and not is_bad(quality)
    return Arrival(
        number,
        (ends - EPOCH) // MICROSECOND,
        result if is_number else float("nan"),
        payload,
        _detail(connection, place_id, wanted, begins, quality),
        None if isinstance(result, float) or is_bad(quality) else result,
    )


def _detail(connection: Connection, place_id: int, wanted: Draft, begins: datetime | None, quality: Any) -> Detail:
    valid_from, valid_to = wanted.values.get("validTime") or (None, None)
    feature = wanted.one("FeatureOfInterest")
    feature_id = None
    if isinstance(feature, Draft):
        feature_id = creation.linked(connection, place_id, "FeaturesOfInterest", feature)
    elif feature is not None and str(feature).startswith("feature-"):
        row = arrive(connection, Step(ENTITIES["FeaturesOfInterest"], None, feature), None, Query(select=()))
        feature_id = updates.made_feature(row.id)
    parameters = wanted.values.get("parameters")
    return Detail(begins, wanted.values.get("resultTime"), valid_from, valid_to, quality, parameters, feature_id)


def change(connection: Connection, request: Request, place_id: int) -> Response:
    """Change an entity: PATCH what is said, PUT all of it; a JSON Patch is worked out on what is there."""
    target, identity = _found(connection, request)
    entity = target.last.entity
    given = document(request.body)
    is_patch = request.media_type.split(";")[0].strip().lower() == JSON_PATCH
    if is_patch:
        given = _patched(connection, target, identity, given)
    if request.method == "PUT" and isinstance(given, dict):
        given = dict.fromkeys(_optional(entity.set)) | given
    wanted = draft(entity, given, is_whole=request.method == "PUT")
    if any(isinstance(one, Draft) for found in wanted.links.values() for one in found):
        raise Refused("a change links entities that are there, by @iot.id: new ones are posted")
    updates.update(connection, place_id, identity, wanted)
    if entity.set == subscribers.OBSERVATIONS:
        key, time = observation_key(identity)
        subscribers.tell(connection, subscribers.streams(connection), [(key, (time - EPOCH) // MICROSECOND)])
    row = arrive(connection, Step(entity, None, identity), None, Query())
    return json(rendering.entity(row, Query(), request.root))


def _optional(set_: str) -> list[str]:
    """Name what a PUT without it takes away."""
    return [name for name in whole(set_) if name in ("properties", "resultQuality", "validTime", "parameters")]


def _patched(connection: Connection, target: Target, identity: Id, operations: Any) -> dict[str, Any]:
    """Apply a JSON Patch (RFC 6902) to the entity's properties and give those that it changed."""
    if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
        raise Refused(f"a JSON Patch is a list of at most {MOST_OPERATIONS} operations")
    row = arrive(connection, Step(target.last.entity, None, identity), None, Query())
    kinds = row.entity.properties
    shown = {name: rendering.value(kinds[name].kind, value) for name, value in row.values.items()}
    before = msgspec.json.decode(msgspec.json.encode(shown))
    try:
        after = jsonpatch.apply_patch(before, operations)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, ValueError, LookupError):
        raise Refused("the JSON Patch does not fit this entity") from None
    if not isinstance(after, dict):
        raise Refused("the JSON Patch leaves no entity")
    gone = {name: None for name in before if name not in after}
    return gone | {name: value for name, value in after.items() if name not in before or before[name] != value}


def delete(connection: Connection, request: Request) -> Response:
    """Delete an entity, and what cannot be without it."""
    target, identity = _found(connection, request)
    removal.remove(connection, target.last.entity.set, identity)
    return Response(status_code=200)


def _found(connection: Connection, request: Request) -> tuple[Target, Id]:
    """Find the entity that a path names. Raises NotFound where there is none, Refused where it names a set."""
    target = read_path(request.path)
    _whole_path(target, is_one=True)
    row = arrive(connection, target.last, start(connection, target.steps), Query(select=()))
    return target, row.id
