"""Every setting of ingest is in its page."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from ingest.settings import Broker, IngestSettings, Subscription, Tls

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ingest.md"


def test_every_setting_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    models: tuple[type[BaseModel], ...] = (IngestSettings, Broker, Subscription, Tls)
    names = {name for model in models for name in model.model_fields} - {"broker"}
    said = {word.strip("`,{} ") for word in text.replace(",", " ").split()}
    assert names - said == set()
