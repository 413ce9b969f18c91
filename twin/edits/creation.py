"""Make things, locations, datastreams and what belongs to them; what is inside a draft is made with it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import shapely
import sqlalchemy as sa
from sqlalchemy import Connection

from twin.devices import BY_CLIENT
from twin.edits.drafts import Draft, Linked, exists
from twin.errors import Refused
from twin.tables import (
    Datastream,
    FeatureOfInterest,
    HistoricalLocation,
    Location,
    ObservedProperty,
    Sensor,
    Thing,
)
from twin.units import DESCRIBED

__all__ = ["create", "given", "linked", "place", "shape", "unit"]

OTHER = "other"  # the kind of a thing that a client makes: what is in a dwelling is enrolled, not posted
INTERVAL_S = 86_400  # how often it reports is not known; ours
WIDEST = 1.7976931348623157e308  # a datastream that says no range takes every number
UCUM = "ucum:"


def create(connection: Connection, place_id: int, draft: Draft) -> int:
    """Make an entity, with all that is inside it, and give its id; Observations come in by `twin.arrivals`."""
    return MAKERS[draft.set](connection, place_id, draft)


def linked(connection: Connection, place_id: int, set_: str, what: Linked | None) -> int:
    """Give the number of what is linked, made first where it is new. Raises Refused where nothing is."""
    if what is None:
        raise Refused(f"one of {set_} must be linked")
    if isinstance(what, Draft):
        return create(connection, place_id, what)
    return exists(connection, set_, what)


def _insert(connection: Connection, table: type[Any], values: dict[str, Any]) -> int:
    return int(connection.execute(sa.insert(table).values(values).returning(table.id)).scalar_one())


def given(value: Any) -> Any:
    """Give a JSON value as it is stored; nothing where there is none."""
    return sa.null() if value is None else value


def shape(value: shapely.Geometry) -> sa.ColumnElement[Any]:
    """Bind a WGS 84 shape."""
    return sa.func.ST_GeomFromWKB(shapely.to_wkb(value), 4326)


def _thing(connection: Connection, place_id: int, draft: Draft) -> int:
    values = {
        "place_id": place_id,
        "key": f"{BY_CLIENT}-{uuid.uuid4()}",
        "name": draft.values["name"],
        "description": draft.values["description"],
        "properties": given(draft.values.get("properties")),
        "kind": OTHER,
        "format": BY_CLIENT,
        "topic": "",
        "interval_s": INTERVAL_S,
    }
    number = _insert(connection, Thing, values)
    where = draft.one("Locations")
    if where is not None:
        place(connection, number, linked(connection, place_id, "Locations", where), datetime.now(UTC))
    for link in ("Datastreams", "HistoricalLocations"):
        for one in draft.links.get(link, ()):
            if not isinstance(one, Draft):
                raise Refused(f"{link} that are there already belong to another thing: change their Thing")
            create(connection, place_id, Draft(one.set, one.values, {**one.links, "Thing": (number,)}))
    return number


def place(connection: Connection, thing_id: int, location_id: int, time: datetime) -> None:
    """Put a thing at a location, and write down since when."""
    point = sa.select(sa.func.ST_PointOnSurface(Location.geom)).where(Location.id == location_id).scalar_subquery()
    connection.execute(sa.update(Thing).where(Thing.id == thing_id).values(location_id=location_id, point=point))
    _insert(connection, HistoricalLocation, {"thing_id": thing_id, "location_id": location_id, "time": time})


def _location(connection: Connection, place_id: int, draft: Draft) -> int:
    number = _insert(
        connection,
        Location,
        {
            "name": draft.values["name"],
            "description": draft.values["description"],
            "encoding_type": draft.values["encodingType"],
            "properties": given(draft.values.get("properties")),
            "geom": shape(draft.values["location"]),
        },
    )
    for thing in draft.links.get("Things", ()):
        place(connection, linked(connection, place_id, "Things", thing), number, datetime.now(UTC))
    return number


def _historical_location(connection: Connection, place_id: int, draft: Draft) -> int:
    thing_id = linked(connection, place_id, "Things", draft.one("Thing"))
    location_id = linked(connection, place_id, "Locations", draft.one("Locations"))
    time: datetime = draft.values["time"]
    newest = sa.select(sa.func.max(HistoricalLocation.time)).where(HistoricalLocation.thing_id == thing_id)
    latest: datetime | None = connection.scalar(newest)
    if latest is None or time > latest:
        point = sa.select(sa.func.ST_PointOnSurface(Location.geom)).where(Location.id == location_id).scalar_subquery()
        connection.execute(sa.update(Thing).where(Thing.id == thing_id).values(location_id=location_id, point=point))
    values = {"thing_id": thing_id, "location_id": location_id, "time": time}
    return _insert(connection, HistoricalLocation, values)


def _datastream(connection: Connection, place_id: int, draft: Draft) -> int:
    if draft.links.get("Observations"):
        raise Refused("observations are posted to Observations: each passes the gate by itself")
    thing_id = linked(connection, place_id, "Things", draft.one("Thing"))
    sensor_id = linked(connection, place_id, "Sensors", draft.one("Sensor"))
    observed_id = linked(connection, place_id, "ObservedProperties", draft.one("ObservedProperty"))
    properties = draft.values.get("properties") or {}
    code = connection.scalar(sa.select(ObservedProperty.code).where(ObservedProperty.id == observed_id))
    values = {
        "thing_id": thing_id,
        "sensor_id": sensor_id,
        "observed_property_id": observed_id,
        "property": _free(connection, thing_id, str(code)),
        "lowest": _limit(properties.get("lowest"), -WIDEST),
        "highest": _limit(properties.get("highest"), WIDEST),
        "name": draft.values["name"],
        "description": draft.values["description"],
        "observation_type": draft.values["observationType"],
        "properties": given(draft.values.get("properties")),
        **unit(draft.values["unitOfMeasurement"]),
    }
    return _insert(connection, Datastream, values)


def _free(connection: Connection, thing_id: int, code: str) -> str:
    """Give a property name that the thing's datastreams do not have yet."""
    taken = set(connection.scalars(sa.select(Datastream.property).where(Datastream.thing_id == thing_id)))
    name, number = code, 2
    while name in taken:
        name, number = f"{code}-{number}", number + 1
    return name


