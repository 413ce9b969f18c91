"""Places, grids, buildings, resident counts, facilities, base-map features."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, by_hand, revision, serial, shape

PLACE = "place.id"


class Place(Table):
    """One district that is twinned. 地区."""

    __tablename__ = "place"

    id: Mapped[int] = serial()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_zh: Mapped[str]
    boundary: Mapped[Any] = shape("MULTIPOLYGON")
    metric_srid: Mapped[int]
    timezone: Mapped[str]
    residents: Mapped[int]
    households: Mapped[int]
    attribution: Mapped[str]
    data_time: Mapped[datetime | None]
    network_version: Mapped[int] = mapped_column(server_default=text("0"))
    residents_method: Mapped[str] = mapped_column(server_default=text("''"))
    loaded_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    revision: Mapped[int] = revision()


class Grid(Table):
    """A street, a community, or a grid in one. 网格."""

    __tablename__ = "grid"
    __table_args__ = (
        UniqueConstraint("place_id", "code"),
        Index("ix_grid_geom", "geom", postgresql_using="gist"),
        Index("ix_grid_parent_id", "parent_id"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id", ondelete="CASCADE"))
    level: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    name_zh: Mapped[str]
    households: Mapped[int]
    generated: Mapped[bool]
    geom: Mapped[Any] = shape("MULTIPOLYGON")
    revision: Mapped[int] = revision()


class Building(Table):
    """A building with its floors. 楼栋."""

    __tablename__ = "building"
    __table_args__ = (
        UniqueConstraint("place_id", "source_id"),
        Index("ix_building_geom", "geom", postgresql_using="gist"),
        Index("ix_building_grid_id", "grid_id"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"))
    source_id: Mapped[str]
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id", ondelete="SET NULL"))
    name: Mapped[str | None]
    address: Mapped[str | None]
    kind: Mapped[str]
    residential: Mapped[bool]
    floors: Mapped[int] = mapped_column(SmallInteger)
    floors_assumed: Mapped[bool]
    lift: Mapped[bool | None]
    footprint_m2: Mapped[float]
    households: Mapped[int] = mapped_column(server_default=text("0"))
    node_id: Mapped[int | None] = mapped_column(ForeignKey("network_node.id", ondelete="SET NULL"))
    node_m: Mapped[float | None]
    point: Mapped[Any] = shape("POINT")
    geom: Mapped[Any] = shape("MULTIPOLYGON")
    by_hand: Mapped[list[str]] = by_hand()
    revision: Mapped[int] = revision()


class ResidentCount(Table):
    """Residents of one building in one age band; never a person. 常住人口数."""

    __tablename__ = "resident_count"

    building_id: Mapped[int] = mapped_column(ForeignKey("building.id", ondelete="CASCADE"), primary_key=True)
    age_band: Mapped[str] = mapped_column(primary_key=True)
    residents: Mapped[int]
    revision: Mapped[int] = revision()


class ResidentUnlocated(Table):
    """Residents of whom no building is known, by age band. 未落位常住人口."""

    __tablename__ = "resident_unlocated"

    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"), primary_key=True)
    age_band: Mapped[str] = mapped_column(primary_key=True)
    residents: Mapped[int]
    revision: Mapped[int] = revision()


class WelfareCount(Table):
    """People at risk of one building, grid or cell; a count, never a person. 特殊群体人数."""

    __tablename__ = "welfare_count"

    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"), primary_key=True)
    area_kind: Mapped[str] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(primary_key=True)
    welfare_group: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]
    revision: Mapped[int] = revision()


class Facility(Table):
    """A place that gives a service. 设施."""

    __tablename__ = "facility"
    __table_args__ = (
        UniqueConstraint("place_id", "source_id", "service"),
        Index("ix_facility_point", "point", postgresql_using="gist"),
        Index("ix_facility_entrance", "entrance", postgresql_using="gist"),
        Index("ix_facility_building_id", "building_id"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"))
    source_id: Mapped[str]
    service: Mapped[str]
    name: Mapped[str]
    name_zh: Mapped[str | None]
    opening_hours: Mapped[str | None]
    step_free: Mapped[bool | None]
    capacity: Mapped[int | None]
    source: Mapped[str]
    node_id: Mapped[int | None] = mapped_column(ForeignKey("network_node.id", ondelete="SET NULL"))
    node_m: Mapped[float | None]
    point: Mapped[Any] = shape("POINT")
    organisation: Mapped[str | None]
    floor: Mapped[int | None] = mapped_column(SmallInteger)
    address: Mapped[str | None]
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id", ondelete="SET NULL"))
    entrance: Mapped[Any | None] = shape("POINT", nullable=True)
    staff: Mapped[int | None]
    office_m2: Mapped[float | None]
    service_m2: Mapped[float | None]
    activity_m2: Mapped[float | None]
    emergency_m2: Mapped[float | None]
    by_hand: Mapped[list[str]] = by_hand()
    revision: Mapped[int] = revision()


class MapFeature(Table):
    """What the base map draws and nothing computes on. 底图要素."""

    __tablename__ = "map_feature"
    __table_args__ = (Index("ix_map_feature_geom", "geom", postgresql_using="gist"),)

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"))
    source_id: Mapped[str]
    kind: Mapped[str]
    class_: Mapped[str] = mapped_column("class")
    name: Mapped[str | None]
    geom: Mapped[Any] = shape("GEOMETRY")
    revision: Mapped[int] = revision()


class CodeValidity(Table):
    """How long a code holds, and what came in its stead. 代码有效期."""

    __tablename__ = "code_validity"

    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successors: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    revision: Mapped[int] = revision()


class NormSet(Table):
    """A city's own file of norms. 地方标准."""

    __tablename__ = "norm_set"

    place_id: Mapped[int] = mapped_column(ForeignKey(PLACE, ondelete="CASCADE"), primary_key=True)
    set_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    content: Mapped[str]
    revision: Mapped[int] = revision()
