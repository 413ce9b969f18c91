"""The one path every value takes: message, readings, commit, acknowledgement."""

from __future__ import annotations

import logging
import random
import time
from datetime import UTC, datetime
from threading import Event

import numpy as np

from ingest.mqtt import Message, Session
from ingest.quarantine import Unreadable
from ingest.settings import IngestSettings
from ingest.sifting import Decoded, Register, Routes, Sifted, decode, sift
from twin import account, db, observations, quarantine
from twin.db import Engine
from twin.devices import register as read_register
from twin.errors import Stale
from twin.observations import Batch
from twin.reasons import Reason, printable

log = logging.getLogger(__name__)

IDLE_S = 0.5  # how soon a stop is noticed while nothing comes
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
REGISTER_S = 1.0  # how old the register may be when something unknown comes: a device enrolled a moment ago is known
REGISTER_LIFE_S = 60.0
ROLL_UP_S = 60.0


class Pipeline:
    """A worker: it takes messages from a session and settles them in the database until it is told to stop."""

    def __init__(self, settings: IngestSettings, engine: Engine, stop: Event) -> None:
        self._settings = settings
        self._engine = engine
        self._stop = stop
        self._routes = Routes(settings.subscriptions)
        self._register = Register({})
        self._register_read_s = -REGISTER_LIFE_S
        self._rolled_s = time.monotonic()

    def run(self, session: Session) -> None:
        """Work until the stop; then settle what is here, where the database answers, and leave in order.

        Raises Refused where the broker will not have us.
        """
        while not self._stop.is_set():
            self._gather(session)
            if session.waiting:
                self._settle(session, session.take(self._settings.batch_messages))
            self._roll_up()
        while session.waiting and self._settle(session, session.take(self._settings.batch_messages)):
            pass
        session.close()

    def _gather(self, session: Session) -> None:
        """Wait for a message, then a little for more; not when a batch is full, nor when the broker may send no more."""
        most = min(self._settings.batch_messages, self._settings.broker.receive_maximum)
        if not session.waiting:
            session.poll(IDLE_S)
        end_s = time.monotonic() + self._settings.linger_ms / 1000
        while 0 < session.waiting < most:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                break
            session.poll(left_s)

    def _settle(self, session: Session, messages: list[Message]) -> bool:
        """Store the messages and acknowledge them; False where the stop came while there was no database."""
        decoded = decode(messages, self._routes)
        for command in self._routes.take_commands():
            session.send(command)
        return self._store(session, decoded)

    def _store(self, session: Session, decoded: list[Decoded]) -> bool:
        """Commit a batch and acknowledge it.

        It is tried until it is in, with longer and longer waits. Meanwhile the session is kept alive, and the broker
        sends no more than its window holds.
        """
        wait_s = FIRST_WAIT_S
        while True:
            try:
                self._commit(decoded)
                break
            except Stale as error:
                log.warning("the register has changed: %s", error)
                self._register_read_s = -REGISTER_LIFE_S
            except db.UNAVAILABLE as error:
                log.warning("no database, again in %.1f s: %s", wait_s, _first_line(error))
            except db.REFUSED as error:
                return self._divide(session, decoded, error)
            if not self._wait(session, wait_s):
                return False
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            decoded = [one for one in decoded if session.is_due(one.message)]
        session.acknowledge([one.message for one in decoded])
        return True

    def _divide(self, session: Session, decoded: list[Decoded], error: Exception) -> bool:
        """Store a batch by halves, so that the one message the database will not have costs no other; set that aside.

        The gate keeps out what we know of; this is for what we do not.
        """
        if len(decoded) > 1:
            middle = len(decoded) // 2
            return self._store(session, decoded[:middle]) and self._store(session, decoded[middle:])
        (one,) = decoded
        if one.trouble is not None:
            raise error
        log.error("the database will not have a message on %s: %s", printable(one.message.topic), error)
        why = Unreadable(Reason.NOT_STORABLE, f"the database will not have it: {printable(_first_line(error))}")
        return self._store(session, [one._replace(trouble=why)])

    def _wait(self, session: Session, wait_s: float) -> bool:
        """Keep the session alive for a while; False where the stop came."""
        end_s = time.monotonic() + wait_s * random.uniform(0.5, 1.0)
        while (left_s := end_s - time.monotonic()) > 0:
            if self._stop.is_set():
                return False
            session.poll(min(left_s, IDLE_S))
            time.sleep(0.01)  # a full window leaves bytes on the socket, and select would come back at once
        return True

    def _commit(self, decoded: list[Decoded]) -> None:
        """Store a batch with its quarantine and its account in one transaction."""
        sifted = self._sift(decoded)
        with self._engine.begin() as connection:
            if sifted.values:
                outcome = observations.record(connection, _batch(sifted))
                sifted.account.recorded(sifted.tallies, outcome.is_stored)
            quarantine.fold(connection, sifted.refusals)
            account.add(connection, sifted.account.tallies())

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
        self._register_read_s = time.monotonic()
        return True

    def _roll_up(self) -> None:
        """Bring the hours up to date once a minute; a database that is away is the next batch's matter."""
        if time.monotonic() - self._rolled_s < ROLL_UP_S:
            return
        self._rolled_s = time.monotonic()
        try:
            with self._engine.begin() as connection:
                observations.roll_up(connection, datetime.now(UTC))
        except db.UNAVAILABLE as error:
            log.warning("no database for the roll-up: %s", _first_line(error))


def _batch(sifted: Sifted) -> Batch:
    return Batch(
        np.array(sifted.datastream_ids, dtype=np.int32),
        np.array(sifted.times_us, dtype=np.int64),
        np.array(sifted.values, dtype=np.float64),
        datetime.now(UTC),
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
