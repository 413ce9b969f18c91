"""The pages: Jinja2 templates in this folder, filled in the reader's language, every value escaped."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from viz import texts

FOLDER = Path(__file__).parent
# What could end a script element or start an entity in it; the JSON reads the same with them escaped.
ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@cache
def environment() -> Environment:
    """Give the templates' environment; a name that a template uses and nobody gave is an error, not an empty text."""
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def render(name: str, language: str, **values: Any) -> str:
    """Fill one template in one language."""
    translate = texts.translations(language).gettext
    return environment().get_template(name).render(_=translate, **values)


def as_script_data(value: object) -> Markup:
    """Write a value as JSON that can stand inside a script element, whatever texts are in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPED))  # noqa: S704  # nothing that HTML could read as markup is left in it
