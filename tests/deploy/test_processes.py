"""The supervisor keeps its children running, and leaves none behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.processes import Program

CHECKOUT = Path(__file__).resolve().parents[2]
Until = Callable[..., None]
SUPERVISOR = """
import sys
from pathlib import Path
from deploy import processes
processes.BACKOFF_S = (0.05,)
processes.TERM_S = 0.5
names = sys.argv[2:]
programs = [processes.Program(name, (sys.executable, "-c", Path(name).read_text(), name)) for name in names]
processes.supervise(programs, logs=Path(sys.argv[1]), on_start=lambda: print("started", flush=True))
"""
STEADY = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(60)"
CRASHES = "import os, sys; print(os.getpid(), flush=True); sys.exit(3)"
DEAF = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
below = subprocess.Popen([sys.executable, "-c", "import signal, time; time.sleep(60)"])
print(os.getpid(), below.pid, flush=True)
time.sleep(60)
"""


class Running:
    """A supervisor in a process of its own, with programs by name."""

    def __init__(self, folder: Path, **programs: str) -> None:
        self.folder = folder
        for name, code in programs.items():
            (folder / name).write_text(code)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, "logs", *programs],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def pids(self, name: str) -> list[int]:
        """The process ids that a program has printed so far."""
        log = self.folder / "logs" / f"{name}.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [int(word) for line in lines for word in line.partition(" | ")[2].split()]

    def end(self, how: signal.Signals) -> str:
        """Send a signal, and return what the supervisor said."""
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=20)
        return said


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a supervisor with programs; it is ended afterwards."""
    made: list[Running] = []

    def begin(**programs: str) -> Running:
        made.append(Running(tmp_path, **programs))
        return made[-1]

    yield begin
    for one in made:
        if one.process.poll() is None:
            one.end(signal.SIGTERM)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_every_child_and_is_no_error(
    start: Callable[..., Running], until: Until, how: signal.Signals
) -> None:
    running = start(one=STEADY, two=STEADY)
    until(lambda: running.pids("one") and running.pids("two"))
    assert "stopping one, two" in running.end(how)
    assert running.process.returncode == 0
    assert not any(is_running(pid) for pid in running.pids("one") + running.pids("two"))


def test_a_crashed_child_is_started_again(start: Callable[..., Running], until: Until) -> None:
    running = start(bad=CRASHES, good=STEADY)
    until(lambda: len(running.pids("bad")) >= 3)
    assert "bad ended with code 3; starting it again in 0.05 s (logs/bad.log)" in running.end(signal.SIGTERM)
    assert len(running.pids("good")) == 1


@pytest.mark.fault
def test_a_child_that_does_not_listen_is_killed_with_all_it_started(
    start: Callable[..., Running], until: Until
) -> None:
    running = start(deaf=DEAF)
    until(lambda: len(running.pids("deaf")) == 2)
    assert "deaf did not stop in 0.5 s: killed" in running.end(signal.SIGINT)
    until(lambda: not any(is_running(pid) for pid in running.pids("deaf")))


@pytest.mark.fault
def test_the_children_of_a_killed_supervisor_end_too(start: Callable[..., Running], until: Until) -> None:
    running = start(one=STEADY)
    until(lambda: running.pids("one"))
    running.end(signal.SIGKILL)
    until(lambda: not is_running(running.pids("one")[0]))


def test_linli_runs_its_own_commands_in_the_same_python() -> None:
    from deploy.processes import linli

    assert linli("watch") == Program("watch", (sys.executable, "-m", "linli", "watch"))
    assert linli("retain", "--daily").argv == (sys.executable, "-m", "linli", "retain", "--daily")


def test_a_program_is_started_when_the_one_before_it_is_ready(tmp_path: Path) -> None:
    slow = "import time; time.sleep(0.5); print('ready to serve', flush=True); time.sleep(60)"
    code = f"""
import sys
from pathlib import Path
from deploy.processes import Program, supervise
programs = [Program("slow", (sys.executable, "-c", {slow!r}), ready="ready to"), Program("next", ("sleep", "60"))]
supervise(programs, logs=Path("logs"), on_start=lambda: print("started", flush=True))
"""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        said = [supervisor.stdout.readline().strip() for _ in range(2)]
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(timeout=20)
    assert said == ["ready to serve", "started"]
