"""A run's answer as tables: what a screen lists, and a file holds, row by row; each row says where it stands.

One function a question; a table's columns are named once, with their kind and how each is read off what a row is of.
Numbers of people are the answer's own, which may be shown (`twin.counts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twin.located import Located
from twin.queries.expressions import Kind

__all__ = ["RunTable", "keys", "named", "tables"]

Answer = Mapping[str, Any]
Row = tuple[Any, ...]
Read = Callable[[Answer], Any]
Columns = Mapping[str, tuple[Kind, Read]]
NUMBER, TEXT, TRUTH = Kind.NUMBER, Kind.TEXT, Kind.TRUTH


@dataclass(frozen=True, slots=True)
class RunTable:
    """A table; `at` holds for each row the keys (`twin.located`) of what it is about, the first first."""

    name: str
    columns: Mapping[str, Kind]
    rows: Sequence[Row]
    at: Sequence[tuple[str, ...]] = ()


def tables(question: str, answer: Answer) -> list[RunTable]:
    """Give an answer's tables, the most telling first; those without a row are left out."""
    return [table for table in TABLES[question](answer) if table.rows]


def keys(every: Iterable[RunTable]) -> set[str]:
    """Give all keys that tables name."""
    return {key for table in every for some in table.at for key in some}


def named(table: RunTable, where: Mapping[str, Located]) -> RunTable:
    """Fill in the names that the answer does not have, of what has one."""
    if "name" not in table.columns or not table.at:
        return table
    column = list(table.columns).index("name")
    rows = [
        (*row[:column], row[column] or next((where[key].name for key in at if key in where), None), *row[column + 1 :])
        for row, at in zip(table.rows, table.at, strict=True)
    ]
    return RunTable(table.name, table.columns, rows, table.at)


def _table(
    name: str, columns: Columns, things: Iterable[Answer], at: Callable[[Answer], Row] | None = None
) -> RunTable:
    held = list(things)
    rows = [tuple(read(one) for _, read in columns.values()) for one in held]
    kinds = {column: kind for column, (kind, _) in columns.items()}
    return RunTable(name, kinds, rows, [at(one) for one in held] if at else ())


def _field(*path: str) -> Read:
    """Read what lies at a path; None where it ends before."""

    def read(one: Answer) -> Any:
        found: Any = one
        for name in path:
            found = None if found is None else found.get(name)
        return found

    return read


def _fields(kind: Kind, *names: str) -> Columns:
    return {name: (kind, _field(name)) for name in names}


def _minutes(*path: str) -> tuple[Kind, Read]:
    """Read seconds as minutes."""
    read = _field(*path)
    return NUMBER, lambda one: None if read(one) is None else round(read(one) / 60, 1)


def _sum(name: str) -> tuple[Kind, Read]:
    """Add up people by age."""
    return NUMBER, lambda one: sum(one[name].values())


def _each(every: Iterable[Answer], name: str) -> list[Answer]:
    """Give the parts of each of some things, with what they are part of."""
    return [{**one, **part} for one in every for part in one.get(name, ())]


def _key(element: Answer) -> str:
    return f"{element['kind']}#{element['id']}"


def _of(kind: str) -> Callable[[Answer], Row]:
    return lambda one: (f"{kind}#{one['id']}",)


def _elements(one: Answer) -> Row:
    return tuple(map(_key, one["elements"]))


WHO: Columns = {"service": (TEXT, _field("service")), "mobility_group": (TEXT, _field("group"))}
ASKED: Columns = {**WHO, "limit_min": _minutes("limit_s")}
COUNTED = _fields(NUMBER, "residents", "certain", "possible", "share", "share_possible")
BEYOND: tuple[Kind, Read] = (NUMBER, lambda one: one["residents"] - one["possible"])
NORM: Columns = {"norm": (TEXT, _field("norm", "id")), "norm_version": (TEXT, _field("norm", "version"))}
PLACE: Columns = {**_fields(NUMBER, "id"), **_fields(TEXT, "name")}

