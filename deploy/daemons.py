"""Start a process that outlives us, say whether it is alive, and stop it."""

import fcntl
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.errors import Unavailable

POLL_S = 0.02
LOG_BYTES = 10_000_000  # a log past this is put aside once, as NAME.1, at the next start


def launch(argv: Sequence[str], *, log: Path, env: Mapping[str, str]) -> int:
    """Start argv in a session of its own, as nobody's child; return a pipe to watch.

    The pipe reads end-of-file once the process and all it started are gone. The caller
    closes it. Output is appended to `log`.
    """
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    watch, held = os.pipe()
    try:
        with log.open("ab") as out:
            subprocess.run(
                ["setsid", "--fork", *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=dict(env),
                cwd="/",
                pass_fds=(held,),
                check=True,
            )
    finally:
        os.close(held)
    return watch


def wait_ready(watch: int, ready: Callable[[], bool], *, timeout_s: float) -> bool:
    """Poll `ready`; False where the process ended or the time ran out first."""
    end = time.monotonic() + timeout_s
    ended = select.poll()  # select knows no file past the 1,024th
    ended.register(watch, select.POLLIN)
    try:
        while time.monotonic() < end:
            if ready():
                return True
            if ended.poll(POLL_S * 1_000):
                return False
        return False
    finally:
        os.close(watch)


def is_alive(pid: int, *, inside: Path) -> bool:
    """Tell whether pid runs with `inside` as its working folder; a zombie does not.

    The folder tells our process from a stranger that got the same number later: it is
    compared by inode, since the process sees it under another path.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        here, there = Path(f"/proc/{pid}/cwd").stat(), inside.stat()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    running = stat.rpartition(")")[2].split()[0] != "Z"
    return running and (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def stop(pid: int, how: signal.Signals, *, inside: Path, timeout_s: float) -> bool:
    """Send a signal and wait for the end; False where it still runs after timeout_s."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return True
    end = time.monotonic() + timeout_s
    while is_alive(pid, inside=inside):
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


def same_port(preferred: int | None, *, wait_s: float) -> int:
    """Return the preferred port, waiting for it where a passing connection holds it; another one after `wait_s`.

    Who knows a service by its port finds it again after a crash.
    """
    end = time.monotonic() + wait_s
    while (port := free_port(preferred)) != preferred and preferred and time.monotonic() < end:
        time.sleep(POLL_S)
    return port


def free_port(preferred: int | None = None) -> int:
    """Return a free loopback TCP port, the preferred one where it is free."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable("no free port on 127.0.0.1")


def tail(log: Path, *, lines: int = 3) -> str:
    """Return the last lines of a log in one line; empty where there is none."""
    if not log.exists():
        return ""
    return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; another process waits for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def alone(path: Path, *, what: str) -> Iterator[None]:
    """Hold an exclusive lock on a file; raises Unavailable with `what` where another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(what) from error
        yield
