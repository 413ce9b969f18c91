"""Read the entities in a request's body: each property checked, each link an id or a new entity."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import shapely

from api.sensorthings.filters import literal_time
from twin.edits.drafts import Draft, Linked
from twin.errors import Refused
from twin.queries.entities import ENTITIES, Entity, Id, entity_of_set
from twin.queries.expressions import Kind

__all__ = ["GEOJSON", "document", "draft", "identity", "reading_value"]

REQUIRED = {
    "Things": ("name", "description"),
    "Locations": ("name", "description", "encodingType", "location"),
    "HistoricalLocations": ("time",),
    "Datastreams": ("name", "description", "unitOfMeasurement", "observationType"),
    "Sensors": ("name", "description", "encodingType", "metadata"),
    "ObservedProperties": ("name", "definition", "description"),
    "Observations": ("result",),
    "FeaturesOfInterest": ("name", "description", "encodingType", "feature"),
}
DERIVED = {"Datastreams": frozenset({"observedArea", "phenomenonTime", "resultTime"})}  # known from the observations
GEOJSON = frozenset({"application/geo+json", "application/vnd.geo+json", "application/json"})
DEEPEST = 8  # entities inside one another
MOST = 1_000  # entities or ids in one body
MOST_POINTS = 10_000
OBJECTS = frozenset({"properties", "unitOfMeasurement", "parameters"})
LONGEST_TEXT = 10_000
EAST, NORTH = 180.0, 90.0  # degrees


def document(body: bytes) -> Any:
    """Read a body as JSON. Raises Refused where it is none, or holds what the database cannot keep."""
    if b"\\u0000" in body:
        raise Refused("a text holds no NUL")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Refused("the body is no JSON") from None


def draft(entity: Entity, given: Any, *, is_whole: bool, depth: int = 1) -> Draft:
    """Read one entity; whole ones have all that is required, others what is to be changed. Raises Refused."""
    if not isinstance(given, dict):
        raise Refused(f"one of {entity.set} is a JSON object")
    if depth > DEEPEST:
        raise Refused(f"more than {DEEPEST} entities inside one another")
    values: dict[str, Any] = {}
    links: dict[str, tuple[Linked, ...]] = {}
    for name, value in given.items():
        if "@" in name or name == "id" or name in DERIVED.get(entity.set, ()):
            continue  # what a server writes for a client: ids, links and counts
        if name in entity.navigations:
            links[name] = _links(entity, name, value, depth)
        elif name in entity.properties:
            values[name] = _value(entity, name, value)
        else:
            raise Refused(f"{entity.set} have no property {name[:100]}")
    if is_whole:
        _complete(entity, values)
    return Draft(entity.set, values, links)


def _complete(entity: Entity, values: Mapping[str, Any]) -> None:
    for name in REQUIRED[entity.set]:
        if values.get(name) is None:
            raise Refused(f"{entity.set} need {name}")


def _links(entity: Entity, name: str, given: Any, depth: int) -> tuple[Linked, ...]:
    navigation = entity.navigations[name]
    if given is None:
        return ()
    every = given if isinstance(given, list) else [given]
    if isinstance(given, list) is not navigation.is_many and not navigation.is_many:
        raise Refused(f"{name} is one entity, no list")
    if len(every) > MOST:
        raise Refused(f"at most {MOST} of {name} at once")
    target = entity_of_set(navigation.target)
    return tuple(_link(target, one, depth) for one in every)


def _link(target: Entity, given: Any, depth: int) -> Linked:
    """Read an id, or a new entity: where an entity that is there comes whole, its id is what is meant."""
    if isinstance(given, dict) and "@iot.id" in given:
        return identity(given["@iot.id"])
    if isinstance(given, dict) and isinstance(given.get("id"), int):
        return identity(given["id"])
    return draft(target, given, is_whole=True, depth=depth + 1)


def identity(given: Any) -> Id:
    """Read an id."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise Refused("an @iot.id is a number or a text")
    return given


def _value(entity: Entity, name: str, given: Any) -> Any:
    """Read the value of a property."""
    if name == "result" and entity.set == "Observations":
        return reading_value(given)
    if given is None:
        if name in REQUIRED[entity.set]:
            raise Refused(f"{entity.set} need {name}")
        return None
    if name in OBJECTS and not isinstance(given, dict):
        raise Refused(f"{name} is a JSON object")
    if name == "phenomenonTime" or entity.properties[name].kind is Kind.PERIOD:
        return _period(name, given)
    return READERS[entity.properties[name].kind](name, given)


def reading_value(given: Any) -> float | str:
    """Read a result as the twin measures: true is 1, false 0, a text is a text; anything else is NaN, which no gate lets through."""
    if isinstance(given, str):
        return given
    if isinstance(given, int | float):
        try:
            return float(given)
        except OverflowError:
            return math.nan
    return math.nan


def _text(name: str, given: Any) -> str:
    if not isinstance(given, str) or len(given) > LONGEST_TEXT:
        raise Refused(f"{name} is a text of at most {LONGEST_TEXT} characters")
    return given


def _time(name: str, given: Any) -> datetime:
    if not isinstance(given, str):
        raise Refused(f"{name} is a time such as 2026-11-24T08:00:00Z")
    return literal_time(given)


def _period(name: str, given: Any) -> datetime | tuple[datetime, datetime]:
    start, slash, end = given.partition("/") if isinstance(given, str) else ("", "", "")
    if not slash:
        if name == "validTime":
            raise Refused("validTime is a period: a time, a slash, a time")
        return _time(name, given)
    begins, ends = literal_time(start), literal_time(end)
    if ends < begins:
        raise Refused(f"{name} ends before it begins")
    return begins, ends


def _shape(name: str, given: Any) -> shapely.Geometry:
    """Read GeoJSON, longitude first: a geometry, or the one of a Feature."""
    geometry = given.get("geometry") if isinstance(given, dict) and given.get("type") == "Feature" else given
    try:
        shape = shapely.from_geojson(msgspec.json.encode(geometry))
    except (shapely.errors.GEOSException, TypeError):
        raise Refused(f"{name} is GeoJSON, such as {{type: Point, coordinates: [7.42, 43.73]}}") from None
    if shape is None or shape.is_empty or shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise Refused(f"{name} is a geometry of 1 to {MOST_POINTS} points")
    west, south, east, north = shape.bounds
    if not (-EAST <= west <= east <= EAST and -NORTH <= south <= north <= NORTH):  # False for NaN
        raise Refused(f"{name} is in degrees, longitude before latitude")
    return shapely.force_2d(shape)


READERS: dict[Kind, Callable[[str, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.TIME: _time,
    Kind.SHAPE: _shape,
    Kind.JSON: lambda _, given: given,
}


def whole(set_: str) -> tuple[str, ...]:
    """Name the properties that a whole entity of a set may have, derived ones left out."""
    return tuple(name for name in ENTITIES[set_].properties if name not in DERIVED.get(set_, ()))
