"""What never came of what senders number."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table


class Sequence(Table):
    """The last number of a sender, and how many were left out. 报文序号."""

    __tablename__ = "sequence"

    source: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime]
    lost: Mapped[int] = mapped_column(BigInteger)
    gaps: Mapped[int] = mapped_column(BigInteger)
    gap_at: Mapped[datetime | None]
