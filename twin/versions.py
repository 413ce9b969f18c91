"""The state that one thing is in, as a short text that is another as soon as anything is: what an ETag is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa

from twin.db import Connection

__all__ = ["TAGGED", "Tagged", "version"]


@dataclass(frozen=True, slots=True)
class Tagged:
    """A kind of thing: its table, what names one, which names are none, and what else belongs to its state."""

    table: str
    key: str
    names: re.Pattern[str]
    also: str = "NULL"


NUMBER, TEXT = re.compile(r"[1-9]\d{0,17}"), re.compile(r"[^\x00-\x1f\x7f]{1,1000}")
TAGGED = {
    "alarm": Tagged(
        "alarm",
        "id",
        NUMBER,
        "(SELECT max(e.id) FROM alarm_event e WHERE e.alarm_id = one.id), "
        "(SELECT row(t.name, t.name_zh, t.point) FROM thing t WHERE t.id = one.thing_id), "
        "(SELECT count(*) FROM alarm s WHERE s.suppressed_by = one.id AND s.cleared_at IS NULL)",
    ),
    "alarm rule": Tagged("alarm_rule", "id", NUMBER),
    "device": Tagged("thing", "key", TEXT),
    "account": Tagged("user_account", "name", TEXT),
    "notice": Tagged("notice", "id", NUMBER),
    "import": Tagged("import_job", "id", NUMBER),
    "mapping": Tagged("mapping", "id", NUMBER),
    "run": Tagged("run", "hash", re.compile(r"[0-9a-f]{64}")),
}


def version(connection: Connection, kind: str, key: str, *, hold: bool = False) -> str | None:
    """Give the version of the thing of a key; None where there is none to be seen.

    hold: nobody else changes it until this transaction ends, which then needs the right to change it.
    """
    tagged = TAGGED[kind]
    if not tagged.names.fullmatch(key):
        return None
    named = {"key": int(key) if tagged.names is NUMBER else key}
    if hold:
        connection.execute(sa.text(f"SELECT FROM {tagged.table} WHERE {tagged.key} = :key FOR UPDATE"), named)
    # two statements: the second sees what was committed while the first waited
    found = connection.scalar(
        sa.text(f"SELECT md5(row(one, {tagged.also})::text) FROM {tagged.table} one WHERE {tagged.key} = :key"), named
    )
    return None if found is None else str(found)
