"""The entity sets of SensorThings as SELECTs on the twin's tables; devices in dwellings are in none of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, SelectBase
from sqlalchemy.dialects.postgresql import JSONB

from twin.devices import BY_CLIENT, WELFARE
from twin.tables import (
    Building,
    Category,
    Datastream,
    Effect,
    Facility,
    FeatureOfInterest,
    HistoricalLocation,
    Latest,
    LatestText,
    Location,
    NetworkEdge,
    Observation,
    ObservationDetail,
    ObservationPacked,
    ObservationText,
    ObservedProperty,
    Sensor,
    Thing,
)
from twin.units import DESCRIBED

__all__ = [
    "all_observations",
    "datastreams",
    "features",
    "historical_locations",
    "locations",
    "observations",
    "observed_properties",
    "sensors",
    "text_observations",
    "things",
]

CATEGORY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation"
ANY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
GEOJSON = "application/geo+json"
EMPTY: ColumnElement[Any] = sa.text("'{}'::jsonb")  # type: ignore[assignment]  # a constant, so that no plan waits for it


def is_open() -> ColumnElement[bool]:
    """Say that a thing stands in the open: those in dwellings are for the care role alone."""
    return Thing.kind.not_in(sorted(WELFARE))


def things() -> SelectBase:
    """Read the things: what the twin knows of an enrolled one is in its properties."""
    every = sa.case((Thing.simulated, "Simulated "), else_="") + Thing.kind + ", reports every "
    known = sa.func.jsonb_build_object(
        *("key", Thing.key, "kind", Thing.kind, "name_zh", Thing.name_zh, "format", Thing.format),
        *("interval_s", Thing.interval_s, "simulated", Thing.simulated),
    )
    return sa.select(
        Thing.id,
        Thing.name,
        sa.func.coalesce(Thing.description, every + sa.cast(Thing.interval_s, sa.Text) + " s").label("description"),
        _properties(Thing.properties, known).label("properties"),
        Thing.location_id,
    ).where(is_open())


def _properties(own: Any, known: ColumnElement[Any]) -> ColumnElement[Any]:
    """Put what the twin knows beside what a client has said; a thing that a client made has the client's alone."""
    given = sa.func.coalesce(own, EMPTY, type_=JSONB)
    return sa.case((Thing.format == BY_CLIENT, given), else_=given.op("||", return_type=JSONB())(known))


def datastreams() -> SelectBase:
    """Read the datastreams, with the time and the place of their observations."""
    packed = (
        sa.select(ObservationPacked.times[1])
        .where(ObservationPacked.datastream_id == Datastream.id)
        .order_by(ObservationPacked.day)
        .limit(1)
    )
    began = sa.func.least(
        sa.select(sa.func.min(Observation.time)).where(Observation.datastream_id == Datastream.id).scalar_subquery(),
        sa.select(sa.func.min(ObservationText.time))
        .where(ObservationText.datastream_id == Datastream.id)
        .scalar_subquery(),
        packed.scalar_subquery(),
    )
    ended = sa.func.coalesce(
        sa.select(Latest.time).where(Latest.datastream_id == Datastream.id).scalar_subquery(),
        sa.select(LatestText.time).where(LatestText.datastream_id == Datastream.id).scalar_subquery(),
    )
    said, last_said = (
        sa.select(side(ObservationDetail.result_time))
        .where(ObservationDetail.datastream_id == Datastream.id, ObservationDetail.result_time.is_not(None))
        .scalar_subquery()
        for side in (sa.func.min, sa.func.max)
    )
    kind = sa.case((Datastream.result == "category", CATEGORY), (Datastream.result == "text", ANY), else_=MEASUREMENT)
    known = sa.func.jsonb_build_object(
        *("property", Datastream.property, "lowest", Datastream.lowest, "highest", Datastream.highest)
    )
    return (
        sa.select(
            Datastream.id,
            sa.func.coalesce(Datastream.name, Thing.name + ": " + ObservedProperty.name).label("name"),
            sa.func.coalesce(Datastream.description, ObservedProperty.name + " by " + Thing.name).label("description"),
            sa.func.coalesce(Datastream.observation_type, kind).label("observation_type"),
            _unit().label("unit"),
            Location.geom.label("area"),
            began.label("began"),
            ended.label("ended"),
            said.label("said"),
            last_said.label("last_said"),
            _properties(Datastream.properties, known).label("properties"),
            Datastream.thing_id,
            Datastream.sensor_id,
            Datastream.observed_property_id,
        )
        .join(Thing, Thing.id == Datastream.thing_id)
        .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
        .outerjoin(Location, Location.id == Thing.location_id)
        .where(is_open())
    )


