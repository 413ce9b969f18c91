"""Run the services from the private root of Debian packages."""

import time
from collections.abc import Callable
from pathlib import Path

from deploy import accounts, mosquitto, postgres, rootfs
from deploy.errors import Unavailable
from deploy.settings import ServiceSettings
from deploy.state import State

Say = Callable[[str], None]
RELOAD_S = 10
POLL_S = 0.02


def start_database(settings: ServiceSettings, known: State, *, say: Say) -> None:
    """Start PostgreSQL, or find it running, with linli's database in it."""
    server = _database(settings, rootfs.ensure(settings.cache, say=say))
    if not known.is_provisioned:
        say(f"making a PostgreSQL cluster in {server.base}")
        postgres.initialise(server, password=known.admin_password)
    port = postgres.start(server, port=known.database_port)
    known.database_port = port
    if known.provisioned_by != postgres.PREPARED:
        admin, owner = known.admin_password, known.owner_password
        postgres.provision(server, port=port, admin_password=admin, owner_password=owner)
        known.is_provisioned, known.provisioned_by = True, postgres.PREPARED


def start_broker(settings: ServiceSettings, known: State, *, say: Say) -> None:
    """Start Mosquitto, or find it running, with the accounts known."""
    server = _broker(settings, rootfs.ensure(settings.cache, say=say))
    server.base.mkdir(parents=True, exist_ok=True)
    accounts.write_files(server.base, known.accounts)
    password = known.accounts[accounts.PROBE].password
    known.broker_port = mosquitto.start(server, port=known.broker_port, password=password, door=settings.door)


def stop(settings: ServiceSettings, *, say: Say) -> None:
    """Stop the broker, then the database."""
    root = rootfs.path(settings.cache)
    say("stopping Mosquitto and PostgreSQL")
    mosquitto.halt(_broker(settings, root))
    postgres.halt(_database(settings, root))


def running(settings: ServiceSettings, known: State) -> dict[str, str | None]:
    """Return where each service answers, None where it does not run."""
    root = rootfs.path(settings.cache)
    port = postgres.running_port(_database(settings, root))
    broker = mosquitto.pid(_broker(settings, root)) and known.broker_port
    return {
        "database": f"127.0.0.1:{port}" if port else None,
        "broker": f"127.0.0.1:{broker}" if broker else None,
    }


def reload_broker(settings: ServiceSettings, known: State) -> None:
    """Make the broker read the accounts, and wait until it has."""
    server = _broker(settings, rootfs.path(settings.cache))
    if mosquitto.pid(server) is None or known.broker_port is None:
        return
    accounts.write_files(server.base, known.accounts)
    mosquitto.reload(server)
    end = time.monotonic() + RELOAD_S
    while not mosquitto.answers(known.broker_port, known.accounts[accounts.PROBE].password):
        if time.monotonic() > end:
            raise Unavailable(f"Mosquitto did not read its accounts again ({server.log})")
        time.sleep(POLL_S)


def database_url(settings: ServiceSettings, known: State, *, admin: bool) -> str:
    """Return the URL of linli's database as its owner, or as the superuser."""
    if known.database_port is None:
        raise Unavailable("the database was never started", mend="linli up")
    return postgres.url(
        _database(settings, rootfs.path(settings.cache)),
        port=known.database_port,
        user="postgres" if admin else "linli",
        password=known.admin_password if admin else known.owner_password,
        database="linli",
    )


def _database(settings: ServiceSettings, root: Path) -> postgres.Server:
    return postgres.Server(root, settings.data / "database", settings.profile)


def _broker(settings: ServiceSettings, root: Path) -> mosquitto.Server:
    return mosquitto.Server(root, settings.data / "broker", settings.profile)
