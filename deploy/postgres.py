"""Run PostgreSQL from the private root: initdb, tuning, start, stop."""

import os
import shutil
import signal
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from deploy import sandbox
from deploy.daemons import free_port, is_alive, launch, stop, tail, wait_ready
from deploy.errors import Unavailable
from deploy.settings import Profile

USER = "postgres"  # in the private root
SOCKET_BYTES = 107  # sun_path of Linux less its closing NUL
START_S = 120  # recovery after a crash takes as long as its write-ahead log is
STOP_S = 60
LIVES = 10  # tries while the backends of a killed server are still letting go
MB = 1 << 20
PORT_LINE, STATUS_LINE = 3, 7  # of postmaster.pid
PROVISION = Path(__file__).with_name("provision.sql")
PREPARED = sha256(PROVISION.read_bytes()).hexdigest()  # a newer script runs again over what is there


@dataclass(frozen=True, slots=True)
class Server:
    """Where one server keeps its files and what it runs from."""

    root: Path
    base: Path
    profile: Profile

    @property
    def data(self) -> Path:
        """The cluster's own folder."""
        return self.base / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.base / "postgresql.log"


def initialise(server: Server, *, password: str) -> None:
    """Make the cluster where there is none; `password` is the superuser's."""
    (server.base / "run").mkdir(parents=True, exist_ok=True)
    if (server.data / "PG_VERSION").exists() and not (server.base / "initdb").exists():
        return
    sandbox.require(server.root, server.base)
    shutil.rmtree(server.data, ignore_errors=True)
    secret = server.base / "initdb"  # its presence says: not finished
    secret.touch(mode=0o600)
    secret.write_text(password)
    made = sandbox.run(server.root, server.base, _initdb(), user=USER)
    if made.returncode:
        raise Unavailable(f"initdb failed: {made.stderr.strip()}")
    with (server.data / "postgresql.conf").open("a") as conf:
        conf.write("include 'linli.conf'\n")
    (server.data / "pg_hba.conf").write_text(_access())
    (server.data / "linli.conf").touch(mode=0o600)
    secret.unlink()


def start(server: Server, *, port: int | None) -> int:
    """Start the server, or find it running; return its port, `port` where that is free."""
    running = running_port(server)
    if running:
        return running
    _drop_stale_pid(server)
    for _ in range(LIVES):
        port = free_port(port)
        (server.data / "linli.conf").write_text(configuration(server.profile))
        argv = ["postgres", "-D", f"{sandbox.INSIDE}/data", "-p", str(port)]
        command = sandbox.command(server.root, server.base, argv, user=USER)
        watch = launch(command, log=server.log, env=sandbox.ENV)
        if wait_ready(watch, lambda: running_port(server) is not None, timeout_s=START_S):
            return port
        if pid(server):
            break
        time.sleep(0.5)
    raise Unavailable(f"PostgreSQL did not start ({server.log}): {tail(server.log)}")


def halt(server: Server) -> None:
    """Stop the server in order; a server that is not running is no error.

    The signal goes to the postmaster itself: killing bwrap would be a crash.
    """
    postmaster = pid(server)
    if postmaster and not stop(postmaster, signal.SIGINT, inside=server.data, timeout_s=STOP_S):
        raise Unavailable(f"PostgreSQL {postmaster} did not stop in {STOP_S} s ({server.log})")


def pid(server: Server) -> int | None:
    """Return the postmaster's process id, None where it does not run."""
    lines = _pid_lines(server)
    if not lines or not lines[0].isdigit():
        return None
    postmaster = int(lines[0])
    return postmaster if is_alive(postmaster, inside=server.data) else None


def running_port(server: Server) -> int | None:
    """Return the port of a server that takes connections, None where none does."""
    lines = _pid_lines(server)
    ready = len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"
    return int(lines[PORT_LINE]) if ready and pid(server) else None


def url(server: Server, *, port: int, user: str, password: str, database: str) -> str:
    """Return the libpq URL: by the Unix socket, by loopback TCP where its path is too long."""
    folder = server.base / "run"
    if len(os.fsencode(folder / f".s.PGSQL.{port}")) > SOCKET_BYTES:
        return tcp_url(port=port, user=user, password=password, database=database)
    who = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{who}@/{database}?host={quote(str(folder), safe='')}&port={port}"


def tcp_url(*, port: int, user: str, password: str, database: str) -> str:
    """Return the libpq URL of a database by loopback TCP."""
    who = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{who}@127.0.0.1:{port}/{database}"


def provision(server: Server, *, port: int, admin_password: str, owner_password: str) -> None:
    """Make the owner's role, its database and the extensions, where they are missing."""
    argv = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", f"{sandbox.INSIDE}/run"]
    argv += ["-p", str(port), "-U", "postgres", "-f", "-"]
    env = {"PGPASSWORD": admin_password, "LINLI_OWNER_PASSWORD": owner_password}
    script = PROVISION.read_text()
    done = sandbox.run(server.root, server.base, argv, user=USER, env=env, feed=script)
    if done.returncode:
        raise Unavailable(f"the database could not be prepared: {done.stderr.strip()}")


def configuration(profile: Profile) -> str:
    """Return the tuning, from the machine's memory and cores or for a small place."""
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    small = profile == "small"
    shared = 64 * MB if small else max(128 * MB, min(memory // 8, 8192 * MB))
    values = {
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": f"'{sandbox.INSIDE}/run'",
        "max_connections": 100,
        "password_encryption": "'scram-sha-256'",
        "shared_buffers": f"{shared // MB}MB",
        "effective_cache_size": f"{max(memory // 2, 256 * MB) // MB}MB",
        "work_mem": "8MB" if small else "32MB",
        "maintenance_work_mem": f"{64 if small else max(64, min(memory // 16 // MB, 1024))}MB",
        "max_wal_size": "512MB" if small else "4GB",
        "min_wal_size": "80MB" if small else "512MB",
        "wal_compression": "'lz4'",
        "checkpoint_timeout": "'15min'",
        "random_page_cost": 1.1,
        "effective_io_concurrency": 200,
        "max_worker_processes": cores + 8,
        "max_parallel_workers_per_gather": max(1, cores // 2),
        "jit": "off",
        "max_locks_per_transaction": 256,  # a hypertable locks every chunk it reads
        "idle_in_transaction_session_timeout": "'10min'",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_checkpoints": "off",
        "log_lock_waits": "on",
        "shared_preload_libraries": "'timescaledb'",
        "timescaledb.telemetry_level": "off",
        "timescaledb.max_background_workers": 4,
    }
    return "".join(f"{name} = {value}\n" for name, value in values.items())


def _initdb() -> list[str]:
    inside = sandbox.INSIDE
    return [
        *("initdb", "-D", f"{inside}/data", "-U", "postgres", f"--pwfile={inside}/initdb"),
        *("--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8"),
        # the same order of text on every machine, whatever its C library
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]


def _access() -> str:
    lines = ("local all all", "host all all 127.0.0.1/32", "local replication postgres")
    return "".join(f"{line} scram-sha-256\n" for line in lines)


def _pid_lines(server: Server) -> list[str]:
    try:
        return (server.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _drop_stale_pid(server: Server) -> None:
    """Remove the pid file of a dead server whose number a stranger has now.

    PostgreSQL refuses to start while that number lives. Where no process has it,
    PostgreSQL looks after the file itself.
    """
    lines = _pid_lines(server)
    if not lines or not lines[0].isdigit():
        return
    if Path(f"/proc/{lines[0]}").exists() and pid(server) is None:
        (server.data / "postmaster.pid").unlink()
