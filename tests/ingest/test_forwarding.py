"""A gateway's agent between two brokers: what it has taken is in the twin in the end, whatever is away meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy import daemons, mosquitto, rootfs, sandbox
from deploy.services import Services
from ingest.outbox import Outbox
from tests import sensors
from tests.faultproxy import FaultProxy
from tests.workplace import CHECKOUT, Workplace, senml, stored, wait_until
from twin.db import Engine

COUNT = 200


@pytest.fixture
def nearby(services: Services, tmp_path: Path) -> Iterator[int]:
    """A gateway's own broker, that lets in whoever reaches it; its port."""
    base, port = tmp_path / "nearby", daemons.free_port()
    (base / "store").mkdir(parents=True)
    said = f"listener {port} 127.0.0.1\nallow_anonymous true\npid_file {sandbox.INSIDE}/store/mosquitto.pid\n"
    (base / "mosquitto.conf").write_text(said + "log_dest stderr\n")
    root = rootfs.path(services.broker.settings.cache)
    server = mosquitto.Server(root, base, "small")
    argv = ["mosquitto", "-c", f"{sandbox.INSIDE}/mosquitto.conf"]
    watch = daemons.launch(sandbox.command(root, base, argv, user=mosquitto.USER), log=server.log, env=sandbox.ENV)
    assert daemons.wait_ready(watch, lambda: mosquitto.pid(server) is not None, timeout_s=10)
    yield port
    mosquitto.halt(server)


@dataclass(frozen=True, slots=True)
class Gateway:
    """An agent, from the broker nearby over an uplink to the twin's."""

    nearby: int
    uplink: FaultProxy
    target: str
    outbox: Path

    def start(self) -> subprocess.Popen[bytes]:
        """Start it."""
        words = ["forward", f"mqtt://127.0.0.1:{self.nearby}", self.target, "--topic", "senml/#"]
        return subprocess.Popen([sys.executable, "-m", "linli", *words, "--outbox", str(self.outbox)], cwd=CHECKOUT)

    @property
    def waiting(self) -> int:
        """How many messages are not confirmed."""
        box = Outbox(self.outbox)
        try:
            return len(box)
        finally:
            box.close()


@pytest.fixture
def gateway(services: Services, nearby: int, tmp_path: Path) -> Iterator[Gateway]:
    services.broker.grant("uplink", write=["senml/#"])
    username, password = services.broker.credentials("uplink")
    with FaultProxy(services.broker.port) as uplink:
        yield Gateway(nearby, uplink, f"mqtt://{username}:{password}@127.0.0.1:{uplink.port}", tmp_path / "outbox.db")


def say(port: int, messages: Sequence[bytes]) -> None:
    """Publish what a home's sensor says, and wait for the broker nearby."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for message in messages:
        client.publish("senml/home", message, qos=1).wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


def test_what_a_gateway_has_taken_reaches_the_twin_though_it_is_cut_off_and_killed(
    workplace: Workplace, engine: Engine, gateway: Gateway
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, 1)
    gateway.uplink.is_open = False
    running = gateway.start()
    wait_until(lambda: gateway.outbox.exists() and has_session(gateway), 20)
    start_s = time.time() - COUNT
    say(gateway.nearby, [senml(1, start_s + number, number) for number in range(COUNT)])
    wait_until(lambda: gateway.waiting > COUNT, 30)
    running.kill()
    running.wait()
    gateway.uplink.is_open = True
    running = gateway.start()
    try:
        with workplace.working(workplace.settings()):
            wait_until(lambda: len(stored(engine)) == COUNT and not gateway.waiting, 30)
    finally:
        running.terminate()
        assert running.wait(20) == 0
    assert [value for _, value in stored(engine)] == [float(number) for number in range(COUNT)]


def has_session(gateway: Gateway) -> bool:
    """Tell whether the agent hears what is said; what comes before it does is lost to it."""
    if not gateway.waiting:
        say(gateway.nearby, [b"[]"])
    return gateway.waiting > 0


def test_a_broker_that_is_no_url_is_one_clear_line() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "linli", "forward", "localhost", "mqtt://x", "--topic", "a"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert (said.returncode, said.stderr) == (
        2,
        "linli: a broker is mqtt://user:password@host:port, or mqtts:// with TLS\n",
    )
