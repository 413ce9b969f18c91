"""How devices are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table


class ThingTally(Table):
    """What one batch brought of one thing; append-only, without a key. 批次计数."""

    __tablename__ = "thing_tally"
    __mapper_args__ = {"primary_key": ["thing_id", "last_seen"]}  # noqa: RUF012  # the mapper wants one; the table has none

    thing_id: Mapped[int]
    last_seen: Mapped[datetime]
    stored: Mapped[int]
    duplicate: Mapped[int]
    conflict: Mapped[int]
    quarantined: Mapped[int]
    late: Mapped[int]
    skew_s: Mapped[float]
    battery: Mapped[float]
    rssi: Mapped[float]


class ThingHealth(Table):
    """What came of one thing in all, and how it was last. 设备健康."""

    __tablename__ = "thing_health"

    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), primary_key=True)
    last_seen: Mapped[datetime]
    stored: Mapped[int] = mapped_column(BigInteger)
    duplicate: Mapped[int] = mapped_column(BigInteger)
    conflict: Mapped[int] = mapped_column(BigInteger)
    quarantined: Mapped[int] = mapped_column(BigInteger)
    late: Mapped[int] = mapped_column(BigInteger)
    skew_s: Mapped[float | None]
    battery: Mapped[float | None]
    rssi: Mapped[float | None]
