"""Chinese for the lines of receipts and refusals, by templates: {} in an English line is a value that is copied over.

Further marks in a template: {=} is copied too, but holds only names without blanks; {*} is itself a line, said in
Chinese or the template does not fit; {+} holds words, such as kinds and counts of kinds, each in Chinese where there is
a word for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["in_chinese", "word"]

FOLDER = Path(__file__).parent
LINES, WORDS = ("lines.toml", "lines_place.toml", "lines_map.toml"), "words.toml"
MARK = re.compile(r"\{[=*+]?\}")
NAMES = r"([^\s,]+(?:(?:, | or )[^\s,]+)*)"
BETWEEN = re.compile(r", | and ")


class Template(NamedTuple):
    """A template: what an English line looks like, a piece that is in each of them, its marks, and the Chinese."""

    pattern: re.Pattern[str]
    piece: str
    marks: tuple[str, ...]
    chinese: str


def in_chinese(line: str) -> str | None:
    """Give a line in Chinese; None where no template fits."""
    return _said(line, _lines())


def word(text: str) -> str | None:
    """Give a word or phrase that stands in lines; None where there is none."""
    return _said(text, _words())


def _said(text: str, templates: Sequence[Template]) -> str | None:
    for template in templates:
        found = template.pattern.fullmatch(text) if template.piece in text else None
        if found is None:
            continue
        values = [_value(mark, value) for mark, value in zip(template.marks, found.groups(), strict=True)]
        if None not in values:
            return template.chinese.format(*values)
    return None


def _value(mark: str, value: str) -> str | None:
    if mark == "{*}":
        return in_chinese(value)
    if mark == "{+}":
        return "、".join(word(part) or part for part in BETWEEN.split(value))
    return value


@cache
def _lines() -> tuple[Template, ...]:
    tables = (tomllib.loads((FOLDER / name).read_text(encoding="utf-8")) for name in LINES)
    return _read((row["en"], row["zh"]) for table in tables for row in table["line"])


@cache
def _words() -> tuple[Template, ...]:
    return _read(tomllib.loads((FOLDER / WORDS).read_text(encoding="utf-8")).items())


def _read(rows: Iterable[tuple[str, str]]) -> tuple[Template, ...]:
    """Make templates of English and Chinese: those with a line in them first, then those that say most."""
    ordered = sorted(rows, key=lambda row: ("{*}" not in row[0], -len(MARK.sub("", row[0]))))
    return tuple(_template(english, MARK.sub("{}", chinese)) for english, chinese in ordered)


def _template(english: str, chinese: str) -> Template:
    marks, pieces = tuple(MARK.findall(english)), MARK.split(english)
    pattern = re.escape(pieces[0])
    for mark, piece in zip(marks, pieces[1:], strict=True):
        pattern += (NAMES if mark == "{=}" else "(.+?)") + re.escape(piece)
    return Template(re.compile(pattern, re.DOTALL), max(pieces, key=len), marks, chinese)
