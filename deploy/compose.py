"""Run the services by Docker Compose, where an engine answers."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy import accounts, mosquitto
from deploy.daemons import free_port
from deploy.errors import Unavailable
from deploy.postgres import PREPARED, PROVISION, tcp_url
from deploy.settings import ServiceSettings
from deploy.state import State

Say = Callable[[str], None]
FILE = Path(__file__).with_name("compose.yaml")
CONFIG = "/mosquitto/config"
STORE = "/mosquitto/data"
READABLE = 0o644  # the container's user reads the accounts; the data folder keeps others out
ALL = "0.0.0.0"  # noqa: S104  # inside the container; outside it is published on loopback
ENGINE_S = 10
RELOAD_S = 10
POLL_S = 0.1


def has_engine() -> bool:
    """Tell whether a Docker engine answers and has Compose."""
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        try:
            asked = subprocess.run(command, capture_output=True, timeout=ENGINE_S)
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return False
        if asked.returncode:
            return False
    return True


def start_database(settings: ServiceSettings, known: State, *, say: Say) -> None:
    """Start the database's container, or find it running, with linli's database in it."""
    known.database_port = _port(settings, "database", 5432) or free_port(known.database_port)
    _up(settings, known, "database", say=say)
    if known.provisioned_by == PREPARED:
        return
    keys = {"PGPASSWORD": known.admin_password, "LINLI_OWNER_PASSWORD": known.owner_password}
    names = [word for key in keys for word in ("-e", key)]
    psql = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"]
    _compose(settings, "exec", "-T", *names, "database", *psql, feed=PROVISION.read_text(), keys=keys)
    known.is_provisioned, known.provisioned_by = True, PREPARED


def start_broker(settings: ServiceSettings, known: State, *, say: Say) -> None:
    """Start the broker's container, or find it running, with the accounts known. Raises Unavailable for a door."""
    if settings.door is not None:
        raise Unavailable("services.door is of the embedded engine", mend="set services.engine to embedded")
    folder = _broker_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    conf = mosquitto.configuration(settings.profile, port=1883, bind=ALL, folder=CONFIG, store=STORE)
    (folder / "mosquitto.conf").write_text(conf)
    accounts.write_files(folder, known.accounts, mode=READABLE)
    known.broker_port = _port(settings, "broker", 1883) or free_port(known.broker_port)
    _up(settings, known, "broker", say=say)


def stop(settings: ServiceSettings, *, say: Say) -> None:
    """Stop the broker, then the database; the volumes stay."""
    say("stopping the containers")
    for service in ("broker", "database"):
        _compose(settings, "stop", service)


def running(settings: ServiceSettings, known: State) -> dict[str, str | None]:  # noqa: ARG001
    """Return where each service answers, None where it does not run."""
    ports = {"database": 5432, "broker": 1883}
    found = {name: _port(settings, name, port) for name, port in ports.items()}
    return {name: f"127.0.0.1:{port}" if port else None for name, port in found.items()}


def reload_broker(settings: ServiceSettings, known: State) -> None:
    """Make the broker read the accounts, and wait until it has."""
    if known.broker_port is None:
        return
    accounts.write_files(_broker_folder(settings), known.accounts, mode=READABLE)
    _compose(settings, "kill", "-s", "HUP", "broker")
    end = time.monotonic() + RELOAD_S
    while not mosquitto.answers(known.broker_port, known.accounts[accounts.PROBE].password):
        if time.monotonic() > end:
            raise Unavailable("Mosquitto did not read its accounts again")
        time.sleep(POLL_S)


def database_url(settings: ServiceSettings, known: State, *, admin: bool) -> str:  # noqa: ARG001
    """Return the URL of linli's database as its owner, or as the superuser."""
    if known.database_port is None:
        raise Unavailable("the database was never started", mend="linli up")
    user = "postgres" if admin else "linli"
    password = known.admin_password if admin else known.owner_password
    return tcp_url(port=known.database_port, user=user, password=password, database="linli")


def _broker_folder(settings: ServiceSettings) -> Path:
    return settings.data / "broker"


def _env_file(settings: ServiceSettings) -> Path:
    return settings.data / "compose.env"


def _write_env(settings: ServiceSettings, known: State) -> None:
    values = {
        "LINLI_ADMIN_PASSWORD": known.admin_password,
        "LINLI_DATABASE_PORT": str(known.database_port or free_port()),
        "LINLI_BROKER_PORT": str(known.broker_port or free_port()),
        "LINLI_BROKER_FOLDER": str(_broker_folder(settings)),
    }
    path = _env_file(settings)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))


def _up(settings: ServiceSettings, known: State, service: str, *, say: Say) -> None:
    say(f"starting the {service} by Docker Compose (the first time it fetches the image)")
    _write_env(settings, known)
    _compose(settings, "up", "--detach", "--wait", service)


def _port(settings: ServiceSettings, service: str, inside: int) -> int | None:
    """Return the loopback port of a running container, None where it does not run."""
    if not _env_file(settings).exists():
        return None
    said = subprocess.run(_command(settings, "port", service, str(inside)), capture_output=True, text=True)
    port = said.stdout.strip().rpartition(":")[2]
    return int(port) if said.returncode == 0 and port.isdigit() and int(port) else None


def _command(settings: ServiceSettings, *argv: str) -> Sequence[str]:
    key = hashlib.sha256(os.fsencode(settings.data)).hexdigest()[:10]
    name = ["--project-name", f"linli-{key}", "--env-file", str(_env_file(settings))]
    return ["docker", "compose", "--file", str(FILE), *name, *argv]


def _compose(settings: ServiceSettings, *argv: str, feed: str = "", keys: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        _command(settings, *argv),
        input=feed,
        env={**os.environ, **(keys or {})},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:]
        raise Unavailable(f"docker compose {argv[0]} failed: {''.join(said)}")
