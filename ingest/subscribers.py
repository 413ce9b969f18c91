"""Tell those who subscribed to SensorThings over MQTT what is new: hear from the broker who they are, and publish to them.

The broker logs each subscription below `$SYS/broker/log` (deploy/mosquitto.py); no plug-in and no polling is needed. What
the twin announces at a commit is then read once, written for each topic that somebody subscribed to, and published.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingest.mqtt import Message, Session
from ingest.publisher import Publisher
from ingest.settings import Broker, IngestSettings, Subscription
from twin import changes, db, roles, subscribers
from twin.changes import Change
from twin.db import Connection, Engine
from twin.errors import NotFound, Refused
from twin.roles import Role, Who

__all__ = ["FILTERS", "Reader", "Writer", "run"]

log = logging.getLogger(__name__)

SUBSCRIBED, UNSUBSCRIBED, NOTED = "$SYS/broker/log/M/subscribe", "$SYS/broker/log/M/unsubscribe", "$SYS/broker/log/N"
FILTERS = (SUBSCRIBED, UNSUBSCRIBED, NOTED)
# After the time of the line. A client id has no space where it is the user's name, as with linli's broker.
ASKED = re.compile(r"\S+: (?P<client>\S+) (?P<qos>\d+) (?P<topic>v1\.1/.+)")
DROPPED = re.compile(r"\S+: (?P<client>\S+) (?P<topic>v1\.1/.+)")
CAME = re.compile(r"\S+: New client connected from \S+ as (?P<client>\S+) \(p(?P<protocol>\d), c(?P<clean>[01]),.*")
LEFT = re.compile(r"\S+: Client (?P<client>\S+) (?!already connected).*")
REFUSED_QOS = 3  # and above: what the broker answers in the place of a QoS where it refuses
# How long a client that has gone may come back to its session: MQTT 3.1.1 says so with its clean flag, MQTT 5 by an expiry
# that the broker's log does not show.
FOR_GOOD_S, BRIEFLY_S, FOR_DAYS_S = 0, 3_600, 7 * 86_400
OURS = re.compile(r"ingest(-\d+)?")
SESSION_S = 3_600  # what the broker logs while this process is away, it keeps for so long
TURN_S = 0.5
AT_ONCE = 100  # lines of the log
WHO = Who("notices", Role.OPERATOR)
FEATURES = "FeaturesOfInterest"
NOTHING_TO_DECODE = "senml"  # a subscription has a decoder; lines of a log need none

# Reads a topic: its entity set and whose observations it is of. Raises NotFound or Refused.
Reader = Callable[[str], tuple[str, int | None]]
# Writes what is new of a set for topics: topic and payload.
Writer = Callable[[Connection, Sequence[str], str, Sequence[int | str]], list[tuple[str, bytes]]]


@dataclass(slots=True)
class Clients:
    """Which clients are connected for how long their sessions last; the subscriptions themselves are in the twin."""

    engine: Engine
    read: Reader
    lives: dict[str, int] = field(default_factory=dict)

    def hear(self, message: Message) -> None:
        """Take one line of the broker's log."""
        line = message.payload.decode("utf-8", "replace")
        with self.engine.begin() as connection:
            if message.topic == SUBSCRIBED and (found := ASKED.fullmatch(line)):
                if int(found["qos"]) < REFUSED_QOS:
                    self._asked(connection, found["client"], found["topic"])
            elif message.topic == UNSUBSCRIBED and (found := DROPPED.fullmatch(line)):
                subscribers.drop(connection, found["client"], found["topic"])
            elif message.topic == NOTED and (found := CAME.fullmatch(line)):
                self._came(connection, found["client"], is_five=found["protocol"] == "5", is_new=found["clean"] == "1")
            elif message.topic == NOTED and (found := LEFT.fullmatch(line)):
                subscribers.left(connection, found["client"], datetime.now(UTC))
                subscribers.expire(connection, datetime.now(UTC))

    def lose_sight(self) -> None:
        """Note that the broker has not told of clients that came and went: those there were may be there or not."""
        with self.engine.begin() as connection:
            subscribers.left(connection, None, datetime.now(UTC), life_s=FOR_DAYS_S)

    def _came(self, connection: Connection, client: str, *, is_five: bool, is_new: bool) -> None:
        self.lives[client] = FOR_DAYS_S if not is_new else BRIEFLY_S if is_five else FOR_GOOD_S
        if is_new:
            subscribers.drop(connection, client)
        else:
            subscribers.came(connection, client)

    def _asked(self, connection: Connection, client: str, topic: str) -> None:
        if OURS.fullmatch(client) or "+" in topic or topic.endswith("#"):
            return  # a filter is matched by what is published for others, and asks for nothing itself
        try:
            entity_set, datastream_id = self.read(topic)
        except (NotFound, Refused) as why:
            log.info("%s subscribed to %s, which is never published: %s", client, topic, why)
            return
        life_s = self.lives.get(client, BRIEFLY_S)
        if not subscribers.add(connection, subscribers.Subscription(client, topic, entity_set, datastream_id, life_s)):
            log.warning("too many subscriptions: nothing is published on %s for %s", topic, client)


