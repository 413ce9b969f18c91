"""Devices that described themselves and are not enrolled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table


class Offer(Table):
    """An unknown device of a format that describes its devices. 待登记设备."""

    __tablename__ = "offer"
    __table_args__ = (Index("ix_offer_last_seen", "last_seen"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str]
    properties: Mapped[dict[str, Any]]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    measured_at: Mapped[datetime | None]
    readings: Mapped[int] = mapped_column(BigInteger)
    refused_at: Mapped[datetime | None]
    refused_by: Mapped[str | None]
