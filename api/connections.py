"""Connections that ask nothing: each has HEADERS_S to send a request whole, and so many may wait at once.

The server counts requests, not connections: one that is open and says nothing takes no one's place. Where too many
wait, the one that has waited longest goes, so a newcomer is always heard.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEADERS_S", "MOST_WAITING", "Prompt"]

HEADERS_S = 10.0
MOST_WAITING = 256  # of the some 1,000 files that a process may have open; requests and streams take the others


class Prompt(H11Protocol):
    """uvicorn's protocol, with a limit to how long the headers of a request may take."""

    waiting: ClassVar[dict[Prompt, asyncio.TimerHandle]] = {}  # the longest waiting first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; the wait goes on until a request is whole, whatever drips in."""
        super().data_received(data)
        if self._is_asking():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_asking():
            self._wait()

    def _is_asking(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._stop_waiting()
        if len(self.waiting) >= MOST_WAITING:
            next(iter(self.waiting)).give_up()
        self.waiting[self] = self.loop.call_later(HEADERS_S, self.give_up)

    def _stop_waiting(self) -> None:
        timer = self.waiting.pop(self, None)
        if timer is not None:
            timer.cancel()

    def give_up(self) -> None:
        """Close without a word: nothing was asked."""
        self._stop_waiting()
        self.transport.abort()