def run(url: str, hearing: Broker, telling: Broker, *, read: Reader, write: Writer, stop: threading.Event) -> int:
    """Publish until the stop, and give how many messages were; `hearing` is let read the broker's log.

    Raises Refused where the broker will not have us.
    """
    session = Session(_listening(hearing))
    try:
        with Publisher(telling) as publisher, db.opened(url) as engine, db.opened(url) as plain:
            return _Notifier(Clients(engine, read), roles.guard(plain), publisher, write, stop).follow(url, session)
    finally:
        session.close()


def _listening(broker: Broker) -> IngestSettings:
    """Give the settings of a session that hears the broker's log."""
    filters = tuple(Subscription(filter=one, decoder=NOTHING_TO_DECODE) for one in FILTERS)
    lasting = broker.model_copy(update={"session_expiry_s": SESSION_S})
    return IngestSettings(broker=lasting, subscriptions=filters)


@dataclass(slots=True)
class _Notifier:
    """Hears who subscribes and what is new, and publishes; reads what is new as the staff may see it."""

    clients: Clients
    guarded: Engine
    publisher: Publisher
    write: Writer
    stop: threading.Event

    def follow(self, url: str, session: Session) -> int:
        """Work until the stop."""
        heard: queue.SimpleQueue[Change] = queue.SimpleQueue()
        listener = threading.Thread(target=_listen, args=(url, heard, session, self.stop), daemon=True)
        listener.start()
        count, lost = 0, 0
        while not self.stop.is_set():
            session.poll(TURN_S)
            if session.lost != lost:
                lost = session.lost
                self.clients.lose_sight()
            while messages := session.take(AT_ONCE):
                for message in messages:
                    self.clients.hear(message)
                session.acknowledge(messages)
            while not heard.empty():
                count += self._publish(heard.get())
        listener.join(2 * TURN_S)
        return count

    def _publish(self, change: Change) -> int:
        """Publish what one announcement is about."""
        rows: list[list[int]] = change.fields.get("rows", [])
        identities: list[int | str] = [f"{stream}-{us}" for stream, us in rows] or list(change.fields.get("ids", ()))
        if change.kind == FEATURES:
            identities = [f"feature-{number}" for number in identities]
        with roles.asking(WHO), self.guarded.begin() as connection:
            every = subscribers.topics(connection)
            topics = [topic for topic, entity_set in every.items() if entity_set == change.kind]
            told = self.write(connection, topics, change.kind, identities)
        for topic, payload in told:
            self.publisher.send(topic, payload, self.stop)
        return len(told)


def _listen(url: str, heard: queue.SimpleQueue[Change], session: Session, stop: threading.Event) -> None:
    for change in changes.listen(url, TURN_S, channel=subscribers.CHANNEL):
        if stop.is_set():
            return
        if change is not None and change.kind != "reconnected":
            heard.put(change)
            session.wake()
