"""The words of $filter, $orderby and $expand.

Source: OData 4.0 ABNF construction rules, as OGC 18-088 takes them up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from twin.errors import Refused

__all__ = ["LONGEST", "Token", "Word", "tokens"]

LONGEST = 16_384  # characters of a query option
MOST = 2_000  # tokens of one


class Word(StrEnum):
    """A sort of token."""

    TIME = "time"
    DATE = "date"
    CLOCK = "clock"
    NUMBER = "number"
    DURATION = "duration"
    SHAPE = "shape"
    TEXT = "text"
    NAME = "name"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and where it begins; `text` is as written, of quoted ones what is inside."""

    word: Word
    text: str
    at: int


QUOTED = r"'(?:[^']|'')*'"
# An offset's "+" that was not percent-encoded comes as a blank.
TIME = r"\d{4}-\d\d-\d\d[T]\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+\- ]\d\d:\d\d)"
PATTERN = re.compile(
    rf"""\s*(?:
    (?P<time>{TIME})
  | (?P<date>\d{{4}}-\d\d-\d\d)
  | (?P<clock>\d\d:\d\d(?::\d\d(?:\.\d{{1,12}})?)?)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+\-]?\d+)?)
  | duration(?P<duration>{QUOTED})
  | (?:geography|geometry)(?P<shape>{QUOTED})
  | (?P<text>{QUOTED})
  | (?P<name>@iot\.id|geo\.[A-Za-z]+|[^\W\d][\w\-]*(?:\[\d{{1,6}}\]){{0,4}})
  | (?P<sign>[()/,;=$\-*:])
)""",
    re.VERBOSE,
)


def tokens(text: str) -> list[Token]:
    """Cut an option into tokens, an END at last. Raises Refused where it is none of ours, or too long."""
    if len(text) > LONGEST:
        raise Refused(f"a query option has at most {LONGEST} characters")
    found: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            raise Refused(f"cannot be read from character {position + 1} on")
        word = Word(match.lastgroup)
        inside = match[match.lastgroup]
        if word in (Word.TEXT, Word.SHAPE, Word.DURATION):
            inside = inside[1:-1].replace("''", "'")
        found.append(Token(word, inside, match.end() - len(match[0].lstrip())))
        if len(found) > MOST:
            raise Refused(f"a query option has at most {MOST} words")
        position = match.end()
    return [*found, Token(Word.END, "", end)]
