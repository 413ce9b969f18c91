"""The model of SensorThings: what each kind of entity has, and how one leads to another.

Source: OGC 18-088 (SensorThings API 1.1), tables 3 to 26.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause, SelectBase

from twin.errors import NotFound, Refused
from twin.queries import sources
from twin.queries.expressions import Kind

__all__ = [
    "ENTITIES",
    "EVERYWHERE",
    "TEXTS",
    "Entity",
    "Id",
    "Navigation",
    "Property",
    "entity_of_set",
    "is_key",
    "observation_key",
]

Id = int | str
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_ID = 2**31 - 1
OBSERVATION_ID = re.compile(r"([0-9]{1,10})-(-?[0-9]{1,18})", re.ASCII)
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)  # what the hypertable takes


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an entity; a period has its beginning and end in two columns, `column` the beginning.

    `words` is the column of its value where that is a text: null where it is a number.
    """

    name: str
    column: str
    kind: Kind
    end: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Navigation:
    """A link to another kind of entity: rows whose column `remote` has the value of `local` here."""

    name: str
    target: str  # its entity set
    local: str
    remote: str
    is_many: bool


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of entity; `order` are the columns that its id is made of."""

    set: str
    source: Callable[[], SelectBase]
    properties: Mapping[str, Property]
    navigations: Mapping[str, Navigation]
    order: tuple[str, ...] = ("id",)
    has_text_id: bool = False


def _properties(
    *rows: tuple[str, str, Kind] | tuple[str, str, Kind, str] | tuple[str, str, Kind, None, str],
) -> Mapping[str, Property]:
    return {row[0]: Property(*row) for row in rows}


def _navigations(*rows: tuple[str, str, str, str, bool]) -> Mapping[str, Navigation]:
    return {row[0]: Navigation(*row) for row in rows}


NAMED = (("name", "name", Kind.TEXT), ("description", "description", Kind.TEXT))
PROPERTIES = ("properties", "properties", Kind.JSON)
ENCODED = ("encodingType", "encoding_type", Kind.TEXT)
ONE, MANY = False, True

ENTITIES: dict[str, Entity] = {
    entity.set: entity
    for entity in (
        Entity(
            "Things",
            sources.things,
            _properties(*NAMED, PROPERTIES),
            _navigations(
                ("Datastreams", "Datastreams", "id", "thing_id", MANY),
                ("HistoricalLocations", "HistoricalLocations", "id", "thing_id", MANY),
                ("Locations", "Locations", "location_id", "id", MANY),
            ),
        ),
        Entity(
            "Locations",
            sources.locations,
            _properties(*NAMED, ENCODED, ("location", "geom", Kind.SHAPE), PROPERTIES),
            _navigations(
                ("HistoricalLocations", "HistoricalLocations", "id", "location_id", MANY),
                ("Things", "Things", "id", "location_id", MANY),
            ),
        ),
        Entity(
            "HistoricalLocations",
            sources.historical_locations,
            _properties(("time", "time", Kind.TIME)),
            _navigations(
                ("Locations", "Locations", "location_id", "id", MANY),
                ("Thing", "Things", "thing_id", "id", ONE),
            ),
        ),
        Entity(
            "Datastreams",
            sources.datastreams,
            _properties(
                *NAMED,
                ("observationType", "observation_type", Kind.TEXT),
                ("unitOfMeasurement", "unit", Kind.JSON),
                ("observedArea", "area", Kind.SHAPE),
                ("phenomenonTime", "began", Kind.PERIOD, "ended"),
                ("resultTime", "said", Kind.PERIOD, "last_said"),
                PROPERTIES,
            ),
            _navigations(
                ("ObservedProperty", "ObservedProperties", "observed_property_id", "id", ONE),
                ("Observations", "Observations", "id", "datastream_id", MANY),
                ("Sensor", "Sensors", "sensor_id", "id", ONE),
                ("Thing", "Things", "thing_id", "id", ONE),
            ),
        ),
        Entity(
            "Sensors",
            sources.sensors,
            _properties(*NAMED, ENCODED, ("metadata", "metadata", Kind.JSON), PROPERTIES),
            _navigations(("Datastreams", "Datastreams", "id", "sensor_id", MANY)),
        ),
        Entity(
            "ObservedProperties",
            sources.observed_properties,
            _properties(*NAMED, ("definition", "definition", Kind.TEXT), PROPERTIES),
            _navigations(("Datastreams", "Datastreams", "id", "observed_property_id", MANY)),
        ),
        Entity(
            "Observations",
            sources.observations,
            _properties(
                ("phenomenonTime", "time", Kind.TIME),
                ("result", "result", Kind.NUMBER, None, "words"),
                ("resultTime", "result_time", Kind.TIME),
                ("resultQuality", "quality", Kind.JSON),
                ("validTime", "valid_from", Kind.PERIOD, "valid_to"),
                ("parameters", "parameters", Kind.JSON),
            ),
            _navigations(
                ("Datastream", "Datastreams", "datastream_id", "id", ONE),
                ("FeatureOfInterest", "FeaturesOfInterest", "feature_key", "id", ONE),
            ),
            order=("datastream_id", "time"),
            has_text_id=True,
        ),
        Entity(
            "FeaturesOfInterest",
            sources.features,
            _properties(*NAMED, ENCODED, ("feature", "geom", Kind.SHAPE), PROPERTIES),
            _navigations(("Observations", "Observations", "id", "feature_key", MANY)),
            has_text_id=True,
        ),
    )
}


# The same, wherever they are kept: of one datastream alone, for there is no order that all of it is kept in.
EVERYWHERE = replace(ENTITIES["Observations"], source=sources.all_observations)
TEXTS = replace(ENTITIES["Observations"], source=sources.text_observations)


def entity_of_set(name: str) -> Entity:
    """Give the kind of entity of a set. Raises NotFound for another name."""
    if name not in ENTITIES:
        raise NotFound(f"no entity set is called {name[:100]}")
    return ENTITIES[name]


def observation_key(identity: Id) -> tuple[int, datetime]:
    """Read an observation's id: its datastream and time. Raises NotFound where no observation can have it."""
    found = OBSERVATION_ID.fullmatch(identity) if isinstance(identity, str) else None
    if found is None or int(found[1]) > LARGEST_ID:
        raise NotFound("no observation has this id")
    try:
        time = EPOCH + timedelta(microseconds=int(found[2]))
    except OverflowError:
        raise NotFound("no observation has this id") from None
    if not FIRST <= time < LAST:
        raise NotFound("no observation has this id")
    return int(found[1]), time


def is_key(entity: Entity, rows: FromClause, identity: Id) -> ColumnElement[bool]:
    """Say that a row has this id. Raises NotFound where none can have it."""
    if entity.set == "Observations":
        datastream_id, time = observation_key(identity)
        return (rows.c.datastream_id == datastream_id) & (rows.c.time == time)
    if isinstance(identity, int) is entity.has_text_id or (isinstance(identity, int) and identity > LARGEST_ID):
        raise NotFound(f"nothing in {entity.set} has this id")
    return rows.c.id == identity


def follows(entity: Entity, rows: FromClause, identity: Id) -> ColumnElement[bool]:
    """Say that a row comes after this id in the order of ids. Raises Refused for what is no id."""
    if entity.set == "Observations":
        try:
            key: tuple[Any, ...] = observation_key(identity)
        except NotFound:
            raise Refused("$skiptoken is not one of ours") from None
        return sa.tuple_(rows.c.datastream_id, rows.c.time) > sa.tuple_(*map(sa.literal, key))
    if isinstance(identity, int) is entity.has_text_id or (isinstance(identity, int) and identity > LARGEST_ID):
        raise Refused("$skiptoken is not one of ours")
    return rows.c.id > sa.literal(identity)
