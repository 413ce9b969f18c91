"""Everything is killed at once, again and again: who keeps its messages until they are confirmed loses none."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy import postgres
from deploy import services as running
from deploy.settings import ServiceSettings
from ingest.confirmed import ConfirmedPublisher
from ingest.outbox import Outbox
from ingest.settings import Broker, IngestSettings
from tests.ingest.test_faults_services import (
    RATE,
    broker_pid,
    database_of,
    kill,
    own,  # noqa: F401 - a fixture
    processes_of,
)
from tests.load import Load, assert_settled, settled
from tests.workplace import Workplace, wait_until
from twin import db
from twin.db import Engine

AGAIN_S = 2.0

pytestmark = pytest.mark.slow_fault


class Plant:
    """Services, one ingest process, and a gateway that keeps what is not confirmed."""

    def __init__(self, services: ServiceSettings, outbox: Outbox) -> None:
        self.services = services
        found = running.find(services)
        self.workplace = Workplace(found, found.database_url)
        self.settings: IngestSettings = self.workplace.settings("ingest")
        self.worker = self.workplace.process(self.settings)
        found.broker.grant("gateway", write=["senml/#"])
        username, password = found.broker.credentials("gateway")
        where = Broker(host=found.broker.host, port=found.broker.port, username=username, client_id=username)
        self.gateway = ConfirmedPublisher(
            where.model_copy(update={"password": SecretStr(password)}), outbox, again_s=AGAIN_S
        )

    def cut_power(self) -> None:
        """Kill broker, database and worker all at once, and bring them back."""
        pids = [*processes_of(self.services, "broker"), *processes_of(self.services, "database"), self.worker.pid]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.worker.wait()
        wait_until(lambda: broker_pid(self.services) is None and postgres.pid(database_of(self.services)) is None)
        running.up(self.services)
        self.worker = self.workplace.process(self.settings)

    def stop(self) -> None:
        """End the worker in order."""
        self.worker.terminate()
        try:
            self.worker.wait(20)
        except subprocess.TimeoutExpired:
            self.worker.kill()
            self.worker.wait()


def loses_nothing(services: ServiceSettings, folder: Path, harm: Callable[[Plant, Engine], None]) -> None:
    """Publish through the gateway while something is harmed; all is stored once and the outbox is empty."""
    outbox = Outbox(folder / "outbox.db")
    plant = Plant(services, outbox)
    try:
        with db.opened(plant.workplace.database) as engine, plant.gateway as gateway:
            load = Load(gateway, RATE)
            load.start()
            try:
                wait_until(lambda: settled(engine) > 2 * RATE, 60)
                harm(plant, engine)
            finally:
                sent = load.finish()
            assert_settled(engine, sent)
            assert gateway.waiting == 0
    finally:
        plant.stop()
        outbox.close()


def test_a_power_cut_three_times_loses_nothing(own: ServiceSettings, tmp_path: Path) -> None:  # noqa: F811
    def harm(plant: Plant, _: Engine) -> None:
        for _cut in range(3):
            plant.cut_power()
            time.sleep(4)

    loses_nothing(own, tmp_path, harm)


def test_a_broker_killed_while_there_is_no_database_loses_nothing(
    own: ServiceSettings,  # noqa: F811
    tmp_path: Path,
) -> None:
    def harm(plant: Plant, _: Engine) -> None:
        postgres.halt(database_of(plant.services))
        time.sleep(3)
        kill(plant.services, "broker")
        running.up(plant.services)
        time.sleep(1)

    loses_nothing(own, tmp_path, harm)


def test_a_broker_killed_again_and_again_loses_nothing(own: ServiceSettings, tmp_path: Path) -> None:  # noqa: F811
    def harm(plant: Plant, _: Engine) -> None:
        for _cut in range(8):
            kill(plant.services, "broker")
            running.up(plant.services)
            time.sleep(2)

    loses_nothing(own, tmp_path, harm)
