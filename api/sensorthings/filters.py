"""Read $filter and $orderby by recursive descent, one function a level of precedence.

Source: OData 4.0 URL conventions, 5.1.1; OGC 18-088, 9.3.3.5. `not` binds weaker than a comparison, so that
`not a eq b` means what it says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import shapely

from api.sensorthings.tokens import Token, Word, tokens
from twin.errors import Refused
from twin.queries.expressions import Call, Expression, Kind, Literal, Order, Path

__all__ = ["Reader", "literal_time", "read_filter", "read_order"]

DEEPEST = 20  # brackets and functions inside one another; SQLAlchemy takes some thirty calls for each
MOST_LINKS = 30  # arithmetic operators in a filter: a chain of them nests too
MOST_POINTS = 10_000  # of a geometry
COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
SUMS = frozenset({"add", "sub"})
PRODUCTS = frozenset({"mul", "div", "mod"})
DURATION = re.compile(
    r"(-)?P(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,10}(?:\.\d{1,6})?)S)?)?", re.ASCII
)
EMPTY_DURATION = re.compile(r"-?P(?:.*T)?")
WORDS = {"null": Literal(Kind.NULL, None), "true": Literal(Kind.TRUTH, True), "false": Literal(Kind.TRUTH, False)}


def read_filter(text: str) -> Expression:
    """Read a filter. Raises Refused where it is none."""
    reader = Reader(text)
    expression = reader.expression()
    reader.end()
    return expression


def read_order(text: str) -> tuple[Order, ...]:
    """Read an order: expressions, each with asc or desc."""
    reader = Reader(text)
    order = reader.order()
    reader.end()
    return order


class Reader:
    """A place in a list of tokens; each method reads what it is named after, or raises Refused."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._words = tokens(text)
        self._next = 0
        self._depth = 0
        self._links = 0

    @property
    def here(self) -> Token:
        """The token that is read next."""
        return self._words[self._next]

    def refuse(self, what: str) -> Refused:
        """Say where it cannot be read."""
        return Refused(f"{what} at character {self.here.at + 1}")

    def take(self) -> Token:
        """Read one token, whichever it is."""
        token = self.here
        if token.word is Word.END:
            raise self.refuse("ends too soon,")
        self._next += 1
        return token

    def sign(self, text: str) -> bool:
        """Read this sign if it comes next."""
        if self.here.word is Word.SIGN and self.here.text == text:
            self._next += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Read this sign."""
        if not self.sign(text):
            raise self.refuse(f"no {text}")

    def end(self) -> None:
        """Be at the end."""
        if self.here.word is not Word.END:
            raise self.refuse("cannot be read on")

    def order(self) -> tuple[Order, ...]:
        """Read criteria, a comma between them."""
        criteria = []
        while True:
            expression = self.expression()
            direction = self._operator(frozenset({"asc", "desc"}))
            criteria.append(Order(expression, direction == "desc"))
            if not self.sign(","):
                return tuple(criteria)

    def expression(self) -> Expression:
        """Read a whole expression."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Refused(f"more than {DEEPEST} levels inside one another")
        found = self._joined("or", lambda: self._joined("and", self._negation))
        self._depth -= 1
        return found

    def _operator(self, names: frozenset[str]) -> str | None:
        if self.here.word is Word.NAME and self.here.text in names:
            return self.take().text
        return None

    def _joined(self, name: str, part: Callable[[], Expression]) -> Expression:
        parts = [part()]
        while self._operator(frozenset({name})):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Call(name, tuple(parts))

    def _negation(self) -> Expression:
        negations = 0
        while self._operator(frozenset({"not"})):
            negations += 1
        found = self._comparison()
        return Call("not", (found,)) if negations % 2 else found

    def _comparison(self) -> Expression:
        left = self._sum()
        name = self._operator(COMPARISONS)
        return left if name is None else Call(name, (left, self._sum()))

    def _sum(self) -> Expression:
        return self._chain(SUMS, self._product)

    def _product(self) -> Expression:
        return self._chain(PRODUCTS, self._signed)

    def _chain(self, names: frozenset[str], part: Callable[[], Expression]) -> Expression:
        found = part()
        while name := self._operator(names):
            self._links += 1
            if self._links > MOST_LINKS:
                raise Refused(f"more than {MOST_LINKS} arithmetic operators")
            found = Call(name, (found, part()))
        return found

    def _signed(self) -> Expression:
        if not self.sign("-"):
            return self._primary()
        found = self._primary()
        if isinstance(found, Literal) and isinstance(found.value, float):
            return Literal(Kind.NUMBER, -found.value)
        return Call("negate", (found,))

    def _primary(self) -> Expression:
        if self.sign("("):
            inside = self.expression()
            self.expect(")")
            return inside
        token = self.take()
        if token.word is Word.NAME:
            return self._named(token.text)
        if token.word is Word.SIGN:
            self._next -= 1
            raise self.refuse(f"{token.text} is out of place")
        found = _literal(token)
        if found.kind is Kind.TIME and self.sign("/"):
            end = self.take()
            if end.word is not Word.TIME:
                raise self.refuse("a period ends with a time,")
            return _period(found, _literal(end))
        return found

    def _named(self, name: str) -> Expression:
        if self.sign("("):
            return Call(_function(name), self._arguments())
        if name in WORDS and not (self.here.word is Word.SIGN and self.here.text == "/"):
            return WORDS[name]
        return Path((name, *self.names()))

    def names(self) -> list[str]:
        """Read the rest of a path: names with a slash before each."""
        names = []
        while self.sign("/"):
            token = self.take()
            if token.word not in (Word.NAME, Word.NUMBER):
                self._next -= 1
                raise self.refuse("no name")
            names.append(token.text)
        return names

    def _arguments(self) -> tuple[Expression, ...]:
        if self.sign(")"):
            return ()
        arguments = [self.expression()]
        while self.sign(","):
            arguments.append(self.expression())
        self.expect(")")
        return tuple(arguments)


