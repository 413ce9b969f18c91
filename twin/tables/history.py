"""Revisions, and beside each kept table what its rows were before; `twin/history.py` reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, INT4RANGE
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables import alarms, community, effects, integration, network, sensing
from twin.tables.metadata import Table, serial

__all__ = ["KEPT", "KeptTable", "Revision"]

# The tables whose past is kept, and the columns that say which row it is; parents before what refers to them.
KEPT: dict[str, tuple[str, ...]] = {
    community.Place.__tablename__: ("id",),
    network.NetworkNode.__tablename__: ("id",),
    network.NetworkEdge.__tablename__: ("id",),
    community.Grid.__tablename__: ("id",),
    community.Building.__tablename__: ("id",),
    community.ResidentCount.__tablename__: ("building_id", "age_band"),
    community.ResidentUnlocated.__tablename__: ("place_id", "age_band"),
    community.WelfareCount.__tablename__: ("place_id", "area_kind", "area_code", "welfare_group"),
    community.Facility.__tablename__: ("id",),
    community.MapFeature.__tablename__: ("id",),
    community.CodeValidity.__tablename__: ("place_id", "code"),
    community.NormSet.__tablename__: ("place_id", "set_id"),
    sensing.Thing.__tablename__: ("id",),
    sensing.Datastream.__tablename__: ("id",),
    effects.Effect.__tablename__: ("id",),
    alarms.AlarmRule.__tablename__: ("id",),
    integration.Mapping.__tablename__: ("id",),
}


class Revision(Table):
    """What one transaction changed: when, by whom and why. 修订."""

    __tablename__ = "revision"
    __table_args__ = (Index("ix_revision_at", "at"),)

    id: Mapped[int] = serial()
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    actor: Mapped[str]
    reason: Mapped[str]


class KeptTable(Table):
    """A table whose past is kept. 留痕表."""

    __tablename__ = "kept_table"

    name: Mapped[str] = mapped_column(primary_key=True)
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text))
    unkept: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))


def _type(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """Give the type of a column; that of a geometry holds for one column only, and says whether it may be null."""
    if isinstance(column.type, Geometry):
        return Geometry(column.type.geometry_type, srid=column.type.srid, spatial_index=False)
    return column.type


def _past(name: str, keys: tuple[str, ...]) -> sa.Table:
    """Make the table beside a kept one: its columns without what they are held to, and during which revisions."""
    past = f"{name}_past"
    return sa.Table(
        past,
        Table.metadata,
        *(sa.Column(column.name, _type(column)) for column in Table.metadata.tables[name].columns),
        sa.Column("during", INT4RANGE, nullable=False),
        Index(f"ix_{past}_during", "during", postgresql_using="gist"),
        Index(f"ix_{past}_keys", *keys),
    )


PASTS = {name: _past(name, keys) for name, keys in KEPT.items()}
