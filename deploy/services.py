"""Find the database and the broker, or start them; stop them; hand out credentials."""

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from deploy import accounts, compose, embedded, state
from deploy.daemons import alone
from deploy.errors import Unavailable
from deploy.settings import ServiceSettings
from deploy.state import EngineName, State

Say = Callable[[str], None]
MQTT_PORT = 1883
WAIT_S = 0.5  # between looks for a service that does not run yet


class Engine(Protocol):
    """What runs the services: the module `embedded` or `compose`."""

    def start_database(self, settings: ServiceSettings, known: State, *, say: Say) -> None:
        """Start the database, or find it running; note its port in `known`."""

    def start_broker(self, settings: ServiceSettings, known: State, *, say: Say) -> None:
        """Start the broker, or find it running; note its port in `known`."""

    def stop(self, settings: ServiceSettings, *, say: Say) -> None:
        """Stop both in order; what does not run is no error."""

    def running(self, settings: ServiceSettings, known: State) -> dict[str, str | None]:
        """Return where each service answers, None where it does not run."""

    def reload_broker(self, settings: ServiceSettings, known: State) -> None:
        """Make the broker read the accounts in `known`, and wait until it has."""

    def database_url(self, settings: ServiceSettings, known: State, *, admin: bool) -> str:
        """Return the URL of linli's database as its owner, or as the superuser."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the MQTT broker is, and who may use it."""

    host: str
    port: int
    settings: ServiceSettings

    def credentials(self, name: str) -> tuple[str, str]:
        """Return (username, password) of a client, enrolled now where it is new.

        The username is its client id too: two processes need two names (`ingest`,
        `ingest-2`). A broker given by URL has the one account in its URL.
        """
        if self.settings.broker_url:
            parts = urlsplit(self.settings.broker_url)
            return unquote(parts.username or ""), unquote(parts.password or "")
        with state.held(self.settings.data):
            known = _known(self.settings)
            if name not in known.accounts:
                known.accounts[name] = accounts.create(name)
                _publish(self.settings, known)
            return name, known.accounts[name].password

    def grant(self, name: str, *, read: Iterable[str] = (), write: Iterable[str] = ()) -> None:
        """Let a client read and write exactly these topic filters, beside its own topics."""
        self.credentials(name)
        if self.settings.broker_url:
            return
        with state.held(self.settings.data):
            known = _known(self.settings)
            before = known.accounts[name]
            known.accounts[name] = accounts.granted(before, read=read, write=write)
            if known.accounts[name] != before:
                _publish(self.settings, known)

    def renew(self, name: str) -> None:
        """Give a client another password; whoever is connected with the one before is put out."""
        self._own()
        with state.held(self.settings.data):
            known = _known(self.settings)
            before = known.accounts.get(name) or accounts.create(name)
            known.accounts[name] = before.model_copy(update={"password": accounts.create(name).password})
            _publish(self.settings, known)

    def withdraw(self, name: str) -> bool:
        """Take a client's account away, and put it out; tell whether it had one."""
        self._own()
        with state.held(self.settings.data):
            known = _known(self.settings)
            had = known.accounts.pop(name, None) is not None
            if had:
                _publish(self.settings, known)
            return had

    def _own(self) -> None:
        if self.settings.broker_url:
            raise Unavailable("the broker is not linli's own: its accounts are made where it is kept")


@dataclass(frozen=True, slots=True)
class Services:
    """A database and a broker that answer.

    `database_url` is libpq's (postgresql://...), for psycopg and SQLAlchemy, as the owner
    `linli`; `admin_url` is the superuser's, None where the database is the user's own.
    """

    database_url: str
    admin_url: str | None
    broker: Broker


@dataclass(frozen=True, slots=True)
class Part:
    """One service as `linli status` shows it; `where` is None where it does not run."""

    name: str
    engine: str
    where: str | None


