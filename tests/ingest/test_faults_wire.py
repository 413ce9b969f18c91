"""The wire itself is bad: bits turn, packets are lost, the net is cut, the line is slow. Nothing is lost or altered."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from ingest.settings import Tls
from tests import sensors
from tests.faultproxy import FaultProxy
from tests.load import THINGS, Load, assert_settled, settled
from tests.tls_broker import Authority, TlsBroker
from tests.workplace import Devices, Workplace, senml, wait_until
from twin.db import Engine

OURS, THEIRS = "10.213.77.1", "10.213.77.2"
COUNT = 1_500
FLIPS = 0.02
AWAY_S = 8.0
ALL = 100  # percent

pytestmark = pytest.mark.slow_fault


def publish(where: TlsBroker, tls: Tls, count: int) -> list[tuple[str, float]]:
    """Publish readings over TLS on a good line, and give them once the broker has all."""
    done = threading.Semaphore(0)
    client = Client(CallbackAPIVersion.VERSION2)
    client.tls_set(str(tls.ca_file), str(tls.cert_file), str(tls.key_file))
    client.on_publish = lambda *_: done.release()
    client.connect("localhost", where.port)
    client.loop_start()
    start_s = time.time() - count
    for number in range(count):
        client.publish("senml/lamp", senml(number % THINGS + 1, start_s + number, number), qos=1)
        time.sleep(0.003)
    assert all(done.acquire(timeout=20) for _ in range(count))
    client.disconnect()
    client.loop_stop()
    return sorted((f"device-{number % THINGS + 1}", float(number)) for number in range(count))


def test_bits_that_turn_on_the_way_alter_nothing_under_tls(
    workplace: Workplace,
    engine: Engine,
    authority: Authority,
    broker: TlsBroker,
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    settings = broker.settings(authority.issue("ingest"))
    with FaultProxy(broker.port) as link:
        over = settings.model_copy(update={"broker": settings.broker.model_copy(update={"port": link.port})})
        with workplace.working(over):
            link.flips = FLIPS
            sent = publish(broker, authority.issue("lamp"), COUNT)
            link.flips = 0.0
            assert_settled(engine, sent, 60)


@dataclass(frozen=True, slots=True)
class Net:
    """A network of its own, at the end of a pair of wires."""

    name: str
    wire: str

    def run(self, *words: str) -> None:
        """Run a command in it."""
        subprocess.run(["ip", "netns", "exec", self.name, *words], check=True, capture_output=True)

    def drop(self, percent: int) -> None:
        """Lose this share of its packets, both ways; 0: none."""
        rules = "flush ruleset;"
        if percent:
            rule = "drop" if percent == ALL else f"numgen random mod {ALL} < {percent} drop"
            for hook in ("input", "output"):
                rules += f"add table inet {hook}; add chain inet {hook} c {{ type filter hook {hook} priority 0; }};"
                rules += f"add rule inet {hook} c {rule};"
        self.run("nft", rules)

    def slow(self, rate: str) -> None:
        """Let no more than this rate through, both ways."""
        shaped = ["root", "tbf", "rate", rate, "burst", "4kb", "latency", "2s"]
        self.run("tc", "qdisc", "replace", "dev", "far", *shaped)
        subprocess.run(["tc", "qdisc", "replace", "dev", self.wire, *shaped], check=True, capture_output=True)


@pytest.fixture
def net() -> Iterator[Net]:
    missing = [tool for tool in ("ip", "tc", "nft") if shutil.which(tool) is None]
    if missing or os.geteuid():
        pytest.skip(f"a network of its own needs root and {', '.join(missing) or 'ip, tc, nft'}")
    made = Net(f"linli-{os.getpid()}", f"linli{os.getpid()}"[:15])
    for line in (
        f"ip netns add {made.name}",
        f"ip link add {made.wire} type veth peer name far netns {made.name}",
        f"ip address add {OURS}/30 dev {made.wire}",
        f"ip link set {made.wire} up",
        f"ip -n {made.name} address add {THEIRS}/30 dev far",
        f"ip -n {made.name} link set far up",
        f"ip -n {made.name} link set lo up",
    ):
        subprocess.run(line.split(), check=True, capture_output=True)
    yield made
    subprocess.run(["ip", "netns", "del", made.name], check=True)


def lose(percent: int) -> Callable[[Net], None]:
    def harm(net: Net) -> None:
        net.drop(percent)
        time.sleep(6)

    return harm


def part(net: Net) -> None:
    net.drop(ALL)
    time.sleep(AWAY_S)
    net.drop(0)


def slow(net: Net) -> None:
    net.slow("64kbit")
    time.sleep(6)


CASES: dict[str, tuple[Callable[[Net], None], int, float]] = {
    "5 % of packets are lost": (lose(5), 300, 30),
    "20 % of packets are lost": (lose(20), 100, 60),
    "the net is parted": (part, 300, 40),
    "64 kbit a second": (slow, 20, 60),
}


@pytest.mark.parametrize("case", CASES)
def test_a_worker_at_the_end_of_a_bad_network_loses_nothing(
    workplace: Workplace, engine: Engine, city: Devices, net: Net, case: str
) -> None:
    harm, rate, drains_s = CASES[case]
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    with FaultProxy(workplace.services.broker.port, OURS) as link:
        settings = workplace.settings()
        with workplace.working(settings):
            pass  # makes the session, so that the broker keeps what comes before the worker does
        far = settings.model_copy(
            update={"broker": settings.broker.model_copy(update={"host": OURS, "port": link.port, "keepalive_s": 5})}
        )
        worker = workplace.process(far, within=("ip", "netns", "exec", net.name))
        load = Load(city, rate)
        try:
            load.start()
            wait_until(lambda: settled(engine) > rate // 2, 60)
            harm(net)
        finally:
            sent = load.finish()
            try:
                assert_settled(engine, sent, drains_s)
            finally:
                worker.terminate()
                worker.wait(30)