def _limit(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def unit(stated: dict[str, Any]) -> dict[str, Any]:
    """Give the unit's code, and the unit as the client wrote it where the code does not say the same."""
    definition = stated.get("definition")
    if isinstance(definition, str) and definition.startswith(UCUM):
        code = definition.removeprefix(UCUM)
    else:
        code = next((text for text in (stated.get("symbol"), stated.get("name")) if isinstance(text, str)), "")
    return {"unit": code, "unit_of_measurement": sa.null() if DESCRIBED.get(code) == stated else stated}


def _sensor(connection: Connection, _: int, draft: Draft) -> int:
    return _insert(
        connection,
        Sensor,
        {
            "code": f"{BY_CLIENT}-{uuid.uuid4()}",
            "name": draft.values["name"],
            "description": draft.values["description"],
            "encoding_type": draft.values["encodingType"],
            "metadata": draft.values["metadata"],
            "properties": given(draft.values.get("properties")),
        },
    )


def _observed_property(connection: Connection, _: int, draft: Draft) -> int:
    name: str = draft.values["name"]
    code = re.sub(r"\W+", "_", name.lower()).strip("_")[:40] or "property"
    if connection.scalar(sa.select(ObservedProperty.id).where(ObservedProperty.code == code)):
        code = f"{code}-{uuid.uuid4().hex[:12]}"
    return _insert(
        connection,
        ObservedProperty,
        {
            "code": code,
            "name": name,
            "definition": draft.values["definition"],
            "description": draft.values["description"],
            "properties": given(draft.values.get("properties")),
        },
    )


def _feature(connection: Connection, _: int, draft: Draft) -> int:
    return _insert(
        connection,
        FeatureOfInterest,
        {
            "name": draft.values["name"],
            "description": draft.values["description"],
            "encoding_type": draft.values["encodingType"],
            "properties": given(draft.values.get("properties")),
            "geom": shape(draft.values["feature"]),
        },
    )


MAKERS: dict[str, Callable[[Connection, int, Draft], int]] = {
    "Things": _thing,
    "Locations": _location,
    "HistoricalLocations": _historical_location,
    "Datastreams": _datastream,
    "Sensors": _sensor,
    "ObservedProperties": _observed_property,
    "FeaturesOfInterest": _feature,
}
