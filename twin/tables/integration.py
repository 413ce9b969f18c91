"""What an integrator writes and asks for: mappings, retries of the quarantine, accounts of devices."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, big_serial, revision, serial


class Mapping(Table):
    """How plain JSON of some topics is read. 报文映射."""

    __tablename__ = "mapping"

    id: Mapped[int] = serial()
    name: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]
    enabled: Mapped[bool] = mapped_column(server_default=sa.text("true"))
    revision: Mapped[int] = revision()


class QuarantineRetry(Table):
    """What is to be tried again, and how far that is. 重试."""

    __tablename__ = "quarantine_retry"
    __table_args__ = (Index("ix_quarantine_retry_open", "id", postgresql_where=sa.text("ended_at IS NULL")),)

    id: Mapped[int] = big_serial()
    quarantine_id: Mapped[int | None] = mapped_column(BigInteger)
    reason_code: Mapped[str | None]
    topic: Mapped[str | None]
    last_id: Mapped[int] = mapped_column(BigInteger, server_default=sa.text("0"))
    until_id: Mapped[int] = mapped_column(BigInteger)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=sa.text("clock_timestamp()"))
    tried: Mapped[int] = mapped_column(server_default=sa.text("0"))
    stored: Mapped[int] = mapped_column(BigInteger, server_default=sa.text("0"))
    duplicate: Mapped[int] = mapped_column(BigInteger, server_default=sa.text("0"))
    refused: Mapped[int] = mapped_column(BigInteger, server_default=sa.text("0"))
    not_retried: Mapped[int] = mapped_column(BigInteger, server_default=sa.text("0"))
    why: Mapped[str] = mapped_column(server_default=sa.text("''"))
    ended_at: Mapped[datetime | None]


class Credential(Table):
    """Which device was given an account of the broker. 设备凭据."""

    __tablename__ = "credential"

    thing_key: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(server_default=sa.text("clock_timestamp()"))
    made_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
