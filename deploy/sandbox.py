"""Run a program of the private root with bubblewrap."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.errors import Unavailable

INSIDE = "/srv"  # where the service's own folder appears
SYSCTLS = {"kernel.unprivileged_userns_clone": 1, "user.max_user_namespaces": 15_000}  # 0 forbids
SCRATCH = ("/tmp", "/run", "/dev/shm")  # noqa: S108  # the sandbox's own
ENV = {
    "PATH": "/usr/lib/postgresql/17/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


def command(root: Path, base: Path, argv: Sequence[str], *, user: str) -> list[str]:
    """Return the bwrap command that runs argv as `user` with `base` at /srv.

    Inside, the caller is `user`: initdb refuses root and ids that are not in passwd.
    Outside, files and sockets belong to the caller. Processes keep their outside ids.
    """
    uid, gid = _ids(root, user)
    return [
        *("bwrap", "--ro-bind", str(root), "/", "--dev", "/dev", "--proc", "/proc"),
        *(word for folder in SCRATCH for word in ("--tmpfs", folder)),
        *("--bind", str(base), INSIDE, "--chdir", INSIDE),
        *("--unshare-user", "--uid", uid, "--gid", gid, "--", *argv),
    ]


def run(
    root: Path,
    base: Path,
    argv: Sequence[str],
    *,
    user: str,
    env: Mapping[str, str] | None = None,
    feed: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run argv to its end, `feed` on its standard input, and return what it said; the exit code is the caller's to judge."""
    return subprocess.run(
        command(root, base, argv, user=user),
        env={**ENV, **(env or {})},
        input=feed,
        capture_output=True,
        text=True,
    )


def require(root: Path, base: Path) -> None:
    """Raise Unavailable where bubblewrap cannot run a program of the root here."""
    tried = run(root, base, ["true"], user="nobody")
    if tried.returncode:
        said = tried.stderr.strip().partition(". ")[0]
        raise Unavailable(f"bubblewrap cannot run programs here ({said})", mend=_mend())


def _mend() -> str:
    for name, value in SYSCTLS.items():
        path = Path("/proc/sys", *name.split("."))
        if path.exists() and path.read_text().strip() == "0":
            return f"sudo sysctl -w {name}={value}"
    return "run linli outside this container or chroot, or set LINLI_SERVICES__DATABASE_URL and __BROKER_URL"


def _ids(root: Path, user: str) -> tuple[str, str]:
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == user:
            return uid, gid
    raise ValueError(f"no user {user} in {root}/etc/passwd")
