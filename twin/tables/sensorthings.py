"""What OGC SensorThings says of things, datastreams and observations beyond the twin's own words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, serial, shape


class ObservedProperty(Table):
    """What a datastream measures. 观测属性."""

    __tablename__ = "observed_property"

    id: Mapped[int] = serial()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    definition: Mapped[str]
    description: Mapped[str]
    properties: Mapped[dict[str, Any] | None]


class Sensor(Table):
    """A type of device. 传感器类型."""

    __tablename__ = "sensor"

    id: Mapped[int] = serial()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str]
    encoding_type: Mapped[str]
    metadata_: Mapped[Any] = mapped_column("metadata", JSONB, nullable=False)
    properties: Mapped[dict[str, Any] | None]


class Location(Table):
    """Where things stand. 位置."""

    __tablename__ = "location"
    __table_args__ = (
        CheckConstraint("thing_id IS NOT NULL OR (name IS NOT NULL AND description IS NOT NULL)", name="name"),
        Index("ix_location_geom", "geom", postgresql_using="gist"),
        Index("ix_location_thing_id", "thing_id"),
    )

    id: Mapped[int] = serial()
    thing_id: Mapped[int | None] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"))
    name: Mapped[str | None]
    description: Mapped[str | None]
    encoding_type: Mapped[str]
    properties: Mapped[dict[str, Any] | None]
    geom: Mapped[Any] = shape("GEOMETRY")
    is_dwelling: Mapped[bool] = mapped_column(server_default=text("false"))


class HistoricalLocation(Table):
    """Since when a thing stands somewhere, or stood. 历史位置."""

    __tablename__ = "historical_location"
    __table_args__ = (
        Index("ix_historical_location_thing_id_time", "thing_id", "time"),
        Index("ix_historical_location_location_id", "location_id"),
    )

    id: Mapped[int] = serial()
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id", ondelete="CASCADE"))
    time: Mapped[datetime]


class FeatureOfInterest(Table):
    """What an observation is about, where a client made it. 观测对象."""

    __tablename__ = "feature_of_interest"
    __table_args__ = (Index("ix_feature_of_interest_geom", "geom", postgresql_using="gist"),)

    id: Mapped[int] = serial()
    name: Mapped[str]
    description: Mapped[str]
    encoding_type: Mapped[str]
    properties: Mapped[dict[str, Any] | None]
    geom: Mapped[Any] = shape("GEOMETRY")


class ObservationDetail(Table):
    """What a client says of an observation beyond time and value. 观测附注."""

    __tablename__ = "observation_detail"
    __table_args__ = (
        Index("ix_observation_detail_feature_id", "feature_id"),
        Index(
            "ix_observation_detail_result_time",
            "datastream_id",
            "result_time",
            postgresql_where=text("result_time IS NOT NULL"),
        ),
    )

    datastream_id: Mapped[int] = mapped_column(
        ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    time: Mapped[datetime] = mapped_column(primary_key=True)
    phenomenon_start: Mapped[datetime | None]
    result_time: Mapped[datetime | None]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    quality: Mapped[Any | None] = mapped_column(JSONB)
    parameters: Mapped[Any | None] = mapped_column(JSONB)
    feature_id: Mapped[int | None] = mapped_column(ForeignKey("feature_of_interest.id", ondelete="SET NULL"))
