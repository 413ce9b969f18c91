"""The live stream: one reader of the database for all screens, server-sent events to each.

Each screen holds only the keys of the rows it has not had yet, and is sent their newest content when it can take it:
a slow one skips states and never makes another wait; one that takes nothing for SLOW_S is dropped. A connection begins
with the whole board, or, where Last-Event-ID says what it has had, with the rows that have changed since.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api import board
from api.access import READER
from twin import changes, places, roles
from twin.db import Engine, Lost
from twin.errors import NotFound

log = logging.getLogger(__name__)

GATHER_S = 0.02  # one commit announces several kinds: read once for all of them
REST_S = 0.15  # between readings, so that a flood of readings is some six a second and not hundreds
LISTEN_S = 0.3  # how long a stop may take
PULSE_S = 3.0  # the watch falls silent without saying so too, and that is to be seen within seconds
AGE_S = 10.0  # devices fall silent without saying so, and screens want a sign of life
SLOW_S = 15.0
MOST_GONE = 10_000  # rows that are gone and still known to be; who has missed more begins anew
RETRY_MS = 1000
LONGEST_NUMBER = 16


class Screen:
    """One connection: the keys it has yet to be sent, by section."""

    def __init__(self) -> None:
        self.whole = set(board.SECTIONS)
        self.pending: dict[str, set[str]] = {}
        self.wake = asyncio.Event()
        self.wake.set()

    @classmethod
    def resumed(cls, missed: dict[str, set[str]]) -> Screen:
        """Make a screen that has had all but these rows."""
        screen = cls()
        screen.whole.clear()
        screen.pending = missed
        return screen

    def tell(self, section: str, keys: set[str]) -> None:
        """Note rows that changed; called in the event loop."""
        if section not in self.whole:
            self.pending.setdefault(section, set()).update(keys)
        self.wake.set()


class Hub:
    """The board in memory, kept fresh by two threads: one hears changes, one reads what they made old."""

    def __init__(self, url: str, engine: Engine, place_code: str | None) -> None:
        self.url, self.engine, self.place_code = url, engine, place_code
        self.rows: dict[str, dict[str, str]] = {}  # section: row key: JSON
        self.screens: set[Screen] = set()
        self.life = secrets.token_hex(4)  # another process numbers its changes anew
        self.changes = self.forgotten = 0  # how many there were, and up to which not all is known
        self.changed: dict[tuple[str, str], int] = {}  # section and row key: its last change, the oldest first
        self.stale: set[str] = set()
        self.read_at = dict.fromkeys(board.SECTIONS, 0.0)  # by the monotonic clock
        self.lock = threading.Lock()
        self.heard = threading.Event()
        self.stopped = threading.Event()
        self.ready = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self._listen, self._refresh)]

    def start(self) -> None:
        """Begin to listen and read."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End both threads; waits as long as a listening connection may take to notice."""
        self.stopped.set()
        self.heard.set()
        for thread in self.threads:
            thread.join(timeout=LISTEN_S + 1)

    def is_alive(self) -> bool:
        """Tell whether both threads run: one that ended by an error in them leaves the board as it was."""
        return all(thread.is_alive() for thread in self.threads)

    def message(self, screen: Screen) -> bytes:
        """Write what a screen has not had, and take it off its list."""
        at_ms = int(time.time() * 1000)
        events = []
        for section in [name for name in board.SECTIONS if name in screen.whole or name in screen.pending]:
            held = self.rows.get(section, {})
            whole = section in screen.whole
            keys = held.keys() if whole else screen.pending[section]
            rows = ",".join(f"{json.dumps(key)}:{held.get(key, 'null')}" for key in keys)
            data = f'{{"at_ms":{at_ms},"whole":{json.dumps(whole)},"rows":{{{rows}}}}}'
            events.append(f"event: {section}\ndata: {data}\n\n")
        screen.whole.clear()
        screen.pending.clear()
        if not events:
            events.append(f'event: tick\ndata: {{"at_ms":{at_ms}}}\n\n')
        # with the last one alone: who has had it has had them all
        events[-1] = f"id: {self.life}-{self.changes}\n{events[-1]}"
        return "".join(events).encode()

    def screen(self, had: str) -> Screen:
        """Make the screen of a connection by the id of the last event it has had; empty: none."""
        life, _, number = had.partition("-")
        if life != self.life or not (number.isascii() and number.isdecimal() and len(number) < LONGEST_NUMBER):
            return Screen()
        if not self.forgotten <= int(number) <= self.changes:
            return Screen()
        missed: dict[str, set[str]] = {}
        for (section, key), change in reversed(self.changed.items()):
            if change <= int(number):
                break
            missed.setdefault(section, set()).add(key)
        return Screen.resumed(missed)

    def _listen(self) -> None:
        for change in changes.listen(self.url, LISTEN_S):
            if self.stopped.is_set():
                return
            if change is not None:
                self._spoil(board.stale(change.kind))

    def _spoil(self, sections: tuple[str, ...]) -> None:
        with self.lock:
            self.stale.update(sections)
        self.heard.set()

    def _refresh(self) -> None:
        with roles.asking(READER):
            self._refresh_until_stopped()

    def _refresh_until_stopped(self) -> None:
        while True:
            self.heard.wait(PULSE_S)
            self.heard.clear()
            if self.stopped.wait(GATHER_S):
                return
            sections = self._due()
            try:
                self._read(sections)
            except (Lost, NotFound) as error:
                log.warning("the board cannot be read: %s", str(error).splitlines()[0])
                self._spoil(tuple(sections))
                self.stopped.wait(1.0)
            if self.stopped.wait(REST_S):
                return

    def _due(self) -> set[str]:
        """Take what was announced, and what has not been read for so long that it may have aged."""
        now = time.monotonic()
        with self.lock:
            sections, self.stale = self.stale, set()
        sections |= {name for name, at in self.read_at.items() if now - at >= (PULSE_S if name == "watch" else AGE_S)}
        self.read_at.update(dict.fromkeys(sections, now))
        return sections

    def _read(self, sections: set[str]) -> None:
        with self.engine.connect() as connection:
            place = places.get(connection, self.place_code)
            for section in [name for name in board.SECTIONS if name in sections]:
                rows = {key: _json(row) for key, row in board.SECTIONS[section](connection, place).items()}
                self._call(self._publish, section, rows)
        self._call(self.ready.set)

    def _call(self, run: Callable[..., None], *values: Any) -> None:
        if not self.stopped.is_set():
            self.loop.call_soon_threadsafe(run, *values)

    def _publish(self, section: str, rows: dict[str, str]) -> None:
        held = self.rows.get(section, {})
        changed = {key for key in held.keys() | rows.keys() if held.get(key) != rows.get(key)}
        self.rows[section] = rows
        if changed:
            self._number(section, changed)
            for screen in self.screens:
                screen.tell(section, changed)

    def _number(self, section: str, keys: set[str]) -> None:
        """Note that these rows have changed; of those that are gone the oldest are forgotten where they are too many."""
        self.changes += 1
        for key in keys:
            self.changed.pop((section, key), None)
            self.changed[section, key] = self.changes
        gone = len(self.changed) - sum(map(len, self.rows.values())) - MOST_GONE
        for name, key in list(self.changed) if gone > 0 else ():
            if key not in self.rows.get(name, {}):
                self.forgotten = self.changed.pop((name, key))
                gone -= 1
                if gone <= 0:
                    break


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Stream:
    """The answer to GET /live, as an ASGI application: it alone decides when a screen is too slow."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the board, then each change, until the screen leaves or takes nothing any more."""
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"retry: %d\n\n" % RETRY_MS, "more_body": True})
        had = Headers(scope=scope).get("last-event-id", "")
        left = asyncio.ensure_future(_leaves(receive))
        screen = Screen()
        try:
            await self.hub.ready.wait()
            screen = self.hub.screen(had)
            self.hub.screens.add(screen)
            while not left.done():
                await self._next(screen, left)
                async with asyncio.timeout(SLOW_S):
                    await send({"type": "http.response.body", "body": self.hub.message(screen), "more_body": True})
        except TimeoutError:
            log.warning(
                "a screen took nothing for %.0f s and was dropped", SLOW_S
            )  # it comes back and is told the rest
        finally:
            self.hub.screens.discard(screen)
            left.cancel()

    async def _next(self, screen: Screen, left: asyncio.Future[Any]) -> None:
        """Wait for something to send, for the screen to leave, or for the time of a sign of life."""
        waiting: asyncio.Future[Any] = asyncio.ensure_future(screen.wake.wait())
        await asyncio.wait((waiting, left), timeout=AGE_S, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        screen.wake.clear()


async def _leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
