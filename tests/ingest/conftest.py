"""Devices that publish, and workers that ingest, on the real broker and database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.services import Services
from tests.tls_broker import Authority, TlsBroker
from tests.workplace import Devices, Workplace
from twin import db
from twin.db import Engine


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    with db.opened(database) as made:
        yield made


@pytest.fixture
def workplace(services: Services, database: str) -> Workplace:
    return Workplace(services, database)


@pytest.fixture
def city(services: Services) -> Iterator[Devices]:
    with Devices(services) as made:
        yield made


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.found()
    return made


@pytest.fixture
def broker(authority: Authority, services: Services) -> Iterator[TlsBroker]:
    authority.issue("broker")
    made = TlsBroker(authority, services)
    yield made
    made.stop()
