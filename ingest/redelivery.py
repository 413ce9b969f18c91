"""Fold a message that the broker sends again into the one that is stored, where it states no time of its own.

Killed between a commit and its acknowledgement, a worker gets the committed messages once more. Readings that state
when they were measured are duplicates then; others would be new, measured at their second arrival. MQTT marks such a
message (DUP) and gives it the packet identifier that it had; with the same topic and payload it is the same, and keeps
the time of its first arrival. An identifier means nothing once the broker may have given it to another message: what
is kept is less than it counts up to before it begins anew, and nothing once it has lost the session.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from ingest.mqtt import Message
from ingest.routing import Decoded
from ingest.settings import Broker
from twin import deliveries
from twin.db import Connection
from twin.deliveries import Batch, Delivered

__all__ = ["Redelivery"]

PACKETS = 65_535  # that identifiers count up to


class Redelivery:
    """What one session delivered lately without a time; it remembers as much as the broker may send again."""

    def __init__(self, broker: Broker) -> None:
        self._client = f"{broker.host}:{broker.port}/{broker.client_id}"
        self._window = min(broker.receive_maximum, PACKETS // 2)
        self._batches: deque[Batch] = deque()
        self._messages = 0  # in the batches
        self._known: dict[int, Delivered] = {}

    def load(self, connection: Connection, *, is_lost: bool) -> None:
        """Read what an earlier process of this session has committed; nothing counts of a session that is lost."""
        if is_lost:
            deliveries.forget(connection, self._client)
        self._batches = deque(deliveries.read(connection, self._client))
        self._messages = sum(batch.messages for batch in self._batches)
        self._known = {one.packet: one for batch in self._batches for one in batch.delivered}

    def first(self, messages: Iterable[Message]) -> list[Message]:
        """Give the messages; one that is stored already, and states no time, with the time of its first arrival."""
        return [self._first(one) if one.is_again else one for one in messages]

    def _first(self, message: Message) -> Message:
        known = self._known.get(message.mid)
        if known is None or known.digest != _digest(message):
            return message
        return replace(message, received_us=known.received_us)

    def add(self, connection: Connection, decoded: Sequence[Decoded]) -> Batch | None:
        """Write down, in the transaction that stores them, which messages of a batch state no time; None: none does."""
        timeless = [
            Delivered(one.message.mid, _digest(one.message), one.message.received_us)
            for one in decoded
            if one.message.qos and one.readings and one.readings[0].time_us == one.message.received_us
        ]
        if not timeless and not self._batches:
            return None
        past = self._past(len(decoded))
        if past:
            deliveries.drop(connection, self._client, self._batches[past - 1].id)
        return deliveries.add(connection, self._client, len(decoded), timeless)

    def committed(self, batch: Batch | None) -> None:
        """Take a batch over once it is committed; what the broker cannot send again is forgotten."""
        if batch is None:
            return
        for _ in range(self._past(batch.messages)):
            gone = self._batches.popleft()
            self._messages -= gone.messages
            for one in gone.delivered:
                if self._known.get(one.packet) is one:
                    del self._known[one.packet]
        self._batches.append(batch)
        self._messages += batch.messages
        self._known |= {one.packet: one for one in batch.delivered}

    def _past(self, more: int) -> int:
        """Give how many of the oldest batches are past, once this many messages more have come after them."""
        count, after = 0, self._messages + more
        for batch in self._batches:
            after -= batch.messages
            if after < self._window:
                break
            count += 1
        return count


def _digest(message: Message) -> int:
    return zlib.crc32(message.payload, zlib.crc32(message.topic.encode("utf-8", "surrogatepass")))
