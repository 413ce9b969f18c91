"""docs/api.md: its commands run as they stand, in a shell, against the server as it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.server import listen, server
from api.settings import ServeSettings
from tests.api.people import enrol, token
from twin.roles import Role

DOCS = Path(__file__).parents[2] / "docs"


def blocks(name: str) -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def served(monaco: str) -> Iterator[dict[str, str]]:
    """The server, and what the page's commands want to know of it."""
    listening = listen(ServeSettings(port=0))
    running = server(ServeSettings(port=0), monaco)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    while not running.started:
        time.sleep(0.02)
    secret = token(monaco, enrol(monaco, Role.OPERATOR))["Authorization"].removeprefix("Bearer ")
    yield {"URL": f"http://127.0.0.1:{listening.getsockname()[1]}", "TOKEN": secret}
    running.should_exit = True
    thread.join(timeout=20)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_the_commands_do_what_the_page_says(served: dict[str, str], tmp_path: Path) -> None:
    script = "set -euo pipefail\n" + "\n".join(f"{block}echo done" for block in blocks("api.md"))
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | served,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.count("done\n")) == (0, len(blocks("api.md"))), done.stdout + done.stderr
    assert done.stdout.count('"enabled":true') == 2
    assert (tmp_path / "grids.gpkg").stat().st_size > 10_000


def test_both_languages_have_the_same_commands() -> None:
    assert blocks("api.md") == blocks("api.zh-CN.md") != []
