"""Read the options of a query: $filter, $orderby, $top, $skip, $count, $select, $expand and its own inside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from api.sensorthings.filters import Reader, read_filter, read_order
from api.sensorthings.tokens import Word
from twin.errors import Refused
from twin.queries.entities import Entity, entity_of_set
from twin.queries.expressions import Expand, Expression, Order, Query

__all__ = ["Asked", "read_options"]

LARGEST_SKIP = 2**31
MOST_FIELDS = 50
MOST_EXPANSIONS = 30
DEEPEST_EXPANSION = 8
LARGEST_NUMBER = 10  # digits
DATA_ARRAY = "dataArray"
RESULT_FORMAT = ("$resultFormat", "resultFormat")  # SensorThings 1.1 writes it with $, 1.0 without
SYSTEM = ("$filter", "$orderby", "$top", "$skip", "$count", "$select", "$expand", "$skiptoken")


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of a request, and whether rows are wanted as arrays."""

    query: Query
    is_array: bool = False


@dataclass(slots=True)
class Draft:
    """The options read so far; each may be said once."""

    said: set[str] = field(default_factory=set)
    filter: Expression | None = None
    orderby: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    is_counted: bool = False
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    written: list[tuple[str, str]] = field(default_factory=list)

    def query(self) -> Query:
        """Give the query."""
        return Query(
            self.filter,
            self.orderby,
            self.top,
            self.skip,
            self.is_counted,
            self.select,
            self.expand,
            written=tuple(self.written),
        )


def read_options(entity: Entity, query_string: bytes) -> Asked:
    """Read a request's query string for an entity set. Raises Refused for what is not understood."""
    fields = _fields(query_string)
    draft, is_array, after = Draft(), False, None
    for name, text in fields:
        if name in RESULT_FORMAT:
            is_array = _result_format(entity, text)
        elif name == "$skiptoken":
            after = _identity(text)
        elif name.startswith("$"):
            _once(draft, name)
            _read(draft, entity, name, text)
    query = replace(draft.query(), after=after, written=fields)
    if after is not None and (query.orderby or query.skip):
        raise Refused("$skiptoken goes with the order of ids alone")
    return Asked(query, is_array)


def _fields(query_string: bytes) -> tuple[tuple[str, str], ...]:
    try:
        text = query_string.decode("ascii")
        fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused("the query string is not percent-encoded UTF-8, or too long") from None
    for name, value in fields:
        if "\0" in name + value:
            raise Refused("a query holds no NUL")
    return tuple(fields)


def _result_format(entity: Entity, text: str) -> bool:
    if entity.set != "Observations" or text != DATA_ARRAY:
        raise Refused(f"resultFormat can be {DATA_ARRAY}, of Observations")
    return True


def _identity(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LARGEST_NUMBER else text


def _once(draft: Draft, name: str) -> None:
    if name not in SYSTEM:
        raise Refused(f"no query option is called {name[:50]}")
    if name in draft.said:
        raise Refused(f"{name} is said twice")
    draft.said.add(name)


def _read(draft: Draft, entity: Entity, name: str, text: str) -> None:
    match name:
        case "$filter":
            draft.filter = read_filter(text)
        case "$orderby":
            draft.orderby = read_order(text)
        case "$top":
            draft.top = _number(name, text)
        case "$skip":
            draft.skip = _number(name, text)
        case "$count":
            draft.is_counted = _truth(text)
        case "$select":
            draft.select = _select(entity, text)
        case _:
            draft.expand = _expand(entity, text)


def _number(name: str, text: str) -> int:
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdecimal()) or len(stripped) > LARGEST_NUMBER:
        raise Refused(f"{name} is a whole number from 0 to {LARGEST_SKIP}")
    number = int(stripped)
    if number > LARGEST_SKIP:
        raise Refused(f"{name} is a whole number from 0 to {LARGEST_SKIP}")
    return number


def _truth(text: str) -> bool:
    if text.strip() not in ("true", "false"):
        raise Refused("$count is true or false")
    return text.strip() == "true"


def _select(entity: Entity, text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in ("id", "@iot.id", "*") and name not in entity.properties and name not in entity.navigations:
            raise Refused(f"{entity.set} have no property {name[:100]}")
    return (*names, *entity.properties) if "*" in names else names


def _expand(entity: Entity, text: str) -> tuple[Expand, ...]:
    reader = Expansions(text)
    found = reader.expansions(entity, 1)
    reader.end()
    return found


class Expansions(Reader):
    """Read $expand: links, a slash to go on from one, and options of its own in brackets, a semicolon between them."""

    count = 0

    def expansions(self, entity: Entity, depth: int) -> tuple[Expand, ...]:
        """Read links with a comma between them; two that begin alike are one."""
        found: dict[str, Expand] = {}
        while True:
            new = self._expansion(entity, depth)
            known = found.get(new.navigation)
            found[new.navigation] = new if known is None else _both(known, new)
            if not self.sign(","):
                return tuple(found.values())

    def _expansion(self, entity: Entity, depth: int) -> Expand:
        self.count += 1
        if depth > DEEPEST_EXPANSION or self.count > MOST_EXPANSIONS:
            raise Refused(f"$expand goes {DEEPEST_EXPANSION} levels deep, and has {MOST_EXPANSIONS} links at most")
        token = self.take()
        navigation = entity.navigations.get(token.text) if token.word is Word.NAME else None
        if navigation is None:
            raise Refused(f"{entity.set} have no link {token.text[:100]}")
        target = entity_of_set(navigation.target)
        if self.sign("/"):
            return Expand(navigation.name, Query(expand=(self._expansion(target, depth + 1),)))
        return Expand(navigation.name, self._options(target, depth) if self.sign("(") else Query())

    def _options(self, entity: Entity, depth: int) -> Query:
        draft = Draft()
        while True:
            self.expect("$")
            name = f"${self.take().text}"
            _once(draft, name)
            self.expect("=")
            begin = self.here.at
            self._option(draft, entity, name, depth)
            draft.written.append((name, self.text[begin : self.here.at].strip()))
            if self.sign(")"):
                return draft.query()
            self.expect(";")

    def _option(self, draft: Draft, entity: Entity, name: str, depth: int) -> None:
        match name:
            case "$filter":
                draft.filter = self.expression()
            case "$orderby":
                draft.orderby = self.order()
            case "$expand":
                draft.expand = self.expansions(entity, depth + 1)
            case "$select":
                draft.select = _select(entity, ",".join(self._names()))
            case "$skiptoken":
                raise Refused("$skiptoken is for the outermost set")
            case _:
                _read(draft, entity, name, self.take().text)

    def _names(self) -> list[str]:
        names = [self.take().text]
        while self.sign(","):
            names.append(self.take().text)
        return names


def _both(one: Expand, other: Expand) -> Expand:
    """Join `Datastreams/Sensor,Datastreams/Thing` into one link with both inside."""
    return Expand(one.navigation, replace(other.query, expand=(*one.query.expand, *other.query.expand)))
