"""Many at once are all answered, by the server as it runs."""

from __future__ import annotations

import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from api.app import create
from api.server import listen
from api.settings import ServeSettings


def test_a_hundred_at_once_are_all_answered(monaco: str) -> None:
    settings = ServeSettings(port=0)
    listening = listen(settings)
    server = uvicorn.Server(uvicorn.Config(create(settings, monaco), log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.05)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/place"

    def ask(_: int) -> int:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return int(answer.status)

    try:
        with ThreadPoolExecutor(100) as askers:
            codes = list(askers.map(ask, range(100)))
    finally:
        server.should_exit = True
        thread.join(timeout=20)
    assert codes == [200] * 100
