"""People at risk, as counts by building, grid or cell, apart from the residents: never a person, never fewer than ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from twin.db import Connection
from twin.staging import Merged, driver, stage

__all__ = ["SMALL", "AreaKind", "Shown", "WelfareGroup", "WelfareRow", "hidden", "shown", "store"]

SMALL = 10  # people at risk are not told apart below this (P02 of the design's privacy table)


class WelfareGroup(StrEnum):
    """Whom somebody should look after."""

    LIVING_ALONE = "living_alone"  # 独居老人
    DISABLED = "disabled"  # 残疾人
    LEFT_BEHIND = "left_behind"  # 留守老人、留守儿童、留守妇女


class AreaKind(StrEnum):
    """What a count is of."""

    BUILDING = "building"  # 楼栋
    GRID = "grid"  # 网格
    CELL = "cell"  # 格网单元


@dataclass(frozen=True, slots=True)
class WelfareRow:
    """How many people of a group there are in an area."""

    area_kind: AreaKind
    area_code: str
    group: WelfareGroup
    people: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A count as it may be shown: None where it is hidden, itself or so that another does not follow from the sum."""

    area_kind: str
    area_code: str
    group: str
    people: int | None


def store(connection: Connection, place_id: int, rows: Sequence[WelfareRow]) -> Merged:
    """Make the welfare counts of a place these, and give what changed of those above 0."""
    columns = {"area_kind": "text", "area_code": "text", "welfare_group": "text", "people": "integer"}
    stage(
        connection,
        "staged_welfare",
        columns,
        ((row.area_kind, row.area_code, row.group, row.people) for row in rows if row.people),
    )
    with driver(connection).cursor() as cursor:
        removed = cursor.execute(REMOVE, {"place": place_id}).rowcount
        written = [is_new for (is_new,) in cursor.execute(WRITE, {"place": place_id}).fetchall()]
    return Merged(added=sum(written), changed=len(written) - sum(written), removed=removed)


def shown(connection: Connection, place_id: int) -> list[Shown]:
    """Give the welfare counts of a place by area, with those that may not be shown as None.

    The sums of a group over the areas of a kind may be shown beside them: no hidden count follows.
    """
    rows = connection.execute(sa.text(COUNTS), {"place": place_id}).all()
    by_column: dict[tuple[str, str], list[int]] = {}
    for at, row in enumerate(rows):
        by_column.setdefault((row.area_kind, row.welfare_group), []).append(at)
    out = {each[i] for each in by_column.values() for i in hidden([rows[at].people for at in each])}
    return [
        Shown(row.area_kind, row.area_code, row.welfare_group, None if at in out else row.people)
        for at, row in enumerate(rows)
    ]


def hidden(people: Sequence[int], k: int = SMALL) -> set[int]:
    """Say which of these counts to hide when their sum is shown: those from 1 to k-1, and the next larger with them.

    The next larger go too for as long as only one is hidden, or the hidden ones together are fewer than k.
    """
    order = sorted((n, at) for at, n in enumerate(people) if n)
    out = [at for n, at in order if n < k]
    rest = [at for n, at in order if n >= k]
    while out and rest and (len(out) == 1 or sum(people[at] for at in out) < k):
        out.append(rest.pop(0))
    return set(out)


REMOVE = """
DELETE FROM welfare_count AS old WHERE old.place_id = %(place)s AND NOT EXISTS (
    SELECT FROM staged_welfare AS new
    WHERE (new.area_kind, new.area_code, new.welfare_group) = (old.area_kind, old.area_code, old.welfare_group))
"""

WRITE = """
INSERT INTO welfare_count AS old (place_id, area_kind, area_code, welfare_group, people)
SELECT %(place)s, area_kind, area_code, welfare_group, people FROM staged_welfare
ON CONFLICT (place_id, area_kind, area_code, welfare_group) DO UPDATE SET people = excluded.people
WHERE old.people <> excluded.people
RETURNING old.xmax = 0
"""

COUNTS = """
SELECT area_kind, area_code, welfare_group, people FROM welfare_count WHERE place_id = :place
ORDER BY area_kind, area_code COLLATE "C", welfare_group
"""
