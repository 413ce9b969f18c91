"""docs/devices.md, in both languages, speaks of each format, and its examples do what it says."""

import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest

from ingest.decoders import names
from ingest.decoders.mapped import decoder
from ingest.mapping import Mapping
from ingest.quarantine import Unreadable
from ingest.settings import IngestSettings
from twin.terms import Reading

DOCS = Path(__file__).parents[3] / "docs"
GOLDEN = Path(__file__).parents[2] / "golden"
AT = 1_795_507_200_000_000  # 2026-11-24T08:00:00Z

languages = pytest.mark.parametrize("file", ["devices.md", "devices.zh-CN.md"])


def _text(file: str) -> str:
    return (DOCS / file).read_text(encoding="utf-8")


def _blocks(file: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", _text(file), re.DOTALL | re.MULTILINE)


@languages
def test_each_format_has_its_section_and_its_row(file: str) -> None:
    assert re.findall(r"^### (\w+)", _text(file), re.MULTILINE) == names()
    assert re.findall(r"^\| `(\w+)` \|", _text(file), re.MULTILINE) == names()


@languages
def test_the_subscriptions_are_settings(file: str) -> None:
    written = tomllib.loads(_blocks(file, "toml")[0])["ingest"]
    settings = IngestSettings.model_validate(written)
    assert [one.decoder for one in settings.subscriptions] == ["tasmota", "mapped"]
    assert settings.subscriptions[0].rename == {"DS18B20.Temperature": "temperature"}


@languages
def test_the_worked_mapping_gives_the_readings_shown(file: str) -> None:
    decode = decoder(Mapping.model_validate(tomllib.loads(_blocks(file, "toml")[1])))
    payload = _blocks(file, "json")[0].encode()
    assert json.loads(payload)
    assert decode("city/old-town/7/state", payload, 0) == [
        Reading("drain", "depth", AT, 12.5, "cm"),
        Reading("drain", "in_service", AT, 1.0, "1"),
    ]


@languages
def test_the_new_format_reads_and_refuses(file: str, tmp_path: Path) -> None:
    script = tmp_path / "morse.py"
    script.write_text(_blocks(file, "python")[0], encoding="utf-8")
    decode = runpy.run_path(str(script))["decode"]
    assert decode("morse/drain", b"12.5 1795507200", 0) == [Reading("drain", "depth", AT, 12.5, "cm")]
    with pytest.raises(Unreadable, match="not `depth_cm epoch_s`"):
        decode("morse/drain", b"12.5", 0)


def test_each_format_has_golden_messages() -> None:
    assert {file.parent.name for file in GOLDEN.glob("*/messages.toml")} >= set(names()) - {"mapped"}
