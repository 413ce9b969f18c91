"""The map's spec: small, without data, and naming only what the page can draw."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from viz import assets, layers
from viz.palette import THEMES
from viz.scene import scene

MONACO = (7.40, 43.72, 7.44, 43.76)
LIMIT_BYTES = 6_000
MODULES = assets.STATIC / "js"


def walked(value: Any) -> list[dict[str, Any]]:
    """Every object in a spec."""
    if isinstance(value, dict):
        return [value, *(found for child in value.values() for found in walked(child))]
    return [found for child in value for found in walked(child)] if isinstance(value, list) else []


def catalogue() -> set[str]:
    """The functions that styles.js offers."""
    text = (MODULES / "styles.js").read_text(encoding="utf-8")
    body = text[text.index("export const functions") :]
    return set(re.findall(r"^ {2}(\w+): \(\{", body, re.MULTILINE))


@pytest.mark.parametrize("theme", THEMES)
def test_the_spec_is_under_6_kb(theme: str) -> None:
    spec = json.dumps(scene(theme, bounds=MONACO), separators=(",", ":"))

    assert len(spec.encode()) < LIMIT_BYTES


@pytest.mark.parametrize("theme", THEMES)
def test_the_spec_holds_no_data_and_no_expression(theme: str) -> None:
    spec = scene(theme, bounds=MONACO)

    assert [layer for layer in spec["layers"] if "data" in layer] == []
    assert "@@=" not in json.dumps(spec)


def test_every_function_of_the_spec_is_in_the_catalogue_and_the_other_way_round() -> None:
    named = {found["@@function"] for found in walked(scene("dark", bounds=MONACO)) if "@@function" in found}

    assert named == catalogue()


def test_every_class_of_the_spec_is_one_the_page_allows() -> None:
    text = (MODULES / "map.js").read_text(encoding="utf-8")
    allowed = set(json.loads(re.search(r"const CLASSES = (\[.*?\])", text).group(1)))  # type: ignore[union-attr]

    assert {found["@@type"] for found in walked(scene("dark", bounds=MONACO)) if "@@type" in found} == allowed


def test_all_themes_have_the_same_layers_in_the_same_order() -> None:
    orders = {tuple(layer["id"] for layer in scene(theme, bounds=MONACO)["layers"]) for theme in THEMES}

    assert len(orders) == 1


def test_no_two_layer_files_lie_at_the_same_height() -> None:
    orders = [file.ORDER for file in layers.found()]

    assert orders == sorted(set(orders))


def test_every_layer_source_is_one_the_page_fills() -> None:
    text = (MODULES / "map.js").read_text(encoding="utf-8")
    fetched = set(json.loads(re.search(r"const FETCHED = (\[.*?\])", text).group(1)))  # type: ignore[union-attr]
    filled = fetched | {"tiles", "names", "highlights", "facilities", "things"}
    by_other_screens = {"ways", "numbers"}

    assert {layer["source"] for layer in scene("dark", bounds=MONACO)["layers"]} - by_other_screens == filled


def test_each_file_of_static_is_read() -> None:
    on_disk = {path.relative_to(assets.STATIC).as_posix() for path in Path(assets.STATIC).rglob("*") if path.is_file()}

    assert set(assets.read().files) == on_disk - {"vendor/VENDOR.toml"} | {"palette.css"}