def _unit() -> ColumnElement[Any]:
    codes = sa.cast(sa.literal(DESCRIBED, JSONB), JSONB)
    plain = sa.func.jsonb_build_object(
        *("name", Datastream.unit, "symbol", Datastream.unit, "definition", "ucum:" + Datastream.unit)
    )
    return sa.func.coalesce(Datastream.unit_of_measurement, codes[Datastream.unit], plain, type_=JSONB)


def sensors() -> SelectBase:
    """Read the types of device."""
    given = sa.func.coalesce(Sensor.properties, EMPTY, type_=JSONB)
    return sa.select(
        Sensor.id,
        Sensor.name,
        Sensor.description,
        Sensor.encoding_type,
        Sensor.metadata_.label("metadata"),
        given.label("properties"),
    )


def observed_properties() -> SelectBase:
    """Read what is measured."""
    given = sa.func.coalesce(ObservedProperty.properties, EMPTY, type_=JSONB)
    return sa.select(
        ObservedProperty.id,
        ObservedProperty.name,
        ObservedProperty.definition,
        ObservedProperty.description,
        given.label("properties"),
    )


def locations() -> SelectBase:
    """Read where things stand and stood; none where a device in a dwelling ever did."""
    own = sa.orm.aliased(Thing)
    return (
        sa.select(
            Location.id,
            sa.func.coalesce(Location.name, own.name).label("name"),
            sa.func.coalesce(Location.description, "Where " + own.name + " stands").label("description"),
            Location.encoding_type,
            Location.geom,
            sa.func.coalesce(Location.properties, EMPTY, type_=JSONB).label("properties"),
        )
        .outerjoin(own, own.id == Location.thing_id)
        .where(~Location.is_dwelling)
    )


def historical_locations() -> SelectBase:
    """Read since when things stand where they stand, and stood before."""
    return (
        sa.select(
            HistoricalLocation.id,
            HistoricalLocation.time,
            HistoricalLocation.thing_id,
            HistoricalLocation.location_id,
        )
        .join(Thing, Thing.id == HistoricalLocation.thing_id)
        .where(is_open())
    )


def feature_of(stream: Any, thing: Any) -> ColumnElement[Any]:
    """Say what a datastream is about: the element that it closes, or where its thing stands."""
    kind = sa.case((Effect.element_kind == "building_lift", "building"), else_=Effect.element_kind)
    watched = (
        sa.select(kind + "-" + sa.cast(Effect.element_id, sa.Text))
        .where(Effect.datastream_id == stream.id)
        .order_by(Effect.id)
        .limit(1)
        .correlate(stream)
    )
    return sa.func.coalesce(watched.scalar_subquery(), "location-" + sa.cast(thing.location_id, sa.Text))


def observations() -> SelectBase:
    """Read the observations that are numbers, but for packed days: what one index gives in the order of ids.

    An id is the datastream's and the measured time in microseconds since 1970. `result` is the number, of a category its
    code; `words` is the word of a category.
    """
    none = sa.cast(sa.null(), sa.Text).label("words")
    return _observations(sa.select(Observation.datastream_id, Observation.time, Observation.value, none))


def text_observations() -> SelectBase:
    """Read the observations that are texts."""
    nothing = sa.cast(sa.null(), sa.Double).label("value")
    said = ObservationText.value.label("words")
    return _observations(sa.select(ObservationText.datastream_id, ObservationText.time, nothing, said))


