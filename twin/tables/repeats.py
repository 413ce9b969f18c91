"""Changes that were asked for with a key of the client's own."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table


class AskedOnce(Table):
    """A change and its answer, kept for a day. 幂等请求."""

    __tablename__ = "asked_once"
    __table_args__ = (
        CheckConstraint("(status IS NULL) = (answer IS NULL)", name="answer"),
        Index("ix_asked_once_asked_at", "asked_at"),
    )

    owner: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    attempt: Mapped[uuid.UUID]
    asked_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    made_at: Mapped[datetime | None]
    status: Mapped[int | None]
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
