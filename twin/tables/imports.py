"""Files sent to be loaded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, serial


class ImportJob(Table):
    """A file sent through the API, and what became of it. 导入任务."""

    __tablename__ = "import_job"
    __table_args__ = (Index("ix_import_job_place_id", "place_id"),)

    id: Mapped[int] = serial()
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id", ondelete="SET NULL"))
    kind: Mapped[str]
    file_name: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    datum: Mapped[str | None]
    partial: Mapped[bool] = mapped_column(server_default=text("false"))
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    step: Mapped[str] = mapped_column(server_default=text("''"))
    ended_at: Mapped[datetime | None]
    receipts: Mapped[list[Any] | None]
    refusal: Mapped[dict[str, Any] | None]