def up(settings: ServiceSettings, *, say: Say = print) -> Services:
    """Start what is not running and return the services; running ones are left alone."""
    if settings.database_url and settings.broker_url:
        return _services(settings, None)
    with state.held(settings.data):
        known = state.read(settings.data) or State(engine=_choose(settings))
        state.write(settings.data, known)
        engine = _engine(known)
        if not settings.database_url:
            engine.start_database(settings, known, say=say)
        if not settings.broker_url:
            engine.start_broker(settings, known, say=say)
        state.write(settings.data, known)
        return _services(settings, known)


@contextmanager
def running(settings: ServiceSettings, *, say: Say = print) -> Iterator[Services]:
    """Start the services, and stop them however the block ends; SIGTERM and SIGHUP end it as Ctrl-C does.

    Raises Unavailable where another process has them so: the first to end would stop them under the other.
    """
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with alone(settings.data / "running.lock", what=f"linli runs in {settings.data} already"):
            try:
                yield up(settings, say=say)
            finally:
                down(settings, say=say)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def mend(settings: ServiceSettings, *, say: Say = print) -> None:
    """Start again what has stopped; where that fails it is said, and the next call tries again."""
    stopped = [part.name for part in status(settings) if part.where is None]
    if not stopped:
        return
    say(f"not running: {', '.join(stopped)}; starting again")
    try:
        up(settings, say=say)
    except Unavailable as error:
        say(f"not started: {error}")


def find(settings: ServiceSettings, *, only: str = "") -> Services:
    """Return the services that run; raise Unavailable where one (or the one named) does not."""
    parts = [part for part in status(settings) if only in ("", part.name)]
    stopped = [part.name for part in parts if part.where is None]
    if stopped:
        raise Unavailable(f"not running: {', '.join(stopped)}", mend="linli up")
    return _services(settings, state.read(settings.data))


def awaited(settings: ServiceSettings, *, say: Say = print) -> Services:
    """Return the services, waiting for what does not run yet; what is waited for is said once."""
    said = ""
    while True:
        try:
            return find(settings)
        except Unavailable as error:
            if str(error) != said:
                said = str(error)
                say(f"waiting: {said}")
            time.sleep(WAIT_S)


def down(settings: ServiceSettings, *, say: Say = print) -> None:
    """Stop the services linli started, in order; the data stays."""
    if state.read(settings.data) is None:
        return
    with state.held(settings.data):
        _engine(_known(settings)).stop(settings, say=say)


def status(settings: ServiceSettings) -> list[Part]:
    """Return the database and the broker, and where each answers."""
    known = state.read(settings.data)
    running = _engine(known).running(settings, known) if known else {}
    given = {"database": settings.database_url, "broker": settings.broker_url}
    parts = []
    for name, url in given.items():
        engine = "settings" if url else known.engine if known else "none"
        parts.append(Part(name, engine, _shown(url) if url else running.get(name)))
    return parts


def _choose(settings: ServiceSettings) -> EngineName:
    if settings.engine == "auto":
        return "compose" if compose.has_engine() else "embedded"
    return settings.engine


def _engine(known: State) -> Engine:
    return compose if known.engine == "compose" else embedded


def _known(settings: ServiceSettings) -> State:
    known = state.read(settings.data)
    if known is None:
        raise Unavailable(f"no services in {settings.data}", mend="linli up")
    return known


def _publish(settings: ServiceSettings, known: State) -> None:
    """Write the accounts and wait until the broker has them.

    The probe's password changes each time: once the broker takes the new one, it has
    read all the rest.
    """
    known.accounts[accounts.PROBE] = accounts.create(accounts.PROBE)
    state.write(settings.data, known)
    _engine(known).reload_broker(settings, known)


def _services(settings: ServiceSettings, known: State | None) -> Services:
    admin: str | None = None
    database = settings.database_url
    if database is None and known is not None:
        database = _engine(known).database_url(settings, known, admin=False)
        admin = _engine(known).database_url(settings, known, admin=True)
    if settings.broker_url:
        parts = urlsplit(settings.broker_url)
        broker = Broker(parts.hostname or "", parts.port or MQTT_PORT, settings)
    else:
        port = known.broker_port if known else None
        broker = Broker("127.0.0.1", port or MQTT_PORT, settings)
    return Services(database or "", admin, broker)


def _shown(url: str) -> str:
    """Return a URL without its password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}{parts.path}"