def _function(name: str) -> str:
    """Give a function's name; what is an operator cannot be called."""
    if name in COMPARISONS | SUMS | PRODUCTS or name in ("and", "or", "not", "negate"):
        raise Refused(f"{name} stands between what it joins")
    return name


def _literal(token: Token) -> Literal:
    match token.word:
        case Word.TEXT:
            if "\0" in token.text:
                raise Refused("a text holds no NUL")
            return Literal(Kind.TEXT, token.text)
        case Word.NUMBER:
            number = float(token.text)
            if not math.isfinite(number):
                raise Refused(f"{token.text[:40]} is too large")
            return Literal(Kind.NUMBER, number)
        case Word.SHAPE:
            return Literal(Kind.SHAPE, _shape(token.text))
        case Word.DURATION:
            return Literal(Kind.DURATION, _duration(token.text))
        case Word.TIME:
            return Literal(Kind.TIME, literal_time(token.text))
        case _:
            return _calendar(token)


def _calendar(token: Token) -> Literal:
    try:
        if token.word is Word.DATE:
            return Literal(Kind.DATE, date.fromisoformat(token.text))
        return Literal(Kind.CLOCK, time.fromisoformat(token.text[:15]))
    except ValueError:
        raise Refused(f"{token.text} is no {token.word}") from None


def literal_time(text: str) -> datetime:
    """Read a time with its offset; digits past the microsecond are cut off. Raises Refused for one of no calendar."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            raise Refused(f"{text[:40]} has no offset from UTC")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(f"{text[:40]} is no time with an offset from UTC") from None


def _period(start: Literal, end: Literal) -> Literal:
    return Literal(Kind.PERIOD, (start.value, end.value))


def _duration(text: str) -> timedelta:
    found = DURATION.fullmatch(text)
    if found is None or EMPTY_DURATION.fullmatch(text):
        raise Refused("a duration is written like P1DT2H30M")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups()[1:])
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] else length


def _shape(text: str) -> shapely.Geometry:
    """Read well-known text, longitude first; an SRID before it can only be 4326."""
    srid, _, rest = text.partition(";")
    if rest and srid.strip().upper() != "SRID=4326":
        raise Refused("a geometry is given in longitude and latitude (SRID=4326)")
    try:
        shape = shapely.from_wkt(rest or text)
    except shapely.errors.GEOSException:
        raise Refused("a geometry is written in well-known text, such as POINT (7.42 43.73)") from None
    if shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise Refused(f"a geometry has at most {MOST_POINTS} points")
    return shape
