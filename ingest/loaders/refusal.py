"""A refused file: a code for programs, one line for people, in English or Chinese."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path

from ingest.loaders.chinese import word
from twin.errors import Refused

__all__ = ["RefusedFile", "codes", "language"]

TEXTS = Path(__file__).with_name("refusals.toml")


class RefusedFile(Refused):
    """A file that cannot be taken, with its code; the line ends with the code in brackets."""

    def __init__(self, code: str, path: Path | None = None, **values: object) -> None:
        """Make the line of a code; the path stands before it where it is known."""
        self.code = code
        self.values = values
        line = self.text(language())
        super().__init__(line if path is None else f"{path}: {line}")

    def text(self, language: str) -> str:
        """Give the line in en or zh, without the path."""
        values = self.values
        if language == "zh":
            values = {name: (isinstance(value, str) and word(value)) or value for name, value in values.items()}
        return f"{_texts()[self.code][language].format(**values)} [{self.code}]"

    def at(self, path: Path) -> RefusedFile:
        """Give the same refusal with the path before it."""
        return RefusedFile(self.code, path, **self.values)


def codes() -> tuple[str, ...]:
    """Give every code there is."""
    return tuple(_texts())


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


def language() -> str:
    """Give zh where the command line's locale is Chinese, else en; as gettext does, whether it is installed or not."""
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if said.startswith("zh") else "en"
