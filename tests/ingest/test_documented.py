"""Every setting of ingest is in its page, and every command on devices in that of devices, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from ingest.device_commands import devices
from ingest.settings import Broker, IngestSettings, Subscription, Tls
from twin.settings import StorageSettings

DOCS = Path(__file__).resolve().parents[2] / "docs"
LANGUAGES = ("md", "zh-CN.md")


def words(file: str) -> set[str]:
    text = (DOCS / file).read_text(encoding="utf-8").replace("、", " ").replace(",", " ")
    return {word.strip("`,{} ") for word in text.split()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_is_documented(language: str) -> None:
    models: tuple[type[BaseModel], ...] = (IngestSettings, Broker, Subscription, Tls)
    names = {name for model in models for name in model.model_fields} - {"broker"}
    assert names - words(f"ingest.{language}") == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_of_storage_is_documented(language: str) -> None:
    assert set(StorageSettings.model_fields) - words(f"storage.{language}") == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_on_devices_is_documented(language: str) -> None:
    text = (DOCS / f"devices.{language}").read_text(encoding="utf-8")
    assert [
        command.name for command in devices.registered_commands if f"linli devices {command.name}" not in text
    ] == []
