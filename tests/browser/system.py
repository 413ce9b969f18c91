"""The running system of the browser tests."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from playwright.sync_api import Page

from ingest import replay
from ingest.publisher import Publisher
from twin.enrolment import Device

CHECKOUT = Path(__file__).resolve().parents[2]
SHOTS = CHECKOUT / "results" / "shots"
START_S = 60.0
Found = TypeVar("Found")
Open = Callable[..., Page]


@dataclass
class System:
    """The running processes, and a hand on the sensors."""

    url: str
    database: str
    environment: dict[str, str]
    publisher: Publisher
    devices: list[Device]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def report(self, key: str, name: str, value: float) -> None:
        """Publish one value of one device over MQTT."""
        replay.publish(self.publisher, self.devices, key, name, value)

    def run(self, command: str, log: Path, **settings: str) -> subprocess.Popen[bytes]:
        """Start one program of linli as a process of its own."""
        with log.open("ab") as output:
            argv = [sys.executable, str(CHECKOUT / "linli.py"), command]
            process = subprocess.Popen(
                argv, cwd=CHECKOUT, env=self.environment | settings, stdout=output, stderr=output
            )
        self.processes.append(process)
        return process


def calm(running: System) -> None:
    """Let everything that closes something say that it is open, and wait until the twin knows."""
    for device in running.devices:
        for stream in device.streams:
            if stream.property in ("in_service", "open"):
                running.report(device.key, stream.property, 1)
            elif stream.property == "depth":
                running.report(device.key, "depth", 0)
    waited(lambda: unknown(running.database) == 0)


def unknown(url: str) -> int:
    """How many effects nobody has said anything about."""
    with psycopg.connect(url) as connection:
        return int(connection.execute("SELECT count(*) FROM effect_state WHERE state <> 'open'").fetchone()[0])  # type: ignore[index]


def written(path: Path, pid: int) -> str:
    """The file's text when that process has written it."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return text if f'"pid": {pid}' in text else ""


def waited(ask: Callable[[], Found]) -> Found:
    """Ask until the answer is true."""
    end = time.monotonic() + START_S
    while not (answer := ask()):
        if time.monotonic() > end:
            pytest.fail(f"not within {START_S} s")
        time.sleep(0.1)
    return answer
