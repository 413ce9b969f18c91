"""What was refused, and the account of every reading."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, big_serial


class Quarantine(Table):
    """A message or reading set aside with its reason. 隔离区."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("fold_key"), Index("ix_quarantine_last_seen", "last_seen"))

    id: Mapped[int] = big_serial()
    fold_key: Mapped[bytes]
    topic: Mapped[str]
    format: Mapped[str | None]
    reason_code: Mapped[str]
    reason: Mapped[str]
    payload: Mapped[bytes]
    payload_bytes: Mapped[int]
    measured_at: Mapped[datetime | None]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    count: Mapped[int] = mapped_column(BigInteger)
    thing_key: Mapped[str | None]
    property: Mapped[str | None]
    retried_at: Mapped[datetime | None]


class Account(Table):
    """Readings by minute of arrival and source: received = stored + duplicate + quarantined. 接收账目."""

    __tablename__ = "account"

    minute: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    messages: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    stored: Mapped[int] = mapped_column(BigInteger)
    duplicate: Mapped[int] = mapped_column(BigInteger)
    quarantined: Mapped[int] = mapped_column(BigInteger)
    conflict: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class ObservationCount(Table):
    """Rows that the observations took in, as the database counts them. 入库计数."""

    __tablename__ = "observation_count"
    __mapper_args__ = {"primary_key": ["inserted"]}  # noqa: RUF012  # append-only: the table has no key

    inserted: Mapped[int] = mapped_column(BigInteger)
