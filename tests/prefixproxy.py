"""A reverse proxy as a city runs one: it serves another server below a path, takes that path off, and lets streams through."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

OWN = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}  # of one hop each
CHUNK = 16_384


class Handler(BaseHTTPRequestHandler):
    """Pass one request on and its answer back, each piece as it comes."""

    port: int
    prefix: str
    seen: list[str]

    def pass_on(self) -> None:
        """Answer 404 to what is not below the prefix, else what the server behind says."""
        self.seen.append(self.path)
        if not self.path.startswith(f"{self.prefix}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        behind = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
        headers |= {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Prefix": self.prefix}
        behind.request(self.command, self.path.removeprefix(self.prefix), body or None, headers)
        answer = behind.getresponse()
        try:
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            while piece := answer.read1(CHUNK):
                self.wfile.write(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the browser has left
        finally:
            behind.close()

    do_GET = do_POST = do_HEAD = pass_on  # noqa: N815  # named by http.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named by http.server
        """Say nothing."""


@contextmanager
def below(port: int, prefix: str) -> Iterator[tuple[str, list[str]]]:
    """Serve the server of a port below a path; gives the address and, as they come, the paths asked for."""
    seen: list[str] = []
    handler = type("Handler", (Handler,), {"port": port, "prefix": prefix, "seen": seen})
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    proxy.daemon_threads = True
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{proxy.server_port}{prefix}/", seen
    proxy.shutdown()
    thread.join(timeout=10)
    proxy.server_close()


def port_of(url: str) -> int:
    """The port in an address."""
    port = urlsplit(url).port
    assert port
    return port
