"""Many at once are all answered, by the server as it runs."""

from __future__ import annotations

import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from api.server import listen, server
from api.settings import ServeSettings
from twin.roles import Role


def test_a_hundred_at_once_are_all_answered(monaco: str) -> None:
    settings = ServeSettings(port=0, open_as=Role.OPERATOR)
    listening = listen(settings)
    running = server(settings, monaco)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    while not running.started:
        time.sleep(0.05)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/place"

    def ask(_: int) -> int:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return int(answer.status)

    try:
        with ThreadPoolExecutor(100) as askers:
            codes = list(askers.map(ask, range(100)))
    finally:
        running.should_exit = True
        thread.join(timeout=20)
    assert codes == [200] * 100
