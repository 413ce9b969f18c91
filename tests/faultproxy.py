"""A TCP link on loopback that can be made as bad as links get."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from contextlib import suppress
from typing import Self

READ_BYTES = 65_536
RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: close sends RST


class FaultProxy:
    """Pass bytes on to a port; change `delay_s`, `most_bytes` and `is_open` at any time, from any thread.

    `delay_s`: each piece waits so long, between the two [s]. `most_bytes`: pieces are no longer. Not `is_open`: a black
    hole, that takes bytes and connections and says nothing. `flips`: the share of pieces in which one bit is turned.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.flips = 0.0
        self._host = host
        self.delay_s = (0.0, 0.0)
        self.most_bytes = READ_BYTES
        self.is_open = True
        self.port = 0
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def reset(self) -> None:
        """Break every connection with an RST to both ends."""
        self._loop.call_soon_threadsafe(self._break)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._pass_on, self._host, 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._break()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    def _break(self) -> None:
        for writer in list(self._writers):
            with suppress(OSError):  # it has just gone by itself
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            beyond, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(beyond, writer))
        self._writers -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(READ_BYTES):
                for at in range(0, len(chunk), self.most_bytes):
                    await asyncio.sleep(random.uniform(*self.delay_s))
                    while not self.is_open:  # noqa: ASYNC110 - another thread sets it
                        await asyncio.sleep(0.02)
                    writer.write(self._flipped(chunk[at : at + self.most_bytes]))
                    await writer.drain()
        except OSError:
            pass  # the link is broken: that is what it is for
        writer.close()

    def _flipped(self, piece: bytes) -> bytes:
        if random.random() >= self.flips:
            return piece
        turned = bytearray(piece)
        turned[random.randrange(len(turned))] ^= 1 << random.randrange(8)
        return bytes(turned)
