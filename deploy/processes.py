"""Keep named child processes running, and stop them all in order."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

BACKOFF_S = (0.5, 1, 2, 5)  # waits before the 1st, 2nd, ... start after a crash
STEADY_S = 60  # a child that ran so long has recovered: its next wait is the first again
READY_S = 30  # for a program to say that it is ready before the next is started all the same
TERM_S = 10  # for a child to end by itself before it is killed
POLL_S = 0.1
MEND_S = 2  # between looks at what the programs stand on
LOG_BYTES = 10_000_000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running, under the name its log has.

    The next one is started when this one has printed a line with `ready` in it; what follows from there is shown.
    """

    name: str
    argv: tuple[str, ...]
    ready: str | None = None


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[str]
    reader: threading.Thread
    is_ready: threading.Event
    started: float = field(default_factory=time.monotonic)
    crashes: int = 0
    due: float | None = None  # when to start it again, None while it runs


def linli(command: str, *options: str, ready: str | None = None) -> Program:
    """Return the program that runs one of linli's own commands, in this Python."""
    return Program(command, (sys.executable, "-m", "linli", command, *options), ready)


def supervise(
    programs: Sequence[Program],
    *,
    logs: Path,
    say: Say = print,
    on_start: Callable[[], None] = lambda: None,
    mend: Callable[[], None] = lambda: None,
) -> None:
    """Run the programs until SIGINT, SIGTERM or SIGHUP; then stop them, the last one first.

    Each is a child in a session of its own, so that Ctrl-C reaches this process alone. A
    child that ends is started again after a growing wait. Where this process is killed,
    the kernel ends the children (see `child`). Output goes to logs/NAME.log. `mend` is
    called every MEND_S, to look after what the programs stand on.
    """
    logs.mkdir(parents=True, exist_ok=True)
    children: list[_Child] = []
    with _stop_signal() as stopped:
        try:
            for program in programs:
                children.append(_start(program, logs, say=say))
                _await_ready(children[-1], stopped)
            on_start()
            mended = time.monotonic()
            while not stopped.wait(POLL_S):
                for child in children:
                    _look_after(child, logs, say=say)
                if time.monotonic() - mended > MEND_S:
                    mend()
                    mended = time.monotonic()
        finally:
            say(f"stopping {', '.join(program.name for program in programs)}")
            _stop_all(children[::-1], say=say)


def _await_ready(child: _Child, stopped: threading.Event) -> None:
    """Wait until a child is ready, has ended, took too long, or all are to stop."""
    deadline = time.monotonic() + READY_S
    while not child.is_ready.wait(POLL_S) and not stopped.is_set():
        if child.process.poll() is not None or time.monotonic() > deadline:
            return


def _start(program: Program, logs: Path, *, say: Say) -> _Child:
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.child", str(os.getpid()), *program.argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    log = logs / f"{program.name}.log"
    ready = threading.Event()
    if program.ready is None:
        ready.set()

    def look(line: str) -> None:
        if not ready.is_set() and program.ready is not None and program.ready in line:
            say(line[line.index(program.ready) :].rstrip())
            ready.set()

    reader = threading.Thread(target=_keep, args=(process.stdout, log, program.name, look), daemon=True)
    reader.start()
    return _Child(program, process, reader, ready)


def _keep(output: IO[str], log: Path, name: str, look: Say) -> None:
    """Copy a child's output, line by line, into its log with the time and its name."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    with output, log.open("a") as file:
        for line in output:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {name} | {line}")
            file.flush()
            look(line)


def _look_after(child: _Child, logs: Path, *, say: Say) -> None:
    """Note a child that ended, and start it again when its wait is over."""
    now = time.monotonic()
    if child.due is None:
        code = child.process.poll()
        if code is None:
            return
        _end_group(child)
        child.crashes = 0 if now - child.started > STEADY_S else child.crashes
        wait_s = BACKOFF_S[min(child.crashes, len(BACKOFF_S) - 1)]
        child.crashes += 1
        child.due = now + wait_s
        log = logs / f"{child.program.name}.log"
        say(f"{child.program.name} ended with code {code}; starting it again in {wait_s} s ({log})")
    elif now >= child.due:
        again = _start(child.program, logs, say=say)
        child.process, child.reader = again.process, again.reader
        child.started, child.due = again.started, None


def _stop_all(children: Sequence[_Child], *, say: Say) -> None:
    """Stop each child before the next: TERM, then KILL to it and all it started."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
        try:
            child.process.wait(timeout=TERM_S)
        except subprocess.TimeoutExpired:
            say(f"{child.program.name} did not stop in {TERM_S} s: killed")
        _end_group(child)


def _end_group(child: _Child) -> None:
    """Kill what is left of a child's session, and read the rest of its output."""
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
    child.reader.join(timeout=1)


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """Turn the signals that ask us to stop into an event, while the block runs."""
    stopped = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
