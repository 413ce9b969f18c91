"""docs/features.md: its examples do what it says, in both languages."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ["features.md", "features.zh-CN.md"]


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_both_pages_have_the_same_examples() -> None:
    assert [blocks(PAGES[0], one) for one in ("sh", "python")] == [blocks(PAGES[1], one) for one in ("sh", "python")]


CURL = argparse.ArgumentParser()
CURL.add_argument("url")
CURL.add_argument("-G", action="store_true")
CURL.add_argument("-d", action="append", default=[])
CURL.add_argument("--data-urlencode", action="append", default=[])
CURL.add_argument("-o")


@pytest.mark.parametrize("command", [line for block in blocks(PAGES[0], "sh") for line in block.splitlines()])
def test_each_command_is_answered(served: str, command: str) -> None:
    given = CURL.parse_args(shlex.split(command.replace("$OGC", served))[1:])
    fields = dict(one.split("=", 1) for one in (*given.data_urlencode, *given.d))
    answer = httpx.get(given.url, params=fields or None, timeout=30)
    assert answer.status_code == 200, answer.text
    if given.o or answer.headers["content-type"].endswith("parquet"):
        assert len(answer.content) > 1_000
    elif "/items" in given.url and "datetime" not in given.url:  # of a time before the test
        assert answer.json()["features"]


def test_the_example_in_python_reads_the_high_buildings(served: str) -> None:
    (example,) = blocks(PAGES[0], "python")
    script = f"OGC = {served!r}\n{example}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    count = re.fullmatch(r"(\d+) high buildings\n", done.stdout)
    assert count is not None
    assert int(count[1]) > 10


@pytest.mark.parametrize("page", PAGES)
def test_every_collection_is_named(page: str) -> None:
    from twin.queries.collections import COLLECTIONS

    text = (DOCS / page).read_text(encoding="utf-8")
    assert [name for name in COLLECTIONS if f"| `{name}` |" not in text] == []
