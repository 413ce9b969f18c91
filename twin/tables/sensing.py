"""Things, datastreams, observations, in the words of OGC SensorThings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, Double, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, revision, serial, shape


class Thing(Table):
    """A device at a place. 设备."""

    __tablename__ = "thing"
    __table_args__ = (
        Index("ix_thing_point", "point", postgresql_using="gist"),
        Index("ix_thing_topic", "topic"),
        Index("ix_thing_location_id", "location_id"),
        Index("ix_thing_watched_grid_id", "watched_grid_id"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_zh: Mapped[str | None]
    kind: Mapped[str]
    format: Mapped[str]
    topic: Mapped[str]
    interval_s: Mapped[int]
    simulated: Mapped[bool] = mapped_column(server_default=text("false"))
    enrolled_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    point: Mapped[Any | None] = shape("POINT", nullable=True)
    description: Mapped[str | None]
    properties: Mapped[dict[str, Any] | None]
    location_id: Mapped[int | None] = mapped_column(
        ForeignKey("location.id", ondelete="SET NULL", name="thing_location_id_fkey", use_alter=True)
    )
    watched_grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id", ondelete="SET NULL"))
    revision: Mapped[int] = revision()


class Datastream(Table):
    """One property that a thing reports. 数据流."""

    __tablename__ = "datastream"
    __table_args__ = (
        UniqueConstraint("thing_id", "property"),
        Index("ix_datastream_observed_property_id", "observed_property_id"),
        Index("ix_datastream_sensor_id", "sensor_id"),
    )

    id: Mapped[int] = serial()
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"))
    property: Mapped[str]
    unit: Mapped[str]
    lowest: Mapped[float]
    highest: Mapped[float]
    name: Mapped[str | None]
    description: Mapped[str | None]
    observation_type: Mapped[str | None]
    unit_of_measurement: Mapped[dict[str, Any] | None]
    properties: Mapped[dict[str, Any] | None]
    observed_property_id: Mapped[int] = mapped_column(ForeignKey("observed_property.id"))
    sensor_id: Mapped[int] = mapped_column(ForeignKey("sensor.id"))
    stated_unit: Mapped[str | None]
    wrong_unit: Mapped[str | None]
    result: Mapped[str] = mapped_column(server_default=text("'number'"))
    is_dwelling: Mapped[bool] = mapped_column(server_default=text("false"))
    revision: Mapped[int] = revision()


class Observation(Table):
    """One value at one measured time; a hypertable. 观测值."""

    __tablename__ = "observation"

    datastream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(primary_key=True)
    value: Mapped[float]


class Category(Table):
    """One word that a datastream may say, and its code. 类别."""

    __tablename__ = "category"
    __table_args__ = (UniqueConstraint("datastream_id", "word"),)

    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    word: Mapped[str]


class StateDay(Table):
    """How long one state held on one local day. 状态时长."""

    __tablename__ = "state_day"

    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    us: Mapped[int] = mapped_column(BigInteger)


class ObservationText(Table):
    """A reading that is free text. 文本观测值."""

    __tablename__ = "observation_text"
    __table_args__ = (Index("ix_observation_text_time", "time", postgresql_using="brin"),)

    datastream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(primary_key=True)
    value: Mapped[str]


class LatestText(Table):
    """The newest text of a datastream by measured time. 最新文本."""

    __tablename__ = "latest_text"

    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True)
    time: Mapped[datetime]
    value: Mapped[str]
    received_at: Mapped[datetime]
    is_dwelling: Mapped[bool] = mapped_column(server_default=text("false"))


class Latest(Table):
    """The newest value of a datastream by measured time. 最新值."""

    __tablename__ = "latest"

    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True)
    time: Mapped[datetime]
    value: Mapped[float]
    received_at: Mapped[datetime]
    is_dwelling: Mapped[bool] = mapped_column(server_default=text("false"))


class ObservationMinute(Table):
    """A fast datastream's roll-up of one minute. 分钟汇总."""

    __tablename__ = "observation_minute"

    datastream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bucket: Mapped[datetime] = mapped_column(primary_key=True)
    n: Mapped[int]
    total: Mapped[float]
    lowest: Mapped[float]
    highest: Mapped[float]
    last_time: Mapped[datetime]
    last_value: Mapped[float]


class ObservationHour(Table):
    """A datastream's roll-up of one hour. 小时汇总."""

    __tablename__ = "observation_hour"
    __table_args__ = (Index("ix_observation_hour_bucket", "bucket", postgresql_using="brin"),)

    datastream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bucket: Mapped[datetime] = mapped_column(primary_key=True)
    n: Mapped[int]
    total: Mapped[float]
    lowest: Mapped[float]
    highest: Mapped[float]
    last_time: Mapped[datetime]
    last_value: Mapped[float]


class ObservationDirty(Table):
    """An hour that a late value made wrong; append-only, so without a key in the database. 待重算的小时."""

    __tablename__ = "observation_dirty"
    __mapper_args__ = {"primary_key": ["datastream_id", "bucket"]}  # noqa: RUF012  # the mapper wants one; the table has none

    datastream_id: Mapped[int]
    bucket: Mapped[datetime]


class ObservationWatermark(Table):
    """Until when the roll-ups are complete; one row. 汇总水位."""

    __tablename__ = "observation_watermark"

    only: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    rolled_until: Mapped[datetime]
    days_until: Mapped[datetime] = mapped_column(server_default=text("'2000-01-01 00:00:00+00'"))


class ObservationDay(Table):
    """A datastream's roll-up of one local day. 日汇总."""

    __tablename__ = "observation_day"

    datastream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int]
    total: Mapped[float]
    lowest: Mapped[float]
    highest: Mapped[float]
    last_time: Mapped[datetime]
    last_value: Mapped[float]


class ObservationFloor(Table):
    """From when a datastream's observations are whole. 原始数据起点."""

    __tablename__ = "observation_floor"

    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True)
    raw_from: Mapped[datetime]


class ObservationPacked(Table):
    """One datastream's observations of one day UTC, packed. 打包的冷数据."""

    __tablename__ = "observation_packed"

    datastream_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    times: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    numbers: Mapped[list[float]] = mapped_column(ARRAY(Double))
