"""Five hundred screens at once, on the server as it runs: each has the board, each change, and goes on where it was cut."""

from __future__ import annotations

import asyncio
import resource
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from api.server import listen, server
from api.settings import ServeSettings
from twin import alarms, db, places
from twin.alarms import Wanted
from twin.roles import Role

SCREENS = 500
PATIENCE_S = 120


def change(url: str, number: int) -> None:
    """Let so many alarms stand."""
    wanted = [Wanted("value", f"datastream:{n}", "critical", {}) for n in range(number)]
    with db.opened(url) as engine, engine.begin() as connection:
        alarms.settle(connection, places.get(connection).id, ["value"], wanted, datetime.now(UTC))


@pytest.fixture
def port(monaco: str) -> Iterator[int]:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, files[1]), files[1]))
    settings = ServeSettings(port=0, open_as=Role.OPERATOR)
    listening = listen(settings)
    running = server(settings, monaco)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield listening.getsockname()[1]
    running.should_exit = True
    thread.join(timeout=20)
    resource.setrlimit(resource.RLIMIT_NOFILE, files)


class Screen:
    """A browser's side of the stream."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.last_id = ""

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        asked = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: {self.last_id}\r\n\r\n"
        self.writer.write(asked.encode())

    async def event(self) -> tuple[str, str]:
        """Wait for the next event: its name and data."""
        name = ""
        while True:
            line = (await self.reader.readline()).decode().strip()
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
            elif line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, line.removeprefix("data: ")

    async def has(self, name: str, text: str) -> None:
        """Wait for an event of this name with this text in it."""
        while True:
            found = await self.event()
            if found[0] == name and text in found[1]:
                return


async def begun(port: int) -> list[Screen]:
    screens = [Screen(port) for _ in range(SCREENS)]
    for screen in screens:
        await screen.open()
    await asyncio.gather(*(screen.has("watch", '"whole":true') for screen in screens))
    return screens


def test_500_screens_are_held_hear_of_a_change_and_go_on_after_a_cut(port: int, monaco: str) -> None:
    async def run() -> None:
        screens = await begun(port)
        await asyncio.to_thread(change, monaco, 1)
        await asyncio.gather(*(screen.has("alarms", '"critical":1') for screen in screens))
        assert len({screen.last_id for screen in screens}) == 1
        cut = screens[:50]
        for screen in cut:
            screen.writer.close()
            await screen.writer.wait_closed()
        await asyncio.to_thread(change, monaco, 2)
        for screen in cut:
            await screen.open()
        found = await asyncio.gather(*(screen.event() for screen in cut))
        assert all('"whole":false' in data for name, data in found if name != "tick")
        await asyncio.gather(
            *(
                screen.has("alarms", '"critical":2')
                for screen, (name, data) in zip(cut, found, strict=True)
                if '"critical":2' not in data
            )
        )
        for screen in screens:
            screen.writer.close()
        await asyncio.gather(*(screen.writer.wait_closed() for screen in screens), return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), PATIENCE_S))
