"""The services start once, side by side, anywhere, and leave nothing behind."""

import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from deploy import daemons, embedded, services, state
from deploy.errors import Unavailable
from deploy.services import Services
from deploy.settings import ServiceSettings
from deploy.state import State

Until = Callable[..., None]


def pids(settings: ServiceSettings) -> tuple[int, int]:
    """The process ids of the database and the broker."""
    database = int((settings.data / "database/data/postmaster.pid").read_text().split()[0])
    broker = int((settings.data / "broker/store/mosquitto.pid").read_text())
    return database, broker


def within(folder: Path) -> list[str]:
    """The processes whose command or working folder is in a folder, zombies left out."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in command:
                found.append(command)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def value(url: str, question: str) -> object:
    with psycopg.connect(url) as link:
        row = link.execute(question.encode()).fetchone()
    return row[0] if row else None


def keep(url: str) -> None:
    with psycopg.connect(url) as link:
        link.execute("CREATE TABLE kept AS SELECT 7 AS n")


def test_up_twice_finds_what_runs(place: ServiceSettings) -> None:
    first = services.up(place)
    running = pids(place)
    assert services.up(place) == first == services.find(place)
    assert pids(place) == running


def test_two_places_run_side_by_side_and_stop_apart(place: ServiceSettings, tmp_path: Path) -> None:
    other = place.model_copy(update={"data": tmp_path / "other"})
    one, two = services.up(place), services.up(other)
    assert one.broker.port != two.broker.port
    keep(one.database_url)
    assert value(two.database_url, "SELECT to_regclass('kept') IS NULL") is True
    services.down(place)
    assert [part.where is None for part in services.status(place)] == [True, True]
    assert value(two.database_url, "SELECT 1") == 1
    services.down(other)


def test_down_leaves_no_process_and_keeps_the_data(place: ServiceSettings) -> None:
    keep(services.up(place).database_url)
    assert within(place.data)
    services.down(place)
    assert within(place.data) == []
    with pytest.raises(Unavailable, match="not running: database, broker: linli up"):
        services.find(place)
    assert value(services.up(place).database_url, "SELECT n FROM kept") == 7


@pytest.mark.fault
def test_what_was_killed_is_started_again_and_the_rest_left_alone(place: ServiceSettings, until: Until) -> None:
    keep(services.up(place).database_url)
    database, broker = pids(place)
    os.kill(database, signal.SIGKILL)
    until(lambda: services.status(place)[0].where is None)
    assert value(services.up(place).database_url, "SELECT n FROM kept") == 7
    assert pids(place)[1] == broker
    os.kill(broker, signal.SIGKILL)
    until(lambda: services.status(place)[1].where is None)
    services.up(place)
    assert pids(place)[1] != broker


@pytest.mark.fault
def test_what_was_killed_is_mended_and_said(place: ServiceSettings, until: Until) -> None:
    said: list[str] = []
    keep(services.up(place).database_url)
    services.mend(place, say=said.append)
    assert said == []
    for pid in pids(place):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(part.where for part in services.status(place)))
    services.mend(place, say=said.append)
    assert said == ["not running: database, broker; starting again"]
    assert value(services.find(place).database_url, "SELECT n FROM kept") == 7


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_services_that_run_for_a_block_stop_with_it_whatever_ends_it(
    place: ServiceSettings, how: signal.Signals
) -> None:
    def begin() -> None:
        with services.running(place):
            assert within(place.data)
            with pytest.raises(Unavailable, match="already"):
                services.running(place).__enter__()
            os.kill(os.getpid(), how)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored where the tests run behind an &
    with pytest.raises(KeyboardInterrupt):
        begin()
    signal.signal(signal.SIGINT, before)
    assert within(place.data) == []


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.parametrize("name", ["two words", "邻里 'quoted' 100%", "long" * 30])
def test_any_folder_will_do(short_path: Path, name: str) -> None:
    settings = ServiceSettings(data=short_path / name, engine="embedded", profile="small")
    try:
        found = services.up(settings)
        assert value(found.database_url, "SELECT 1") == 1
        assert ("host=" in found.database_url) is (len(name) < 100)
        assert found.broker.credentials("lift-1")[0] == "lift-1"
    finally:
        services.down(settings)


def test_a_pid_file_of_a_stranger_does_not_stop_the_start(place: ServiceSettings) -> None:
    services.up(place)
    services.down(place)
    stale = place.data / "database/data/postmaster.pid"
    stale.write_text(f"{os.getpid()}\n/srv/data\n0\n5432\n/srv/run\n\n\nready   \n")
    assert services.status(place)[0].where is None
    assert value(services.up(place).database_url, "SELECT 1") == 1


def test_what_was_chosen_is_kept_from_others(place: ServiceSettings) -> None:
    services.up(place)
    modes = {path.name: path.stat().st_mode & 0o777 for path in place.data.glob("services.json")}
    modes |= {path.name: path.stat().st_mode & 0o777 for path in (place.data / "broker").glob("passwords")}
    assert modes == {"services.json": 0o600, "passwords": 0o600}


def test_the_database_has_the_extensions_checksums_and_no_telemetry(services: Services) -> None:
    asked = {
        "SELECT count(*) FROM pg_extension WHERE extname IN ('timescaledb', 'postgis')": 2,
        "SHOW data_checksums": "on",
        "SHOW timescaledb.telemetry_level": "off",
        "SHOW synchronous_commit": "on",
        "SHOW fsync": "on",
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user": False,
        "SELECT ST_AsText(ST_Point(7.42, 43.73))": "POINT(7.42 43.73)",
        "SELECT time_bucket('1 hour', timestamptz '2026-01-01 00:59+00')::text": "2026-01-01 00:00:00+00",
    }
    assert {question: value(services.database_url, question) for question in asked} == asked


@pytest.mark.parametrize("host", ["127.0.0.1", "socket"])
def test_the_database_asks_everyone_for_a_password(services: Services, host: str) -> None:
    settings = services.broker.settings
    folder = str(settings.data / "database/run") if host == "socket" else host
    port = embedded.running(settings, services_state(settings))["database"]
    assert port is not None
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=folder, port=int(port.rpartition(":")[2]), user="linli", dbname="linli", password="no")


def services_state(settings: ServiceSettings) -> State:
    known = state.read(settings.data)
    assert known is not None
    return known


def test_urls_in_the_settings_come_first_and_nothing_is_started(tmp_path: Path) -> None:
    settings = ServiceSettings(
        data=tmp_path / "unused",
        database_url="postgresql://me:secret@db.example:5433/town",
        broker_url="mqtt://sensor:p%40ss@mq.example:1884",
    )
    found = services.up(settings)
    assert found.database_url == settings.database_url
    assert (found.admin_url, found.broker.host, found.broker.port) == (None, "mq.example", 1884)
    assert found.broker.credentials("ingest") == ("sensor", "p@ss")
    assert [part.where for part in services.status(settings)] == [
        "postgresql://db.example:5433/town",
        "mqtt://mq.example:1884",
    ]
    assert not settings.data.exists()


def test_who_waits_for_services_says_once_for_which(place: ServiceSettings) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(services.awaited, place, say=said.append)
        with pytest.raises(TimeoutError):
            waiting.result(1.5)
        started = services.up(place)
        assert waiting.result(30) == started
    assert said[0] == "waiting: not running: database, broker: linli up"
    assert len(set(said)) == len(said)


def test_a_service_waits_for_the_port_that_it_had_while_another_borrows_it() -> None:
    with socket.socket() as borrower:
        borrower.bind(("127.0.0.1", 0))
        port = borrower.getsockname()[1]
        assert daemons.same_port(port, wait_s=0.1) != port
        threading.Timer(0.5, borrower.close).start()
        assert daemons.same_port(port, wait_s=10) == port
