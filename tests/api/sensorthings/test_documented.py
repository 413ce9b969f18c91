"""docs/sensorthings.md: its examples do what it says."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from twin.roles import Role

DOCS = Path(__file__).parents[3] / "docs"
ROOT = "http://127.0.0.1/sta/v1.1"

CURL = argparse.ArgumentParser()
CURL.add_argument("url")
CURL.add_argument("-G", action="store_true")
CURL.add_argument("-X")
CURL.add_argument("-H", default="")
CURL.add_argument("-d", action="append", default=[])
CURL.add_argument("--data-urlencode", action="append", default=[])


def blocks(language: str) -> list[str]:
    text = (DOCS / "sensorthings.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(part: int) -> list[str]:
    text = (DOCS / "sensorthings.md").read_text(encoding="utf-8").split("\n## Writing\n")[part]
    return re.findall(r"^curl .*$", text, re.MULTILINE)


def test_both_languages_have_the_same_examples() -> None:
    read = [(DOCS / name).read_text(encoding="utf-8") for name in ("sensorthings.md", "sensorthings.zh-CN.md")]
    english, chinese = (re.findall(r"^```\w+\n.*?^```", text, re.DOTALL | re.MULTILINE) for text in read)
    assert english == chinese != []


def run(client: TestClient, command: str) -> None:
    """Ask what a curl command would."""
    # a shell takes \$ in double quotes for $, which shlex does not
    words = [word.replace("$STA", ROOT).replace("\\$", "$") for word in shlex.split(command)]
    given = CURL.parse_args(words[1:])
    fields = dict(one.split("=", 1) for one in (*given.data_urlencode, *(given.d if given.G else ())))
    body = "".join(given.d).encode() if given.d and not given.G else None
    headers = dict([given.H.split(": ", 1)]) if given.H else {}
    method = given.X or ("GET" if body is None else "POST")
    answer = client.request(method, given.url, params=fields or None, content=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    if method == "GET" and "value" in answer.text[:9]:
        assert answer.json()["value"] or "result gt" in str(fields) or "geo.distance" in str(fields)


@pytest.mark.parametrize("command", commands(0))
def test_what_is_read(reading: TestClient, command: str) -> None:
    run(reading, command)


def test_what_is_written(writing: TestClient) -> None:
    for command in commands(1):
        run(writing, command)


@pytest.mark.filterwarnings("ignore:furl.pathstr is deprecated")
def test_the_client(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    example = blocks("python")[0]
    exec(example, {"STA": served})  # the document's own text
    assert "2 Roof" in capsys.readouterr().out


def test_the_root_names_the_broker_where_there_is_one(town: str) -> None:
    mqtt = "http://www.opengis.net/spec/iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates"
    settings = ServeSettings(open_as=Role.OPERATOR, mqtt=("mqtts://twin.example",))
    with TestClient(create(settings, town), base_url=ROOT) as client:
        said = client.get(ROOT).json()["serverSettings"]
    assert said[mqtt] == {"endpoints": ["mqtts://twin.example"]}
    assert mqtt in said["conformance"]


def test_the_setting() -> None:
    (setting,) = blocks("toml")
    assert ServeSettings(**tomllib.loads(setting)["serve"]).sensorthings_writing
    assert not ServeSettings().sensorthings_writing
