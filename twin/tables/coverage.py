"""Who has lost which service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, big_serial


class ServiceLoss(Table):
    """Residents of a building who lost a service, from when till when. 服务中断."""

    __tablename__ = "service_loss"
    __table_args__ = (
        Index(
            "ix_service_loss_open",
            "place_id",
            "service",
            "mobility_group",
            "building_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_service_loss_since", "place_id", "since"),
    )

    id: Mapped[int] = big_serial()
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    service: Mapped[str]
    mobility_group: Mapped[str]
    building_id: Mapped[int] = mapped_column(ForeignKey("building.id", ondelete="CASCADE"))
    certain: Mapped[bool]
    limit_s: Mapped[int]
    usual_s: Mapped[float]
    now_s: Mapped[float | None]
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id", ondelete="SET NULL"))
    residents: Mapped[dict[str, Any]]
    residents_possible: Mapped[dict[str, Any]]
    causes: Mapped[list[Any]]
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class CutOff(Table):
    """People of a place cut off from any service now, each once. 当前受阻人数."""

    __tablename__ = "cut_off"

    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"), primary_key=True)
    certain: Mapped[dict[str, Any]]
    possible: Mapped[dict[str, Any]]
    checked_at: Mapped[datetime | None]
