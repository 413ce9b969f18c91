"""Who subscribed over MQTT to what of SensorThings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table


class SubscribedTopic(Table):
    """A topic that a client of the broker subscribed to. 订阅主题."""

    __tablename__ = "subscribed_topic"

    client: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    entity_set: Mapped[str]
    datastream_id: Mapped[int | None]
    life_s: Mapped[int]
    gone_at: Mapped[datetime | None]
