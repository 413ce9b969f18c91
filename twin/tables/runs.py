"""Simulation runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table


class Run(Table):
    """A question to the simulations, kept under the hash of its inputs. 模拟记录."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_place_id_created_at", "place_id", "created_at"),)

    hash: Mapped[str] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    question: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    network_version: Mapped[int]
    state: Mapped[str]
    progress: Mapped[dict[str, Any] | None]
    answer: Mapped[dict[str, Any] | None]
    reason: Mapped[str | None]
    stop_asked: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    created_by: Mapped[str | None]
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