def all_observations() -> SelectBase:
    """Read the observations wherever they are kept, packed days and texts too; to be asked for of one datastream."""
    unpacked = sa.func.unnest(ObservationPacked.times, ObservationPacked.numbers)
    packed = unpacked.table_valued(
        sa.column("time", sa.DateTime(timezone=True)), sa.column("value", sa.Double), name="unpacked"
    ).render_derived()
    again = sa.exists().where(  # of a day that was packed and came again
        Observation.datastream_id == ObservationPacked.datastream_id, Observation.time == packed.c.time
    )
    none, nothing = sa.cast(sa.null(), sa.Text).label("words"), sa.cast(sa.null(), sa.Double).label("value")
    every = sa.union_all(
        sa.select(Observation.datastream_id, Observation.time, Observation.value, none),
        sa.select(ObservationPacked.datastream_id, packed.c.time, packed.c.value, none)
        .select_from(ObservationPacked)
        .join(packed, sa.true())
        .where(~again),
        sa.select(ObservationText.datastream_id, ObservationText.time, nothing, ObservationText.value.label("words")),
    )
    return _observations(every)


def _observations(read: Any) -> SelectBase:
    reading = read.subquery("reading")
    time_us = sa.cast(sa.extract("epoch", reading.c.time) * 1_000_000, sa.BigInteger)
    return (
        sa.select(
            reading.c.datastream_id,
            reading.c.time,
            (sa.cast(reading.c.datastream_id, sa.Text) + "-" + sa.cast(time_us, sa.Text)).label("id"),
            reading.c.value.label("result"),
            sa.func.coalesce(reading.c.words, Category.word).label("words"),
            ObservationDetail.phenomenon_start,
            ObservationDetail.result_time,
            ObservationDetail.valid_from,
            ObservationDetail.valid_to,
            ObservationDetail.quality,
            ObservationDetail.parameters,
            sa.func.coalesce(
                "feature-" + sa.cast(ObservationDetail.feature_id, sa.Text), feature_of(Datastream, Thing)
            ).label("feature_key"),
        )
        .select_from(reading)
        .join(Datastream, Datastream.id == reading.c.datastream_id)
        .join(Thing, Thing.id == Datastream.thing_id)
        .outerjoin(
            ObservationDetail,
            (ObservationDetail.datastream_id == reading.c.datastream_id) & (ObservationDetail.time == reading.c.time),
        )
        .outerjoin(
            Category,
            (Datastream.result == "category")
            & (Category.datastream_id == reading.c.datastream_id)
            & (Category.code == reading.c.value),
        )
        .where(is_open())
    )


def features() -> SelectBase:
    """Read what observations are about: watched elements, places where things stand, and what clients made."""
    kind = NetworkEdge.kind + " " + NetworkEdge.source_id
    place = Building.address, "Building " + Building.source_id
    stands = locations().subquery()
    return sa.union_all(
        _feature("edge", NetworkEdge.id, sa.func.coalesce(NetworkEdge.name, kind), kind, NetworkEdge.geom).where(
            _is_watched("edge", NetworkEdge.id)
        ),
        _feature("facility", Facility.id, Facility.name, Facility.service, Facility.point).where(
            _is_watched("facility", Facility.id)
        ),
        _feature("building", Building.id, sa.func.coalesce(Building.name, *place), Building.kind, Building.geom).where(
            _is_watched("building_lift", Building.id)
        ),
        _feature("location", stands.c.id, stands.c.name, stands.c.description, stands.c.geom).where(
            sa.select(sa.literal(1)).select_from(Thing).where(Thing.location_id == stands.c.id, is_open()).exists()
        ),
        sa.select(
            ("feature-" + sa.cast(FeatureOfInterest.id, sa.Text)).label("id"),
            FeatureOfInterest.name,
            FeatureOfInterest.description,
            FeatureOfInterest.encoding_type,
            sa.func.coalesce(FeatureOfInterest.properties, EMPTY, type_=JSONB).label("properties"),
            FeatureOfInterest.geom,
        ),
    )


def _feature(word: str, number: Any, name: Any, description: Any, geom: Any) -> Select[Any]:
    known = sa.func.jsonb_build_object("element", word, "number", number, type_=JSONB)
    return sa.select(
        (sa.literal(word + "-") + sa.cast(number, sa.Text)).label("id"),
        name.label("name"),
        description.label("description"),
        sa.literal(GEOJSON).label("encoding_type"),
        known.label("properties"),
        geom.label("geom"),
    )


def _is_watched(kind: str, number: Any) -> ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .select_from(Effect)
        .join(Datastream, Datastream.id == Effect.datastream_id)
        .join(Thing, Thing.id == Datastream.thing_id)
        .where(Effect.element_kind == kind, Effect.element_id == number, is_open())
        .exists()
    )
