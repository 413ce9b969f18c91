"""Check every part linli stands on, and name the one command that mends what is wrong."""

import json
import os
import pwd
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from deploy import compose, handshake, rootfs, sandbox, services, state
from deploy.accounts import PROBE
from deploy.errors import Unavailable
from deploy.settings import ServiceSettings

Grade = Literal["ok", "warn", "fail"]
PYTHON = (3, 11)
LOW_BYTES, TIGHT_BYTES = 500_000_000, 3_000_000_000  # free on disk: too little, soon too little
PAGE_PORT = 8080
FONTS = Path("/usr/share/fonts/opentype/noto")
SUBIDS = (Path("/etc/subuid"), Path("/etc/subgid"))
EXTENSIONS = ("timescaledb", "postgis")
EDITIONS = {"apache": "Apache", "timescale": "Community"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `mend` is a command, empty where nothing is wrong."""

    part: str
    grade: Grade
    said: str
    mend: str = ""

    def as_line(self) -> str:
        """Return the finding as `linli doctor` prints it."""
        line = f"{self.grade:<4} {self.part:<12} {self.said}"
        return f"{line}\n{'':<18}mend: {self.mend}" if self.mend else line

    def as_json(self) -> str:
        """Return the finding as one JSON object."""
        return json.dumps(asdict(self), ensure_ascii=False)


def examine(settings: ServiceSettings) -> list[Finding]:
    """Return the findings of every check, in the order one would mend them."""
    checks = (python, packages, tools, private_root, browser, disk, page_port, database, broker)
    return [finding for check in checks for finding in check(settings)]


def python(_: ServiceSettings) -> Iterator[Finding]:
    """Check the Python and whether it is an environment of its own."""
    version = sys.version.split()[0]
    if sys.version_info < PYTHON:
        yield Finding("python", "fail", f"{version}, 3.11 or newer needed", _apt("python3"))
    elif sys.prefix == sys.base_prefix:
        yield Finding("python", "warn", f"{version}, not in a virtual environment", "make setup-demo")
    else:
        yield Finding("python", "ok", f"{version} in {sys.prefix}")


def packages(_: ServiceSettings) -> Iterator[Finding]:
    """Check that each Python package linli declares is installed."""
    try:
        declared = [one for one in metadata.requires("linli") or () if "extra ==" not in one]
    except metadata.PackageNotFoundError:
        yield Finding("packages", "warn", "linli itself is not installed", "make setup-demo")
        return
    names = [re.split(r"[^A-Za-z0-9_.-]", one, maxsplit=1)[0] for one in declared]
    absent = [name for name in names if not _is_installed(name)]
    if absent:
        yield Finding("packages", "fail", f"missing: {', '.join(absent)}", "make setup-demo")
    else:
        yield Finding("packages", "ok", f"{len(names)} declared, all installed")


def tools(settings: ServiceSettings) -> Iterator[Finding]:
    """Check what makes and runs the embedded root, where that is what runs the services."""
    if not _uses_embedded(settings):
        return
    is_made = rootfs.path(settings.cache).exists()
    needed = {"bwrap": "fail", "setsid": "fail", "mmdebstrap": "warn" if is_made else "fail"}
    if os.geteuid():
        needed["newuidmap"] = needed["mmdebstrap"]
    for tool, grade in needed.items():
        absent = rootfs.missing(tool)
        if absent:
            yield Finding(tool, "warn" if grade == "warn" else "fail", "missing", _apt(*absent))
        else:
            yield Finding(tool, "ok", shutil.which(tool) or "")
    if os.geteuid() and not is_made:
        yield from _sub_ids()


def private_root(settings: ServiceSettings) -> Iterator[Finding]:
    """Check the embedded root, and that bubblewrap can run a program of it."""
    if not _uses_embedded(settings):
        return
    root = rootfs.path(settings.cache)
    if not root.exists():
        yield Finding("root", "warn", f"not made yet: {root}", "linli up")
    elif not rootfs.missing("bwrap"):
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            sandbox.require(root, settings.data)
        except Unavailable as error:
            yield Finding("root", "fail", error.what, error.mend)
        else:
            yield Finding("root", "ok", str(root))


def browser(_: ServiceSettings) -> Iterator[Finding]:
    """Check the browser and fonts, which the tests alone need."""
    found = shutil.which("chromium")
    if found:
        yield Finding("chromium", "ok", found)
    else:
        yield Finding("chromium", "warn", "missing; make test needs it", _apt("chromium"))
    if any(FONTS.glob("NotoSansCJK-*.ttc")):
        yield Finding("fonts", "ok", str(FONTS))
    else:
        yield Finding("fonts", "warn", "no Chinese font here", _apt("fonts-noto-cjk"))


def disk(settings: ServiceSettings) -> Iterator[Finding]:
    """Check the room for data and for the cache."""
    for part, folder in (("data", settings.data), ("cache", settings.cache)):
        there = next(one for one in (folder, *folder.parents) if one.exists())
        free = shutil.disk_usage(there).free
        grade: Grade = "fail" if free < LOW_BYTES else "warn" if free < TIGHT_BYTES else "ok"
        mend = f"du -xh --max-depth=1 {there}" if grade != "ok" else ""
        yield Finding(part, grade, f"{free / 1e9:.1f} GB free in {folder}", mend)


def page_port(_: ServiceSettings) -> Iterator[Finding]:
    """Say whether the page gets its usual port."""
    with socket.socket() as probe:
        busy = probe.connect_ex(("127.0.0.1", PAGE_PORT)) == 0
    said = "busy: the page takes the next free port" if busy else "free"
    # nothing to mend: a second linli on the machine is no fault
    yield Finding("page port", "ok", f"{PAGE_PORT} is {said}")


def database(settings: ServiceSettings) -> Iterator[Finding]:
    """Check that PostgreSQL answers, and what it holds."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        url = services.find(settings, only="database").database_url
        yield from _database_facts(url)
    except Unavailable as error:
        yield Finding("database", "fail", error.what, error.mend)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().splitlines()[0]
        yield Finding("database", "fail", said, "" if settings.database_url else "linli up")


def broker(settings: ServiceSettings) -> Iterator[Finding]:
    """Check that the broker answers, keeps strangers out, and may queue enough."""
    try:
        found = services.find(settings, only="broker").broker
        anonymous = handshake.login(found.host, found.port, name=None, password=None)
    except Unavailable as error:
        yield Finding("broker", "fail", error.what, error.mend)
        return
    except OSError as error:
        yield Finding("broker", "fail", str(error), "linli up")
        return
    if anonymous == handshake.ACCEPTED:
        said = "lets clients in without a password"
        yield Finding("broker", "fail", said, "set allow_anonymous false in mosquitto.conf")
    else:
        yield Finding("broker", "ok", f"{found.host}:{found.port}, no anonymous access")
    if not settings.broker_url:
        yield from _broker_facts(settings, found.port)


def _database_facts(url: str) -> Iterator[Finding]:
    from twin.db import engine

    opened = engine(url)
    with opened.connect() as link:

        def ask(question: str) -> list[str]:
            return [str(row[0]) for row in link.exec_driver_sql(question)]

        yield Finding("database", "ok", f"PostgreSQL {ask('SHOW server_version')[0]}")
        yield from _extensions(ask)
        edition = ask("SELECT coalesce(current_setting('timescaledb.license', true), '')")[0]
        said = EDITIONS.get(edition, "unknown")
        yield Finding("edition", "ok" if edition else "warn", f"TimescaleDB's {said} edition")
        if ask("SELECT to_regclass('migration') IS NOT NULL") == ["True"]:
            yield Finding("migrations", "ok", f"{ask('SELECT count(*) FROM migration')[0]} applied")
        else:
            yield Finding("migrations", "warn", "none applied yet", "linli migrate")
    opened.dispose()


def _extensions(ask: Callable[[str], list[str]]) -> Iterator[Finding]:
    for name in EXTENSIONS:
        version = ask(f"SELECT extversion FROM pg_extension WHERE extname = '{name}'")
        mend = f'psql -d linli -c "CREATE EXTENSION {name}"'
        if version:
            yield Finding(name, "ok", version[0])
        else:
            yield Finding(name, "fail", "not in this database", mend)


def _broker_facts(settings: ServiceSettings, port: int) -> Iterator[Finding]:
    known = state.read(settings.data)
    account = known.accounts.get(PROBE) if known else None
    password = account.password if account else ""
    code = handshake.login("127.0.0.1", port, name=PROBE, password=password)
    if code != handshake.ACCEPTED:
        said = f"refused our own account: {handshake.REFUSED.get(code, str(code))}"
        yield Finding("accounts", "fail", said, "linli down && linli up")
    else:
        yield Finding("accounts", "ok", f"{len(known.accounts) if known else 0} enrolled")
    conf = (settings.data / "broker" / "mosquitto.conf").read_text()
    for name in ("max_queued_messages", "max_packet_size"):
        value = re.search(rf"^{name} (\d+)$", conf, re.MULTILINE)
        said = f"{name} {value[1]}" if value else f"{name} is not set: messages get lost"
        yield Finding("queue", "ok" if value else "fail", said, "" if value else "linli down && linli up")


def _sub_ids() -> Iterator[Finding]:
    user = pwd.getpwuid(os.geteuid()).pw_name
    names = {str(os.geteuid()), user}
    given = [any(line.split(":")[0] in names for line in _lines(path)) for path in SUBIDS]
    if all(given):
        yield Finding("sub-ids", "ok", "in /etc/subuid and /etc/subgid")
    else:
        yield Finding("sub-ids", "fail", f"{user} has none", rootfs.sub_id_command())


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _uses_embedded(settings: ServiceSettings) -> bool:
    if settings.database_url and settings.broker_url:
        return False
    known = state.read(settings.data)
    if known:
        return known.engine == "embedded"
    return settings.engine == "embedded" or (settings.engine == "auto" and not compose.has_engine())


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _apt(*names: str) -> str:
    return rootfs.install_command(*names)
