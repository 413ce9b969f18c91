"""Read CQL2 text as CQL2 JSON by recursive descent, one method a level of precedence, in time linear in its length.

Source: OGC 21-065r2 (Common Query Language 2, 1.0), annex B.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import shapely

from twin.errors import Refused

__all__ = ["DEEPEST", "LONGEST", "read"]

LONGEST = 8_000  # characters of a filter
DEEPEST = 20  # brackets and functions inside one another; SQLAlchemy takes some thirty calls for each
MOST_LINKS = 30  # arithmetic operators and signs: a chain of them nests too
MOST_POINTS = 10_000  # of a geometry

Node = Any
TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+\-]?\d+)?)
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"[^"]{1,200}")
  | (?P<name>[^\W\d][\w.:]*)
  | (?P<sign><>|<=|>=|[=<>+\-*/%^(),])
)""",
    re.VERBOSE,
)
COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
WORDS = frozenset({"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV", "TRUE", "FALSE"})
SHAPES = re.compile(r"(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION")
ENDS = 2  # of an interval


def read(text: str) -> Node:
    """Read a filter. Raises Refused where it is none, or is too long or deep."""
    if len(text) > LONGEST:
        raise Refused(f"a filter has at most {LONGEST} characters")
    reader = _Reader(text)
    node = reader.expression()
    if reader.word:
        raise reader.refuse()
    return node


class _Reader:
    """A place in a text; each method reads what it is named after, or raises Refused."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int, int]] = []  # sort, word, from, to
        self._cut()
        self.next = self.depth = self.links = 0

    def _cut(self) -> None:
        position, end = 0, len(self.text.rstrip())
        while position < end:
            found = TOKEN.match(self.text, position)
            if found is None or found.lastgroup is None:
                raise Refused(f"the filter cannot be read from character {position + 1} on")
            self.tokens.append((found.lastgroup, found[found.lastgroup], *found.span(found.lastgroup)))
            position = found.end()
        self.tokens.append(("end", "", end, end))

    @property
    def sort(self) -> str:
        return self.tokens[self.next][0]

    @property
    def word(self) -> str:
        """What is read next: signs as they are, words that the language has in capitals, else empty at the end."""
        sort, word, *_ = self.tokens[self.next]
        return word.upper() if sort == "name" and word.upper() in WORDS else word

    def refuse(self) -> Refused:
        """Say where it cannot be read."""
        return Refused(f"the filter cannot be read from character {self.tokens[self.next][2] + 1} on")

    def sees(self, *words: str) -> str:
        """Read one of these words or signs where it comes next; empty where none does."""
        if self.sort in ("name", "sign") and self.word in words:
            self.next += 1
            return self.tokens[self.next - 1][1].upper()
        return ""

    def expect(self, word: str) -> None:
        """Read this word or sign."""
        if not self.sees(word):
            raise self.refuse()

    def expression(self) -> Node:
        """Read a whole expression."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Refused("the filter has too many things inside one another")
        found = self._joined("OR", lambda: self._joined("AND", self._negation))
        self.depth -= 1
        return found

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self.sees(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else _call(word.lower(), *parts)

    def _negation(self) -> Node:
        negations = 0
        while self.sees("NOT"):
            negations += 1
        found = self._predicate()
        return _call("not", found) if negations % 2 else found

    def _predicate(self) -> Node:
        left = self._sum()
        if sign := self.sees(*COMPARISONS):
            return _call(sign, left, self._sum())
        if self.sees("IS"):
            is_not = self.sees("NOT")
            self.expect("NULL")
            return _negated(is_not, _call("isNull", left))
        is_not = self.sees("NOT")
        match self.sees("LIKE", "BETWEEN", "IN"):
            case "LIKE":
                return _negated(is_not, _call("like", left, self._sum()))
            case "BETWEEN":
                low = self._sum()
                self.expect("AND")
                return _negated(is_not, _call("between", left, low, self._sum()))
            case "IN":
                self.expect("(")
                return _negated(is_not, _call("in", left, self._list()))
        if is_not:
            raise self.refuse()
        return left

    def _list(self) -> list[Node]:
        """Read expressions with commas between them and a bracket after them; there is at least one."""
        found = [self.expression()]
        while self.sees(","):
            found.append(self.expression())
        self.expect(")")
        return found

    def _link(self) -> None:
        self.links += 1
        if self.links > MOST_LINKS:
            raise Refused("the filter has too many things inside one another")

    def _sum(self) -> Node:
        return self._chain(("+", "-"), lambda: self._chain(("*", "/", "%", "DIV"), self._power))

    def _chain(self, words: tuple[str, ...], part: Callable[[], Node]) -> Node:
        found = part()
        while word := self.sees(*words):
            self._link()
            found = _call(word.lower(), found, part())
        return found

    def _power(self) -> Node:
        found = self._signed()
        if not self.sees("^"):
            return found
        self._link()
        return _call("^", found, self._power())

    def _signed(self) -> Node:
        if not self.sees("-"):
            return self._primary()
        self._link()
        found = self._signed()
        return -found if isinstance(found, float) else _call("*", -1.0, found)

    def _primary(self) -> Node:
        if self.sees("("):
            inside = self.expression()
            self.expect(")")
            return inside
        sort, word, start, _ = self.tokens[self.next]
        if sort in ("sign", "end") or (sort == "name" and word.upper() in WORDS - {"TRUE", "FALSE"}):
            raise self.refuse()
        self.next += 1
        match sort:
            case "number":
                return self._number(word)
            case "text":
                return word[1:-1].replace("''", "'")
            case "quoted":
                return {"property": word[1:-1]}
        if word.upper() in WORDS:
            return word.upper() == "TRUE"
        return self._named(word, start) if self.sees("(") else {"property": word}

    def _number(self, word: str) -> float:
        if not math.isfinite(number := float(word)):
            raise Refused("the filter has a number that is too large")
        return number

    def _named(self, name: str, start: int) -> Node:
        """Read what a name and an opening bracket begin: a geometry, a time, or a function."""
        if SHAPES.fullmatch(name.upper()):
            return self._shape(start)
        arguments = [] if self.sees(")") else self._list()
        match name.upper():
            case "DATE" | "TIMESTAMP" if len(arguments) == 1:
                return {name.lower(): arguments[0]}
            case "INTERVAL" if len(arguments) == ENDS:
                return {"interval": arguments}
            case "BBOX":
                return {"bbox": arguments}
        return _call(name.lower(), *arguments)

    def _shape(self, start: int) -> Node:
        """Read well-known text from its name on to the bracket that closes it."""
        level = 1
        while level:
            if self.sort == "end" or level > DEEPEST:
                raise self.refuse()
            level += {"(": 1, ")": -1}.get(self.word, 0)
            self.next += 1
        try:
            shape = shapely.from_wkt(self.text[start : self.tokens[self.next - 1][3]])
        except shapely.errors.GEOSException:
            raise Refused("the filter has a geometry that is none") from None
        if shapely.get_num_coordinates(shape) > MOST_POINTS:
            raise Refused(f"a geometry has at most {MOST_POINTS} points")
        return shapely.geometry.mapping(shape)


def _call(name: str, *arguments: Node) -> Node:
    return {"op": name, "args": list(arguments)}


def _negated(is_not: str, node: Node) -> Node:
    return _call("not", node) if is_not else node
