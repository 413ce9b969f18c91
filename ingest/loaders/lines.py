"""What a loader says, in Chinese: receipts and refusals are given to people in both languages."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from ingest.loaders.refusal import RefusedFile, language
from twin.errors import NotFound, Refused

__all__ = ["in_chinese", "of_refusal", "shown"]

TABLE = Path(__file__).with_name("lines.toml")
VALUE, WHOLE = "{}", "{*}"  # a value that is copied; a line in the line, which is said in Chinese too


def in_chinese(line: str) -> str | None:
    """Give a line in Chinese; None where the table has none that fits."""
    for pattern, chinese in _table():
        found = pattern.fullmatch(line)
        if found is None:
            continue
        values = [value or "" for value in found.groups()]
        if WHOLE in chinese:
            inner = in_chinese(values.pop())
            if inner is None:
                return None
            return chinese.replace(WHOLE, inner).format(*values)
        return chinese.format(*values)
    return None


def shown(text: str) -> str:
    """Give what a command says, line by line, in Chinese where the command line's locale is; else as it is."""
    if language() != "zh":
        return text
    lines = []
    for line in text.splitlines():
        words = line.strip()
        file, colon, _ = words.partition(": ")
        head = f"{file}{colon}" if colon and Path(file).suffix else ""
        chinese = in_chinese(words.removeprefix(head))
        lines.append(line.replace(words, head + chinese) if chinese else line)
    return "\n".join(lines)


def of_refusal(refusal: Refused | NotFound, path: Path) -> list[dict[str, str]]:
    """Give the lines of a refusal in both languages, without the file's folder."""
    if isinstance(refusal, RefusedFile):
        return [{"en": refusal.text("en"), "zh": refusal.text("zh")}]
    lines = [line.strip().removeprefix(f"{path}: ").replace(str(path), path.name) for line in str(refusal).splitlines()]
    return [{"en": line, "zh": in_chinese(line) or line} for line in lines]


@cache
def _table() -> list[tuple[re.Pattern[str], str]]:
    """Read the table as patterns: those with a line in them first, then those that say most."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["line"]
    rows.sort(key=lambda row: (WHOLE not in row["en"], -len(row["en"].replace(VALUE, ""))))
    return [(_pattern(row["en"]), row["zh"]) for row in rows]


def _pattern(english: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in re.split(r"\{\*?\}", english))
    return re.compile("(.+?)".join(parts), re.DOTALL)
