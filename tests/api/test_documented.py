"""Every route and setting is in the users' page, in both languages."""

from pathlib import Path

import pytest

from api.app import create
from api.settings import ServeSettings

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["page.md", "page.zh-CN.md"])
def test_every_route_and_setting_is_documented(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    app = create(ServeSettings(), "postgresql://nowhere/none")
    paths = {path.replace(":path", "") for route in app.routes if (path := getattr(route, "path", ""))}
    settings = set(ServeSettings.model_fields)

    assert {path for path in paths if path not in text} == set()
    assert {setting for setting in settings if f"`{setting}`" not in text} == set()
