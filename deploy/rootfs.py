"""Make the private root of Debian packages that the embedded services run from."""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from deploy.daemons import locked, tail
from deploy.errors import Unavailable

SUITE = "trixie"
PACKAGES = ("postgresql-17-timescaledb", "postgresql-17-postgis-3", "mosquitto")
TOOLS = {"mmdebstrap": "mmdebstrap", "bwrap": "bubblewrap", "tar": "tar", "setsid": "util-linux"}
UNPRIVILEGED_TOOLS = {"newuidmap": "uidmap"}  # mmdebstrap's user namespace needs it
BYTES_NEEDED = 2_500_000_000  # the root, and what mmdebstrap keeps beside it while it works

Say = Callable[[str], None]


def path(cache: Path) -> Path:
    """Return where the root is, or will be: its name changes with what is in it."""
    key = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:10]
    return cache / f"root-{SUITE}-{key}"


def ensure(cache: Path, *, say: Say) -> Path:
    """Return the private root, made now where it is not there yet.

    Two callers at once make it once. A half-made root is never seen: it gets its name
    when it is whole.
    """
    root = path(cache)
    if root.exists():
        require_tools("bwrap", "setsid")
        return root
    require_tools(*TOOLS, *(UNPRIVILEGED_TOOLS if os.geteuid() else ()))
    with locked(cache / "root.lock"):
        if not root.exists():
            _require_space(cache)
            _make(root, log=cache / "root.log", say=say)
    return root


def missing(*tools: str) -> list[str]:
    """Return the Debian packages of the named tools that are not on the PATH."""
    packages = {**TOOLS, **UNPRIVILEGED_TOOLS}
    return [packages[tool] for tool in tools if shutil.which(tool) is None]


def install_command(*packages: str) -> str:
    """Return the command that installs Debian packages."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install -y --no-install-recommends {' '.join(packages)}"


def sub_id_command() -> str:
    """Return the command that gives this user the ids mmdebstrap's namespace maps."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    return f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"


def require_tools(*tools: str) -> None:
    """Raise Unavailable, with the command that installs them, where tools are missing."""
    absent = missing(*tools)
    if absent:
        raise Unavailable(f"missing: {', '.join(absent)}", mend=install_command(*absent))


def _require_space(cache: Path) -> None:
    free = shutil.disk_usage(cache).free
    if free < BYTES_NEEDED:
        raise Unavailable(
            f"{free / 1e9:.1f} GB free in {cache}, {BYTES_NEEDED / 1e9:.1f} GB needed",
            mend="set LINLI_SERVICES__CACHE to a folder with more room",
        )


def _make(root: Path, *, log: Path, say: Say) -> None:
    """Let mmdebstrap write a tar, unpacked as ourselves: no file belongs to a sub-id."""
    say(f"making the private root of Debian packages in {root} (once, 1-2 minutes, 0.8 GB)")
    partial = root.with_name(root.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    with log.open("wb") as errors:
        maker = subprocess.Popen(
            _mmdebstrap(), cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
        unpack = ["tar", "-x", "-C", str(partial), "--exclude=./dev/*", "--no-same-owner"]
        unpacked = subprocess.run(unpack, stdin=maker.stdout, stderr=errors)
        if maker.stdout is not None:
            maker.stdout.close()
        made = maker.wait()
    if made or unpacked.returncode:
        shutil.rmtree(partial, ignore_errors=True)
        raise Unavailable(f"mmdebstrap failed ({log}): {_why(log)}", mend=_mend(log))
    partial.rename(root)


def _mmdebstrap() -> list[str]:
    mode = "auto" if os.geteuid() == 0 else "unshare"
    return [
        # not /tmp: on Debian 13 that is memory; nor our cache: a sub-id may not enter a home
        *("env", "TMPDIR=/var/tmp"),
        *("mmdebstrap", f"--mode={mode}", "--variant=minbase", "--format=tar"),
        *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"),
        f"--include={','.join(PACKAGES)}",
        *(SUITE, "-"),
    ]


def _why(log: Path) -> str:
    """Return mmdebstrap's first error, or the end of its log."""
    lines = log.read_text(errors="replace").splitlines()
    return next((line for line in lines if line.startswith("E: ")), tail(log))


def _mend(log: Path) -> str:
    said = log.read_text(errors="replace")
    if "/etc/subuid" in said or "newuidmap" in said:
        return sub_id_command()
    if "NO_PUBKEY" in said or "not signed" in said:
        return install_command("debian-archive-keyring")
    return "check the connection to the Debian mirror and try again"
