"""What is refused, in Chinese, for who reads Chinese: one table of lines (`lines.toml`), and those of the imports."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from ingest.loaders import chinese as of_imports

__all__ = ["in_chinese", "is_wanted", "title"]

TABLE = Path(__file__).with_name("lines.toml")
PREFIX = re.compile(r"([^\s:]+): (.+)", re.DOTALL)  # the field that a line is about


def is_wanted(accepted: str) -> bool:
    """Tell whether an Accept-Language header names Chinese before English."""
    weights = {"zh": 0.0, "en": 0.0}
    for place, part in enumerate(accepted[:200].lower().split(",")):
        tag, _, quality = part.strip().partition(";q=")
        language = tag.strip()[:2]
        if language in weights:
            try:
                weight = float(quality or 1) - place / 10_000
            except ValueError:
                continue
            weights[language] = max(weights[language], weight)
    return weights["zh"] > weights["en"]


def title(status: int) -> str | None:
    """Give the title of a status; None where there is none."""
    found: str | None = _table()["title"].get(str(status))
    return found


def in_chinese(line: str) -> str | None:
    """Give a line in Chinese, and the field before it as it is; None where no line is like it."""
    for pattern, chinese in _lines():
        found = pattern.fullmatch(line)
        if found is not None:
            return chinese.format(*found.groups())
    prefixed = PREFIX.fullmatch(line)
    rest = None if prefixed is None else in_chinese(prefixed[2])
    if prefixed is not None and rest is not None:
        return f"{prefixed[1]}：{rest}"
    return of_imports.in_chinese(line)


@cache
def _lines() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Give the lines as patterns: those that say most first."""
    ordered = sorted(_table()["line"].items(), key=lambda row: -len(row[0].replace("{}", "")))
    return tuple((_pattern(english), chinese) for english, chinese in ordered)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(part) for part in english.split("{}")), re.DOTALL)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))