SERVICES: Columns = {
    **ASKED,
    **COUNTED,
    "beyond": BEYOND,
    "median_min": _minutes("median_s"),
    "p90_min": _minutes("p90_s"),
    "norm_min": (NUMBER, _field("norm_clause", "minutes")),
    "clause": (TEXT, _field("norm_clause", "clause")),
    **_fields(TEXT, "certainty"),
    **NORM,
    "norm_m": (NUMBER, _field("metres", "limit_m")),
    "share_m": (NUMBER, _field("metres", "share")),
    "share_circle": (NUMBER, _field("circle", "share")),
}
AREAS: Columns = {
    **WHO,
    "code": (TEXT, lambda one: str(one["id"]) if "id" in one else one["code"]),
    "name": (TEXT, _field("name")),
    **COUNTED,
    "beyond": BEYOND,
}
OUTCOMES: Columns = {
    **ASKED,
    **_fields(NUMBER, "residents"),
    "before": (NUMBER, _field("before", "within")),
    "after": (NUMBER, _field("after", "within")),
    "share_before": (NUMBER, _field("before", "share")),
    "share_after": (NUMBER, _field("after", "share")),
    **{name: _sum(name) for name in ("gained", "gained_possible", "lost", "lost_possible")},
    "clause": (TEXT, _field("norm", "clause")),
    **_fields(TEXT, "certainty"),
    **NORM,
}
EDITS: Columns = {
    **_fields(TEXT, "edit"),
    "element": (TEXT, lambda one: one.get("element") or one.get("facility") or one.get("building")),
    **_fields(TEXT, "service", "name"),
    **_fields(NUMBER, "lon", "lat", "capacity"),
    **_fields(TEXT, "opening_hours"),
}
SUMMARY: Columns = {
    **ASKED,
    **_fields(TEXT, "goal"),
    **_fields(NUMBER, "residents", "within_limit_now", "within_limit_then", "gained", "value", "bound", "gap"),
    **_fields(TRUTH, "proven"),
    **_fields(TEXT, "certainty"),
}
FRONT: Columns = {
    **_fields(NUMBER, "cost"),
    "new_sites": (NUMBER, lambda one: len(one["buildings"])),
    **_fields(NUMBER, "within_limit", "bound"),
    **_fields(TRUTH, "proven"),
    "name": (TEXT, lambda one: ", ".join(house["name"] or f"#{house['id']}" for house in one["buildings"])),
}
CAPACITY: Columns = {
    **ASKED,
    **_fields(NUMBER, "residents", "within_limit", "seats", "seated"),
    "seats_median": (NUMBER, _field("share", "median")),
    "seats_lowest_tenth": (NUMBER, _field("share", "lowest_tenth")),
    **_fields(TEXT, "certainty"),
}
RANKED: Columns = {
    **_fields(NUMBER, "rank"),
    "kind": (TEXT, lambda one: one["elements"][0]["kind"]),
    **_fields(TEXT, "name"),
    **_fields(NUMBER, "total", "person_minutes"),
    "services": (TEXT, lambda one: ", ".join(f"{service} {n}" for service, n in one["services"].items() if n)),
}
EXPECTED: Columns = {
    **ASKED,
    **_fields(NUMBER, "residents", "never", "hours_per_resident", "standard_error", "worst_hours"),
    **_fields(TEXT, "certainty"),
}
SAVES: Columns = {**_fields(TEXT, "what", "name"), **WHO, **_fields(NUMBER, "person_hours", "standard_error")}
BREAKS: Columns = {
    **_fields(TEXT, "kind", "name"),
    "people": (NUMBER, lambda one: max(one["people"].values(), default=0)),
    "fails": (TEXT, lambda one: ", ".join(each["clause"] or each["element"] for each in one["fails"])),
    "not_measured": (TEXT, lambda one: ", ".join(one["not_measured"])),
}


def _coverage(answer: Answer) -> list[RunTable]:
    every = answer["coverage"]

    def at(area: Answer) -> Row:
        return (f"building#{area['id']}",) if "id" in area else (f"grid#{area['code']}",) if area["code"] else ()

    return [
        _table("services", SERVICES, ({**one["total"], **one, "norm": answer["norm"]} for one in every)),
        _table("ages", {**WHO, **_fields(TEXT, "band"), **COUNTED}, _each(every, "bands")),
        _table("areas", AREAS, _each(every, "areas"), at),
        _table("hours", {**WHO, **_fields(TEXT, "moment"), **COUNTED}, _each(every, "hours")),
    ]


