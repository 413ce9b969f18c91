"""Change what a client may change of an entity that is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from twin import corrections
from twin.devices import BY_CLIENT
from twin.edits.creation import given, linked, place, shape, unit
from twin.edits.drafts import Draft
from twin.errors import Refused
from twin.queries.entities import Id, observation_key
from twin.tables import (
    Datastream,
    FeatureOfInterest,
    HistoricalLocation,
    Location,
    ObservationDetail,
    ObservedProperty,
    Sensor,
    Thing,
)

__all__ = ["made_feature", "update"]

NAMED = {"name": "name", "description": "description"}
ENCODED = {**NAMED, "encodingType": "encoding_type"}
# What the twin knows and shows among the properties: no part of what a client says.
OF_THINGS = frozenset({"key", "kind", "name_zh", "format", "interval_s", "simulated"})
OF_DATASTREAMS = frozenset({"property", "lowest", "highest"})
MADE = "feature-"


def update(connection: Connection, place_id: int, identity: Id, draft: Draft) -> None:
    """Change an entity that is there: the draft's values and links, no others. Raises Refused where it cannot be."""
    CHANGERS[draft.set](connection, place_id, identity, draft)


def made_feature(identity: Id) -> int:
    """Give the number of a feature that a client made. Raises Refused for one that the twin has from elsewhere."""
    number = str(identity).removeprefix(MADE)
    if number == identity or not number.isdecimal():
        raise Refused("this feature is an element of the twin: it is not changed here")
    return int(number)


def _set(connection: Connection, table: type[Any], number: Id, values: Mapping[str, Any]) -> None:
    if values:
        connection.execute(sa.update(table).where(table.id == number).values(**values))


def _columns(draft: Draft, names: Mapping[str, str]) -> dict[str, Any]:
    return {column: draft.values[name] for name, column in names.items() if name in draft.values}


def _properties(draft: Draft, known: frozenset[str] = frozenset()) -> dict[str, Any]:
    if "properties" not in draft.values:
        return {}
    stated = draft.values["properties"]
    kept = None if stated is None else {name: value for name, value in stated.items() if name not in known}
    return {"properties": given(kept or None)}


def _thing(connection: Connection, place_id: int, identity: Id, draft: Draft) -> None:
    made_here = connection.scalar(sa.select(Thing.format == BY_CLIENT).where(Thing.id == identity))
    known = frozenset() if made_here else OF_THINGS
    _set(connection, Thing, identity, _columns(draft, NAMED) | _properties(draft, known))
    where = draft.one("Locations")
    if where is not None:
        place(connection, int(identity), linked(connection, place_id, "Locations", where), datetime.now(UTC))


def _location(connection: Connection, place_id: int, identity: Id, draft: Draft) -> None:
    values = _columns(draft, ENCODED) | _properties(draft)
    if "location" in draft.values:
        values["geom"] = shape(draft.values["location"])
    _set(connection, Location, identity, values)
    if "geom" in values:
        point = sa.select(sa.func.ST_PointOnSurface(Location.geom)).where(Location.id == identity).scalar_subquery()
        connection.execute(sa.update(Thing).where(Thing.location_id == identity).values(point=point))
    for thing in draft.links.get("Things", ()):
        place(connection, linked(connection, place_id, "Things", thing), int(identity), datetime.now(UTC))


def _historical_location(connection: Connection, place_id: int, identity: Id, draft: Draft) -> None:
    values = _columns(draft, {"time": "time"})
    for link, set_, column in (("Thing", "Things", "thing_id"), ("Locations", "Locations", "location_id")):
        if draft.one(link) is not None:
            values[column] = linked(connection, place_id, set_, draft.one(link))
    _set(connection, HistoricalLocation, identity, values)


