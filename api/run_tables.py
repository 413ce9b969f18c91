"""A run's answer as tables: what a screen lists, and a file holds, row by row; each row says where it stands.

One function a question; a table's rows are in the order of its columns. Numbers of people are the answer's own, which
may be shown (`twin.counts`).
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
NUMBER, TEXT, TRUTH = Kind.NUMBER, Kind.TEXT, Kind.TRUTH
COUNTED = {"residents": NUMBER, "certain": NUMBER, "possible": NUMBER, "share": NUMBER, "share_possible": NUMBER}
ASKED = {"service": TEXT, "mobility_group": TEXT}


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


def _counted(row: Answer) -> Row:
    return tuple(row[name] for name in COUNTED)


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 1)


def _who(one: Answer) -> Row:
    return one["service"], one["group"]


def _key(element: Answer) -> str:
    return f"{element['kind']}#{element['id']}"


def _coverage(answer: Answer) -> list[RunTable]:
    every = answer["coverage"]
    norm = answer["norm"]
    services = [
        (
            *_who(one),
            _minutes(one["limit_s"]),
            *_counted(one["total"]),
            one["total"]["residents"] - one["total"]["possible"],
            _minutes(one["median_s"]),
            _minutes(one["p90_s"]),
            one["norm_clause"]["minutes"],
            one["norm_clause"]["clause"],
            one["certainty"],
            norm["id"],
            norm["version"],
            one["metres"]["limit_m"],
            one["metres"]["share"],
            one["circle"]["share"],
        )
        for one in every
    ]
    columns = {
        **ASKED,
        "limit_min": NUMBER,
        **COUNTED,
        "beyond": NUMBER,
        "median_min": NUMBER,
        "p90_min": NUMBER,
        "norm_min": NUMBER,
        "clause": TEXT,
        "certainty": TEXT,
        "norm": TEXT,
        "norm_version": TEXT,
        "norm_m": NUMBER,
        "share_m": NUMBER,
        "share_circle": NUMBER,
    }
    ages = [(*_who(one), band["band"], *_counted(band)) for one in every for band in one["bands"]]
    hours = [(*_who(one), hour["moment"], *_counted(hour)) for one in every for hour in one.get("hours", ())]
    return [
        RunTable("services", columns, services),
        RunTable("ages", {**ASKED, "band": TEXT, **COUNTED}, ages),
        *_areas(every),
        RunTable("hours", {**ASKED, "moment": TEXT, **COUNTED}, hours),
    ]


def _areas(every: Iterable[Answer]) -> list[RunTable]:
    """Give the areas, of whatever level: grids, communities and streets by code, buildings by id."""
    rows, at = [], []
    for one in every:
        for area in one.get("areas", ()):
            is_building = "id" in area
            beyond = area["residents"] - area["possible"]
            rows.append((*_who(one), area.get("code", area.get("id")), area.get("name"), *_counted(area), beyond))
            at.append((f"building#{area['id']}",) if is_building else (f"grid#{area['code']}",) if area["code"] else ())
    columns = {**ASKED, "code": TEXT, "name": TEXT, **COUNTED, "beyond": NUMBER}
    return [RunTable("areas", columns, [(*r[:2], None if r[2] is None else str(r[2]), *r[3:]) for r in rows], at)]


def _scenario(answer: Answer) -> list[RunTable]:
    outcomes = [
        (
            *_who(one),
            _minutes(one["limit_s"]),
            one["residents"],
            one["before"]["within"],
            one["after"]["within"],
            one["before"]["share"],
            one["after"]["share"],
            *(sum(one[name].values()) for name in ("gained", "gained_possible", "lost", "lost_possible")),
            one["norm"]["clause"],
            one["certainty"],
            one["norm"]["id"],
            one["norm"]["version"],
        )
        for one in answer["outcomes"]
    ]
    counts = ("gained", "gained_possible", "lost", "lost_possible")
    columns = {
        **ASKED,
        "limit_min": NUMBER,
        "residents": NUMBER,
        "before": NUMBER,
        "after": NUMBER,
        "share_before": NUMBER,
        "share_after": NUMBER,
        **dict.fromkeys(counts, NUMBER),
        "clause": TEXT,
        "certainty": TEXT,
        "norm": TEXT,
        "norm_version": TEXT,
    }
    houses = [(one, each) for one in answer["outcomes"] for each in one["buildings"]]
    rows = [(*_who(one), each["id"], None, each["gained"], each["lost"]) for one, each in houses]
    at = [(f"building#{each['id']}",) for _, each in houses]
    house = {**ASKED, "id": NUMBER, "name": TEXT, "gained": NUMBER, "lost": NUMBER}
    return [RunTable("outcomes", columns, outcomes), RunTable("buildings", house, rows, at), _edits(answer["edits"])]


def _edits(edits: Iterable[Answer]) -> RunTable:
    names = ("element", "facility", "building")
    fields = ("service", "name", "lon", "lat", "capacity", "opening_hours")
    columns = {"edit": TEXT, "element": TEXT} | {
        name: NUMBER if name in {"lon", "lat", "capacity"} else TEXT for name in fields
    }
    rows = [
        (
            edit["edit"],
            next((edit[name] for name in names if name in edit), None),
            *(edit.get(name) for name in fields),
        )
        for edit in edits
    ]
    return RunTable("edits", columns, rows)


def _siting(answer: Answer) -> list[RunTable]:
    one = answer["siting"]
    summary = (
        "goal",
        "residents",
        "within_limit_now",
        "within_limit_then",
        "gained",
        "value",
        "bound",
        "gap",
        "proven",
    )
    kinds = dict.fromkeys(summary, NUMBER) | {"goal": TEXT, "proven": TRUTH}
    row = (*_who(one), _minutes(one["limit_s"]), *(one[name] for name in summary), one["certainty"])
    new = [site for site in one["sites"] if not site["there"]]
    there = [site for site in one["sites"] if site["there"]]
    place = {"id": NUMBER, "name": TEXT, "lon": NUMBER, "lat": NUMBER}
    return [
        RunTable(
            "sites",
            place,
            [(site["id"], site["name"], site["lon"], site["lat"]) for site in new],
            [(f"building#{site['id']}",) for site in new],
        ),
        RunTable("summary", {**ASKED, "limit_min": NUMBER, **kinds, "certainty": TEXT}, [row]),
        RunTable(
            "existing",
            {"id": NUMBER, "name": TEXT},
            [(site["id"], site["name"]) for site in there],
            [(f"facility#{site['id']}",) for site in there],
        ),
    ]


def _front(answer: Answer) -> list[RunTable]:
    points = answer["front"]
    columns = {
        "cost": NUMBER,
        "new_sites": NUMBER,
        "within_limit": NUMBER,
        "bound": NUMBER,
        "proven": TRUTH,
        "name": TEXT,
    }
    rows = [
        (
            one["cost"],
            len(one["buildings"]),
            one["within_limit"],
            one["bound"],
            one["proven"],
            ", ".join(house["name"] or f"#{house['id']}" for house in one["buildings"]),
        )
        for one in points
    ]
    return [
        RunTable("front", columns, rows, [tuple(f"building#{h['id']}" for h in one["buildings"]) for one in points])
    ]


def _capacity(answer: Answer) -> list[RunTable]:
    every = answer["capacity"]
    names = ("residents", "within_limit", "seats", "seated")
    columns = {**ASKED, "limit_min": NUMBER} | dict.fromkeys(names, NUMBER)
    rows = [
        (
            *_who(one),
            _minutes(one["limit_s"]),
            *(one[name] for name in names),
            one["share"]["median"],
            one["share"]["lowest_tenth"],
            one["certainty"],
        )
        for one in every
    ]
    places = [(one, each) for one in every for each in one["facilities"]]
    return [
        RunTable("capacity", columns | {"seats_median": NUMBER, "seats_lowest_tenth": NUMBER, "certainty": TEXT}, rows),
        RunTable(
            "facilities",
            {**ASKED, "name": TEXT, "capacity": NUMBER, "wanted": NUMBER, "ratio": NUMBER},
            [(*_who(one), each["name"], each["capacity"], each["wanted"], each["ratio"]) for one, each in places],
            [(f"facility#{each['id']}",) for _, each in places],
        ),
    ]


def _failures(answer: Answer) -> list[RunTable]:
    name = "repairs" if "repairs" in answer else "failures"
    ranked = answer[name]
    columns = {"rank": NUMBER, "kind": TEXT, "name": TEXT, "total": NUMBER, "person_minutes": NUMBER, "services": TEXT}
    rows = [
        (
            at + 1,
            one["elements"][0]["kind"],
            one["name"],
            one["total"],
            one["person_minutes"],
            ", ".join(f"{service} {n}" for service, n in one["services"].items() if n),
        )
        for at, one in enumerate(ranked)
    ]
    return [RunTable(name, columns, rows, [tuple(map(_key, one["elements"])) for one in ranked])]


def _outages(answer: Answer) -> list[RunTable]:
    names = ("residents", "never", "hours_per_resident", "standard_error", "worst_hours", "certainty")
    expected = [(*_who(one), _minutes(one["limit_s"]), *(one[name] for name in names)) for one in answer["expected"]]
    kinds = dict.fromkeys(names, NUMBER) | {"certainty": TEXT}
    lifts = [(None, one["share_standing"], one["stops"], one["assumed"]) for one in answer["lifts"]]
    columns = {"name": TEXT, "share_standing": NUMBER, "stops": NUMBER, "assumed": TRUTH}
    saved = [("second_lift", tuple(map(_key, one["elements"])), None, one) for one in answer["second_lift"]]
    saved += [("lift_in_walk_up", (f"building#{one['id']}",), one["name"], one) for one in answer["lift_in_walk_up"]]
    each = [(what, at, name, save) for what, at, name, one in saved for save in one["saves"]]
    return [
        RunTable("expected", {**ASKED, "limit_min": NUMBER, **kinds}, expected),
        RunTable(
            "saves",
            {"what": TEXT, "name": TEXT, **ASKED, "person_hours": NUMBER, "standard_error": NUMBER},
            [(what, name, *_who(one), one["person_hours"], one["standard_error"]) for what, _, name, one in each],
            [at for _, at, _, _ in each],
        ),
        RunTable("lifts", columns, lifts, [tuple(map(_key, one["elements"])) for one in answer["lifts"]]),
    ]


def _shelters(answer: Answer) -> list[RunTable]:
    parts: dict[str, tuple[dict[str, Kind], str]] = {
        "shelters": ({"name": TEXT, "room": NUMBER, "filled": NUMBER}, "facility"),
        "bottlenecks": ({"kind": TEXT, "name": TEXT, "width_m": NUMBER, "people": NUMBER}, "edge"),
        "buildings": ({"id": NUMBER, "name": TEXT, "taken": NUMBER, "left": NUMBER}, "building"),
    }
    whole = RunTable(
        "groups",
        {"mobility_group": TEXT, "taken": NUMBER, "left": NUMBER},
        [(one["group"], one["taken"], one["left"]) for one in answer["groups"]],
    )
    stages = RunTable(
        "stages",
        {"stage": NUMBER, "people": NUMBER, "half_min": NUMBER, "last_min": NUMBER},
        [(n + 1, s["people"], _minutes(s["half_s"]), _minutes(s["last_s"])) for n, s in enumerate(answer["stages"])],
    )
    found = [
        RunTable(
            name,
            columns,
            [tuple(row.get(column) for column in columns) for row in answer[name]],
            [(f"{kind}#{row['id']}",) for row in answer[name]],
        )
        for name, (columns, kind) in parts.items()
    ]
    return [found[0], whole, stages, *found[1:]]


def _audit(answer: Answer) -> list[RunTable]:
    names = ("residents", "step_free", "step_free_within", "no_way", "certainty")
    kinds = dict.fromkeys(names, NUMBER) | {"certainty": TEXT}
    breaks = [
        (
            one["kind"],
            one.get("name"),
            max(one["people"].values(), default=0),
            ", ".join(each["clause"] or each["element"] for each in one["fails"]),
            ", ".join(one["not_measured"]),
        )
        for one in answer["breaks"]
    ]
    columns = {"kind": TEXT, "name": TEXT, "people": NUMBER, "fails": TEXT, "not_measured": TEXT}
    services = [(one["service"], *(one[name] for name in names)) for one in answer["services"]]
    mends = answer["mends"]["chosen"]
    return [
        RunTable(
            "mends",
            {"kind": TEXT, "name": TEXT, "cost": NUMBER},
            [(one["kind"], one.get("name"), one["cost"]) for one in mends],
            [(_key(one) if one["kind"] == "facility" else f"edge#{one['id']}",) for one in mends],
        ),
        RunTable("breaks", columns, breaks, [(f"edge#{one['id']}",) for one in answer["breaks"]]),
        RunTable("step_free", {"service": TEXT, **kinds}, services),
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
