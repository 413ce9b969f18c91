"""Load people at risk, as counts: columns group, people, and one of building, grid or cell.

They are kept apart from the residents and never shown below ten. The file is all that is known: what it does not say is
removed. A file with names in it is refused as any other is: linli holds no register of persons.
"""

from __future__ import annotations

from pathlib import Path

from ingest.loaders import table
from ingest.loaders.areas import AREAS, Areas
from ingest.loaders.receipt import Receipt
from ingest.loaders.residents import SQUARE_M
from twin import places, residents, welfare
from twin.db import Connection
from twin.errors import Refused
from twin.welfare import AreaKind, WelfareGroup, WelfareRow

__all__ = ["load"]

NEEDED = ("group", "people")
SAME = {
    "独居老人": "living_alone",
    "独居": "living_alone",
    "残疾人": "disabled",
    "残疾": "disabled",
    "留守": "left_behind",
}
MOST = 100_000


def load(connection: Connection, path: Path, *, place: places.Place, partial: bool = False) -> Receipt:
    """Load the welfare counts of a place.

    Raises Refused where the file is no such table, and where a row is refused and partial is not said: nothing is
    loaded then.
    """
    where = residents.dwellings(connection, place.id)
    areas = Areas.of(connection, place, where, datum=None, square_m=SQUARE_M)

    def parse(fields: table.Row) -> WelfareRow:
        group = SAME.get(fields["group"], fields["group"])
        if group not in list(WelfareGroup):
            raise Refused(f"unknown group {group[:40]!r}; there are {', '.join(WelfareGroup)}")
        people = fields["people"]
        if not (people.isascii() and people.isdecimal() and int(people) <= MOST):
            raise Refused(f"people {people[:40]!r} is not a whole number from 0 to {MOST}")
        area = areas.area(fields)
        if area is None:
            raise Refused(f"no {' or '.join(AREAS)}")
        return WelfareRow(AreaKind(area.kind), area.code, WelfareGroup(group), int(people))

    found = table.read(
        path, parse, needed=NEEDED, optional=AREAS, key=lambda row: (row.area_kind, row.area_code, row.group)
    )
    if not partial:
        found.refuse_rejected()
    merged = welfare.store(connection, place.id, list(found.taken.values()))
    return Receipt(
        "welfare counts",
        found.count,
        merged.added,
        merged.changed,
        merged.removed,
        found.receipt_rows(),
        (*found.notes, f"counts below {welfare.SMALL} are kept but never shown"),
    )
