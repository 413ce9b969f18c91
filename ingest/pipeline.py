"""The one path every value takes: message, readings, commit, acknowledgement."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event

from msgspec.structs import replace

from ingest import kept_mappings
from ingest.floods import Floods
from ingest.mapping import Mapping, filter_of
from ingest.mqtt import Session
from ingest.quarantine import Unreadable
from ingest.redelivery import Redelivery
from ingest.routing import Decoded, Routes, decode
from ingest.sequences import Sequences
from ingest.settings import IngestSettings
from ingest.settling import settle
from ingest.sifting import Register, Sifted, sift
from twin import account, db, health, observations
from twin.db import Connection, Engine
from twin.devices import intervals
from twin.devices import register as read_register
from twin.errors import Stale
from twin.reasons import Reason, printable

log = logging.getLogger(__name__)

IDLE_S = 0.5  # how soon a stop is noticed while nothing comes
REST_S = 0.002  # between reads while a batch gathers: many small reads cost more than what they read
FRESH_S = 1.0  # for so long a connection is taken to be alive without a question
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
REGISTER_S = 1.0  # how old the register may be when something unknown comes: a device enrolled a moment ago is known
REGISTER_LIFE_S = 60.0
ROLL_UP_S = 60.0


class Pipeline:
    """A worker: it takes messages from a session and settles them in the database until it is told to stop.

    The thread that runs it reads, decodes and acknowledges. Another commits, one batch after the other and so in the
    order of arrival; meanwhile the next batch gathers. A third adds hours and days up once a minute, so that no message
    waits for it.
    """

    def __init__(self, settings: IngestSettings, engine: Engine, stop: Event) -> None:
        self._settings = settings
        self._most = min(settings.batch_messages, settings.broker.receive_maximum)
        self._engine = engine
        self._stop = stop
        self._routes = Routes(settings.subscriptions)
        self._floods = Floods(settings.flood_factor, settings.flood_burst)
        self._decoded: list[Decoded] = []  # the next batch
        self._decoded_bytes = 0  # of its payloads
        self._under_way: Future[list[Decoded]] | None = None
        self._rolling: Future[None] | None = None
        self._has_given_up = False  # of the database, for the stop has come
        self._handed_s = 0.0
        self._register = Register({})
        self._intervals: dict[str, int] = {}
        self._register_read_s = -REGISTER_LIFE_S
        self._rolled_s = time.monotonic()
        self._redelivery = Redelivery(settings.broker)
        self._sequences = None if settings.group else Sequences()  # of a group each hears a part
        self._loaded = -1  # sessions that the broker had lost when that was read
        self._mappings: tuple[Mapping, ...] = ()  # by which is read, beside the settings
        self._wanted: tuple[Mapping, ...] | None = None  # by which from the next message on
        self._connection: Connection | None = None  # of the batches, while they follow each other
        self._used_s = 0.0

    def run(self, session: Session) -> None:
        """Work until the stop; then settle what is here, where the database answers, and leave in order.

        Raises Refused where the broker will not have us.
        """
        with ThreadPoolExecutor(1, "commit") as committer, ThreadPoolExecutor(1, "roll-up") as roller:
            try:
                while not self._stop.is_set():
                    self._roll_up_in_turn(roller)
                    self._advance(session, committer)
                    self._wait(session)
                while self._under_way or ((self._decoded or session.waiting) and not self._has_given_up):
                    self._advance(session, committer)
                    session.rest(IDLE_S)
            finally:
                self._stop.set()  # or a commit that waits for a database would hold us
                committer.submit(self._leave).result()
        session.close()

    def remap(self, mappings: tuple[Mapping, ...]) -> None:
        """Read by these mappings from the next message on; another thread may say so."""
        self._wanted = mappings

    def _take_mappings(self, session: Session) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None and wanted != self._mappings:
            self._mappings = wanted
            self._routes.remap(wanted)
            session.hear([filter_of(one) for one in wanted])
            log.info("%d mappings of the twin are read by", len(wanted))

    def _advance(self, session: Session, committer: Executor) -> None:
        """Do what can be done now: acknowledge what is committed, decode what has come, hand the next batch over."""
        if self._under_way and self._under_way.done():
            session.acknowledge([one.message for one in self._under_way.result()])
            self._under_way = None
        self._take_mappings(session)
        if session.waiting and self._loaded != session.lost:
            self._load(session, committer)
        elif session.waiting and not self._is_full():
            taken = session.take(self._most - len(self._decoded), self._settings.batch_bytes - self._decoded_bytes)
            self._decoded_bytes += sum([len(one.payload) for one in taken])
            came = decode(self._redelivery.first(taken), self._routes)
            self._decoded += self._floods.limit(came, self._register, self._intervals)
            for command in self._routes.take_commands():
                session.send(command)
        if self._under_way:
            return
        if self._decoded and self._linger_s() <= 0:
            self._handed_s = time.monotonic()
            batch = [one for one in self._decoded if session.is_due(one.message)]
            self._decoded, self._decoded_bytes = [], 0
            self._under_way = committer.submit(self._store, session, batch)
            self._under_way.add_done_callback(lambda _: session.wake())

    def _is_full(self) -> bool:
        """Whether the next batch takes no more."""
        return len(self._decoded) >= self._most or self._decoded_bytes >= self._settings.batch_bytes

    def _roll_up_in_turn(self, roller: Executor) -> None:
        if self._rolling and self._rolling.done():
            self._rolling.result()
            self._rolling = None
        if not self._rolling and time.monotonic() - self._rolled_s >= ROLL_UP_S:
            self._rolled_s = time.monotonic()
            self._rolling = roller.submit(self._roll_up)

    def _linger_s(self) -> float:
        """How long the next batch waits for more: batches keep a distance, so that a lone message need not wait."""
        if self._is_full() or self._stop.is_set():
            return 0.0
        return self._handed_s + self._settings.linger_ms / 1000 - time.monotonic()

    def _wait(self, session: Session) -> None:
        """Wait until there is something to do, and read."""
        if self._under_way:
            is_done = session.rest(0 if session.is_pressed and not self._is_full() else REST_S)
            session.poll(0 if is_done else IDLE_S)
        elif self._decoded:
            session.rest(min(max(self._linger_s(), 0.0), REST_S))
            session.poll(0)
        else:
            session.poll(IDLE_S)

    def _load(self, session: Session, committer: Executor) -> None:
        """Read what this session delivered before, ere anything of it is taken; a database that is away is asked again."""
        if self._under_way:
            return
        lost = session.lost

        def load() -> list[Decoded]:
            try:
                with self._engine.begin() as connection:
                    # the first is lost where this process found none; a later one is a new session in this process
                    self._redelivery.load(connection, is_lost=lost > 0)
                    self._wanted = kept_mappings.read(connection)
                self._loaded = lost
            except db.UNAVAILABLE as error:
                log.warning("no database: %s", _first_line(error))
                self._has_given_up = self._stop.wait(FIRST_WAIT_S)
            return []

        self._under_way = committer.submit(load)
        self._under_way.add_done_callback(lambda _: session.wake())

    def _store(self, session: Session, decoded: list[Decoded]) -> list[Decoded]:
        """Commit a batch and give what of it is settled: all, but where the stop came while there was no database.

        It is tried until it is in, with longer and longer waits. Meanwhile the session is kept alive, and the broker
        sends no more than its window holds.
        """
        wait_s = FIRST_WAIT_S
        while True:
            try:
                self._commit(decoded)
                return decoded
            except Stale as error:
                log.warning("the register has changed: %s", error)
                self._register_read_s = -REGISTER_LIFE_S
            except db.UNAVAILABLE as error:
                log.warning("no database, again in %.1f s: %s", wait_s, _first_line(error))
            except db.REFUSED as error:
                return self._divide(session, decoded, error)
            if self._stop.wait(wait_s * random.uniform(0.5, 1.0)):
                self._has_given_up = True
                return []
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            decoded = [one for one in decoded if session.is_due(one.message)]

    def _divide(self, session: Session, decoded: list[Decoded], error: Exception) -> list[Decoded]:
        """Store a batch by halves, so that the one message the database will not have costs no other; set that aside.

        The gate keeps out what we know of; this is for what we do not.
        """
        if len(decoded) > 1:
            middle = len(decoded) // 2
            return self._store(session, decoded[:middle]) + self._store(session, decoded[middle:])
        (one,) = decoded
        if one.trouble is not None:
            raise error
        log.error("the database will not have a message on %s: %s", printable(one.message.topic), _first_line(error))
        why = Unreadable(Reason.NOT_STORABLE, f"the database will not have it: {printable(_first_line(error))}")
        return self._store(session, [replace(one, trouble=why)])

    def _commit(self, decoded: list[Decoded]) -> None:
        """Store a batch with its quarantine and its account in one transaction."""
        sifted = self._sift(decoded)
        with self._transaction() as connection:
            delivered = self._redelivery.add(connection, decoded)
            settle(connection, sifted)
            steps = self._sequences.add(connection, decoded, datetime.now(UTC)) if self._sequences else {}
        self._redelivery.committed(delivered)
        if self._sequences:
            self._sequences.committed(steps)
        self._register.learn(sifted)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Give a transaction on the connection of the batches: one that was used a moment ago is not asked if it lives."""
        if time.monotonic() - self._used_s > FRESH_S:
            self._leave()
        connection = self._connection or self._engine.connect()
        try:
            with connection.begin():
                yield connection
        except BaseException:
            self._connection = None
            connection.close()
            raise
        self._connection, self._used_s = connection, time.monotonic()

    def _leave(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _sift(self, decoded: list[Decoded]) -> Sifted:
        self._refresh_register(REGISTER_LIFE_S)
        sifted = sift(decoded, self._register, self._settings)
        if sifted.is_unknown and self._refresh_register(REGISTER_S):
            sifted = sift(decoded, self._register, self._settings)
        return sifted

    def _refresh_register(self, life_s: float) -> bool:
        """Read the register again where it is older than this; tell whether it was."""
        if time.monotonic() - self._register_read_s < life_s:
            return False
        with self._engine.connect() as connection:
            self._register = Register(read_register(connection))
            self._intervals = intervals(connection)
        self._register_read_s = time.monotonic()
        return True

    def _roll_up(self) -> None:
        """Bring the hours up to date and check the account; a database that is away has it done the next time."""
        try:
            with self._engine.begin() as connection:
                observations.roll_up(connection, datetime.now(UTC))
                health.fold(connection)
            with self._engine.begin() as connection:
                found = account.check(connection, datetime.now(UTC))
                if not found.is_true:
                    log.error("the account and the tables differ: %s", found)
        except db.UNAVAILABLE as error:
            log.warning("no database for the roll-up: %s", _first_line(error))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