def _datastream(connection: Connection, place_id: int, identity: Id, draft: Draft) -> None:
    made_here = connection.scalar(
        sa.select(Thing.format == BY_CLIENT)
        .join(Datastream, Datastream.thing_id == Thing.id)
        .where(Datastream.id == identity)
    )
    known = frozenset() if made_here else OF_DATASTREAMS
    values = _columns(draft, {**NAMED, "observationType": "observation_type"}) | _properties(draft, known)
    if "unitOfMeasurement" in draft.values:
        values |= unit(draft.values["unitOfMeasurement"])
    for link, set_, column in (
        ("Thing", "Things", "thing_id"),
        ("Sensor", "Sensors", "sensor_id"),
        ("ObservedProperty", "ObservedProperties", "observed_property_id"),
    ):
        if draft.one(link) is not None:
            values[column] = linked(connection, place_id, set_, draft.one(link))
    _set(connection, Datastream, identity, values)


def _sensor(connection: Connection, _: int, identity: Id, draft: Draft) -> None:
    values = _columns(draft, {**ENCODED, "metadata": "metadata_"}) | _properties(draft)
    _set(connection, Sensor, identity, values)


def _observed_property(connection: Connection, _: int, identity: Id, draft: Draft) -> None:
    _set(
        connection,
        ObservedProperty,
        identity,
        _columns(draft, {**NAMED, "definition": "definition"}) | _properties(draft),
    )


def _feature(connection: Connection, _: int, identity: Id, draft: Draft) -> None:
    values = _columns(draft, ENCODED) | _properties(draft)
    if "feature" in draft.values:
        values["geom"] = shape(draft.values["feature"])
    _set(connection, FeatureOfInterest, made_feature(identity), values)


def _observation(connection: Connection, place_id: int, identity: Id, draft: Draft) -> None:
    datastream_id, time = observation_key(identity)
    if draft.one("Datastream") not in (None, datastream_id):
        raise Refused("an observation stays in its datastream: delete it and post it to the other")
    stated = draft.values.get("phenomenonTime", time)
    if (stated[1] if isinstance(stated, tuple) else stated) != time:
        raise Refused("an observation's time is its identity: delete it and post it with the other time")
    if "result" in draft.values:
        value = draft.values["result"]
        if isinstance(value, str):
            raise Refused("a result that is text stays as it is: delete the observation and post it again")
        limits = sa.select(Datastream.lowest, Datastream.highest).where(Datastream.id == datastream_id)
        lowest, highest = connection.execute(limits).one()
        if not math.isfinite(value) or not lowest <= value <= highest:
            raise Refused(f"the result is not from {lowest:g} to {highest:g}")
        corrections.correct(connection, datastream_id, time, value)
    details = _details(connection, place_id, draft)
    if details:
        key = {"datastream_id": datastream_id, "time": time}
        stored = insert(ObservationDetail).values(key | details)
        connection.execute(stored.on_conflict_do_update(index_elements=list(key), set_=details))


def _details(connection: Connection, place_id: int, draft: Draft) -> dict[str, Any]:
    details = _columns(draft, {"resultTime": "result_time"})
    for name, column in (("resultQuality", "quality"), ("parameters", "parameters")):
        if name in draft.values:
            details[column] = given(draft.values[name])
    if "validTime" in draft.values:
        details["valid_from"], details["valid_to"] = draft.values["validTime"] or (None, None)
    if isinstance(draft.values.get("phenomenonTime"), tuple):
        details["phenomenon_start"] = draft.values["phenomenonTime"][0]
    feature = draft.one("FeatureOfInterest")
    if isinstance(feature, Draft):
        details["feature_id"] = linked(connection, place_id, "FeaturesOfInterest", feature)
    elif feature is not None:
        details["feature_id"] = made_feature(feature)
    return details


CHANGERS: dict[str, Callable[[Connection, int, Id, Draft], None]] = {
    "Things": _thing,
    "Locations": _location,
    "HistoricalLocations": _historical_location,
    "Datastreams": _datastream,
    "Sensors": _sensor,
    "ObservedProperties": _observed_property,
    "FeaturesOfInterest": _feature,
    "Observations": _observation,
}