def _scenario(answer: Answer) -> list[RunTable]:
    houses = {**WHO, **PLACE, **_fields(NUMBER, "gained", "lost")}
    return [
        _table("outcomes", OUTCOMES, answer["outcomes"]),
        _table("buildings", houses, _each(answer["outcomes"], "buildings"), _of("building")),
        _table("edits", EDITS, answer["edits"]),
    ]


def _siting(answer: Answer) -> list[RunTable]:
    one = answer["siting"]
    new, there = ([site for site in one["sites"] if site["there"] is is_there] for is_there in (False, True))
    return [
        _table("sites", {**PLACE, **_fields(NUMBER, "lon", "lat")}, new, _of("building")),
        _table("summary", SUMMARY, [one]),
        _table("existing", PLACE, there, _of("facility")),
    ]


def _front(answer: Answer) -> list[RunTable]:
    def at(one: Answer) -> Row:
        return tuple(f"building#{house['id']}" for house in one["buildings"])

    return [_table("front", FRONT, answer["front"], at)]


def _capacity(answer: Answer) -> list[RunTable]:
    places = {**WHO, **_fields(TEXT, "name"), **_fields(NUMBER, "capacity", "wanted", "ratio")}
    every = answer["capacity"]
    return [
        _table("capacity", CAPACITY, every),
        _table("facilities", places, _each(every, "facilities"), _of("facility")),
    ]


def _failures(answer: Answer) -> list[RunTable]:
    name = "repairs" if "repairs" in answer else "failures"
    ranked = [{**one, "rank": at + 1} for at, one in enumerate(answer[name])]
    return [_table(name, RANKED, ranked, _elements)]


def _outages(answer: Answer) -> list[RunTable]:
    def at(one: Answer) -> Row:
        return _elements(one) if "elements" in one else (f"building#{one['id']}",)

    lifts = {**_fields(TEXT, "name"), **_fields(NUMBER, "share_standing", "stops"), **_fields(TRUTH, "assumed")}
    saved = [{**one, "what": what} for what in ("second_lift", "lift_in_walk_up") for one in answer[what]]
    return [
        _table("expected", EXPECTED, answer["expected"]),
        _table("saves", SAVES, _each(saved, "saves"), at),
        _table("lifts", lifts, answer["lifts"], _elements),
    ]


def _shelters(answer: Answer) -> list[RunTable]:
    kept = _fields(NUMBER, "taken", "left")
    stages: Columns = {
        **_fields(NUMBER, "stage", "people"),
        "half_min": _minutes("half_s"),
        "last_min": _minutes("last_s"),
    }
    narrow = {**_fields(TEXT, "kind", "name"), **_fields(NUMBER, "width_m", "people")}
    shelters = {**_fields(TEXT, "name"), **_fields(NUMBER, "room", "filled")}
    return [
        _table("shelters", shelters, answer["shelters"], _of("facility")),
        _table("groups", {"mobility_group": (TEXT, _field("group")), **kept}, answer["groups"]),
        _table("stages", stages, ({**one, "stage": n + 1} for n, one in enumerate(answer["stages"]))),
        _table("bottlenecks", narrow, answer["bottlenecks"], _of("edge")),
        _table("buildings", {**PLACE, **kept}, answer["buildings"], _of("building")),
    ]


def _audit(answer: Answer) -> list[RunTable]:
    def mended(one: Answer) -> Row:
        return (_key(one) if one["kind"] == "facility" else f"edge#{one['id']}",)

    mends = {**_fields(TEXT, "kind", "name"), **_fields(NUMBER, "cost")}
    counted = _fields(NUMBER, "residents", "step_free", "step_free_within", "no_way")
    return [
        _table("mends", mends, answer["mends"]["chosen"], mended),
        _table("breaks", BREAKS, answer["breaks"], _of("edge")),
        _table("step_free", {**_fields(TEXT, "service"), **counted, **_fields(TEXT, "certainty")}, answer["services"]),
    ]


TABLES: Mapping[str, Callable[[Answer], list[RunTable]]] = {
    "coverage": _coverage,
    "scenario": _scenario,
    "siting": _siting,
    "front": _front,
    "capacity": _capacity,
    "failures": _failures,
    "outages": _outages,
    "shelters": _shelters,
    "audit": _audit,
}
