"""Messages that state no time, as they were delivered."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, big_serial


class Delivery(Table):
    """The messages of one committed batch that state no time. 投递记录."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_client", "client", "id"),)

    id: Mapped[int] = big_serial()
    client: Mapped[str]
    messages: Mapped[int]
    packets: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    digests: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    received_us: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
