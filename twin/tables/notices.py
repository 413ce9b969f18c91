"""Notices to those who live somewhere."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, serial

__all__ = ["Notice"]


class Notice(Table):
    """What is said to a building, a grid or the whole place, from when until when. 通知."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_place_id_ends_at", "place_id", "ends_at"),
        Index("ix_notice_grid_id", "grid_id"),
        Index("ix_notice_building_id", "building_id"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("grid.id", ondelete="CASCADE"))
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id", ondelete="CASCADE"))
    text: Mapped[str]
    text_zh: Mapped[str]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    written_by: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(server_default=sa.text("clock_timestamp()"))
    withdrawn_by: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
