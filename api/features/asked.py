"""Read the query of a request for features. What is not known or not well written is refused, as the standard asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from twin.errors import NotFound, Refused
from twin.queries import cql2
from twin.queries.collections import Collection
from twin.queries.items import Wanted
from twin.queries.reference import Reference, reference

__all__ = ["DEFAULT_LIMIT", "MOST", "PARAMETERS", "Options", "key", "read", "unknown"]

DEFAULT_LIMIT = 1_000  # a page of 10, the standard's example, makes clients that read all ask a hundred times as often
MOST = 10_000
FARTHEST = 10_000_000
WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
PLAIN, SOLID = 4, 6  # numbers of a bbox without and with heights


@dataclass(frozen=True, slots=True)
class Options:
    """What the parameters are read for: the collection and the place's metric CRS."""

    collection: Collection
    metric_srid: int

    def crs(self, uri: str) -> Reference:
        """Read a CRS's URI."""
        return reference(uri, self.metric_srid)


def read(options: Options, query: Sequence[tuple[str, str]]) -> Wanted:
    """Read the parameters (`f` and `lang` apart). Raises Refused for one that is unknown, doubled or not understood."""
    given = dict(query)
    if len(given) != len(query):
        raise Refused("a parameter stands twice")
    wanted = Wanted(limit=DEFAULT_LIMIT)
    equal = {name: given.pop(name) for name in options.collection.properties if name in given}
    language = given.pop("filter-lang", _language(given.get("filter", "")))
    for name, text in given.items():
        if name not in PARAMETERS:
            raise unknown(name, (*PARAMETERS, *options.collection.properties))
        wanted = PARAMETERS[name](options, wanted, text)
    if isinstance(wanted.filter, str):
        wanted = replace(wanted, filter=cql2.parse(wanted.filter, language))
    return replace(wanted, equal=equal)


def unknown(name: str, known: Sequence[str]) -> Refused:
    """Give what is said of a parameter that there is not."""
    return Refused(f"no parameter is called {name[:50]}; there are {', '.join(known)}")


def key(text: str) -> int:
    """Read a feature's id. Raises NotFound for what is none."""
    if not WHOLE.fullmatch(text):
        raise NotFound("no feature has this id")
    return int(text)


def _language(text: str) -> str:
    return "cql2-json" if text.lstrip().startswith("{") else "cql2-text"


def _limit(_: Options, wanted: Wanted, text: str) -> Wanted:
    """More than the most is the most: the standard's words for it."""
    if not WHOLE.fullmatch(text) or int(text) == 0:
        raise Refused(f"limit is a whole number from 1 to {MOST}")
    return replace(wanted, limit=min(int(text), MOST))


def _offset(_: Options, wanted: Wanted, text: str) -> Wanted:
    if not WHOLE.fullmatch(text) or int(text) > FARTHEST:
        raise Refused(f"offset is a whole number from 0 to {FARTHEST}")
    return replace(wanted, offset=int(text))


def _bbox(_: Options, wanted: Wanted, text: str) -> Wanted:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (PLAIN, SOLID) or not all(abs(number) < cql2.LARGEST for number in numbers):
        raise Refused("bbox is four numbers, or six with heights")
    west, south, east, north = numbers if len(numbers) == PLAIN else (numbers[0], numbers[1], numbers[3], numbers[4])
    if south > north:
        raise Refused("the south of bbox is above its north")
    return replace(wanted, bbox=(west, south, east, north))


def _datetime(_: Options, wanted: Wanted, text: str) -> Wanted:
    first, slash, last = text.partition("/")
    try:
        moment = (_moment(first), _moment(last) if slash else _moment(first))
    except ValueError:
        raise Refused("datetime is a time, or two with / between, as RFC 3339 writes them; .. is open") from None
    if moment[0] is not None and moment[1] is not None and moment[0] > moment[1]:
        raise Refused("datetime ends before it begins")
    return replace(wanted, moment=moment)


def _moment(text: str) -> datetime | None:
    if text in ("", ".."):
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _filter(_: Options, wanted: Wanted, text: str) -> Wanted:
    return replace(wanted, filter=text)


def _order(options: Options, wanted: Wanted, text: str) -> Wanted:
    """Read names, each with - before it for the greatest first; a + came as a space."""
    order = []
    for part in text.split(","):
        name = part.lstrip("+- ")
        if name not in options.collection.properties:
            raise Refused(f"sortby names properties: {', '.join(options.collection.properties)}")
        order.append((name, part.startswith("-")))
    return replace(wanted, order=tuple(order))


def _properties(options: Options, wanted: Wanted, text: str) -> Wanted:
    names = tuple(dict.fromkeys(text.split(",")))
    if not set(names) <= set(options.collection.properties):
        raise Refused(f"properties names properties: {', '.join(options.collection.properties)}")
    return replace(wanted, names=names)


PARAMETERS: dict[str, Callable[[Options, Wanted, str], Wanted]] = {
    "limit": _limit,
    "offset": _offset,
    "bbox": _bbox,
    "bbox-crs": lambda options, wanted, text: replace(wanted, bbox_crs=options.crs(text)),
    "datetime": _datetime,
    "crs": lambda options, wanted, text: replace(wanted, crs=options.crs(text)),
    "filter": _filter,
    "filter-crs": lambda options, wanted, text: replace(wanted, filter_crs=options.crs(text)),
    "sortby": _order,
    "properties": _properties,
}
