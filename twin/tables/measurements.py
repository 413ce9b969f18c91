"""Measurements on the spot and their photos."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, serial


class Photo(Table):
    """A photo of an element. 照片."""

    __tablename__ = "photo"

    hash: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    taken_in_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]


class Measurement(Table):
    """What somebody measured of an element. 实测."""

    __tablename__ = "measurement"
    __table_args__ = (
        Index("ix_measurement_place_id_element_kind_element_source", "place_id", "element_kind", "element_source"),
        Index("ix_measurement_photo_hash", "photo_hash"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    element_kind: Mapped[str]
    element_source: Mapped[str]
    kind: Mapped[str]
    value: Mapped[float | None]
    word: Mapped[str | None]
    unit: Mapped[str]
    measured_at: Mapped[datetime]
    measured_by: Mapped[str]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    photo_hash: Mapped[str | None] = mapped_column(ForeignKey("photo.hash"))
    written_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    revision: Mapped[int | None]
