"""The declarative base: constraints get the names PostgreSQL would give them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, DateTime, Double, Identity, MetaData, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Table(DeclarativeBase):
    """A table of the twin."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        float: Double,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


def serial() -> Mapped[int]:
    """Make an integer key that the database counts up."""
    return mapped_column(Identity(always=True), primary_key=True)


def big_serial() -> Mapped[int]:
    """Make a bigint key that the database counts up."""
    return mapped_column(BigInteger, Identity(always=True), primary_key=True)


def shape(kind: str, *, nullable: bool = False) -> Mapped[Any]:
    """Make a WGS 84 geometry column; its index is declared by name in the table."""
    return mapped_column(Geometry(kind, srid=4326, spatial_index=False), nullable=nullable)


def revision() -> Mapped[int]:
    """Make the number of the revision that a row is from, which the database gives."""
    return mapped_column(server_default=text("current_setting('linli.revision')::integer"))


def by_hand() -> Mapped[list[str]]:
    """Make the column that names the columns of its row which were corrected by hand."""
    return mapped_column(ARRAY(Text), server_default=text("'{}'"))
