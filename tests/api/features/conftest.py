"""The demo place served on a free port, once for all tests of the interface: they only read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from api.app import create
from api.server import listen
from api.settings import ServeSettings
from twin.roles import Role

Get = Callable[..., Any]
HYPHENED = {"bbox_crs": "bbox-crs", "filter_lang": "filter-lang", "filter_crs": "filter-crs"}


@pytest.fixture(scope="module")
def served(monaco_of_file: str) -> Iterator[str]:
    """The address of /ogc, served by uvicorn."""
    settings = ServeSettings(port=0, open_as=Role.OPERATOR)
    listening = listen(settings)
    config = uvicorn.Config(create(settings, monaco_of_file), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/ogc"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(served: str) -> Iterator[httpx.Client]:
    """A plain HTTP client of /ogc."""
    with httpx.Client(base_url=served, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def get(client: httpx.Client) -> Get:
    """Ask below /ogc and give the JSON; any other status than 200 fails."""

    def ask(path: str, **query: object) -> Any:
        answer = client.get(path, params={HYPHENED.get(name, name): str(value) for name, value in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask
