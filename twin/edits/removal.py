"""Take entities away, with what cannot be without them.

Source: OGC 18-088, table 25 (integrity constraints when deleting).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import corrections
from twin.edits.updates import made_feature
from twin.errors import Refused
from twin.queries import sources
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

__all__ = ["remove"]


def remove(connection: Connection, set_: str, identity: Id) -> None:
    """Delete an entity that is there. Raises Refused for an element of the twin, which is not SensorThings' own."""
    REMOVERS[set_](connection, identity)


def _delete(connection: Connection, table: type[Any], number: Id) -> None:
    connection.execute(sa.delete(table).where(table.id == number))


def _with_streams(table: type[Any], column: Any) -> Callable[[Connection, Id], None]:
    """Make the remover of what datastreams hang on: they go first, with their observations."""

    def remover(connection: Connection, identity: Id) -> None:
        streams = list(connection.scalars(sa.select(Datastream.id).where(column == identity).order_by(Datastream.id)))
        visible = sources.datastreams().subquery()
        shown = sa.select(sa.func.count()).select_from(visible).where(visible.c.id.in_(streams))
        if connection.scalar(shown) != len(streams):
            raise Refused("devices that are not shown here need it")
        corrections.remove_all(connection, streams)
        _delete(connection, table, identity)

    return remover


def _datastream(connection: Connection, identity: Id) -> None:
    corrections.remove_all(connection, [int(identity)])


def _location(connection: Connection, identity: Id) -> None:
    connection.execute(sa.update(Thing).where(Thing.location_id == identity).values(point=None))
    _delete(connection, Location, identity)


def _historical_location(connection: Connection, identity: Id) -> None:
    _delete(connection, HistoricalLocation, identity)


def _feature(connection: Connection, identity: Id) -> None:
    number = made_feature(identity)
    about = sa.select(ObservationDetail.datastream_id, ObservationDetail.time)
    for datastream_id, time in connection.execute(about.where(ObservationDetail.feature_id == number)).all():
        corrections.remove(connection, datastream_id, time)
    _delete(connection, FeatureOfInterest, number)


def _observation(connection: Connection, identity: Id) -> None:
    corrections.remove(connection, *observation_key(identity))


REMOVERS: dict[str, Callable[[Connection, Id], None]] = {
    "Things": _with_streams(Thing, Datastream.thing_id),
    "Locations": _location,
    "HistoricalLocations": _historical_location,
    "Datastreams": _datastream,
    "Sensors": _with_streams(Sensor, Datastream.sensor_id),
    "ObservedProperties": _with_streams(ObservedProperty, Datastream.observed_property_id),
    "FeaturesOfInterest": _feature,
    "Observations": _observation,
}
