"""Alarm rules as people make and change them, and what each was before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from twin.alarm_rules import rule
from twin.db import REFUSED, Connection
from twin.errors import NotFound, Refused

__all__ = ["EDITABLE", "change", "history", "make", "remove"]

# What a person may change of a rule; what it is about (its name, kind, device type and property) stays.
EDITABLE = (
    "severity",
    "above",
    "below",
    "clear_below",
    "clear_above",
    "within_s",
    "hold_s",
    "lock_s",
    "intervals",
    "people",
    "escalate_after_s",
    "enabled",
)
OWN = "the city's own"  # where its number comes from, once somebody has changed it
PAST = """
SELECT m.*, r.at, r.actor, r.reason FROM (
       SELECT {columns}, revision FROM alarm_rule UNION ALL SELECT {columns}, revision FROM alarm_rule_past) m
  JOIN revision r ON r.id = m.revision WHERE m.id = :id ORDER BY m.revision DESC
"""


def change(connection: Connection, rule_id: int, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is given of a rule, and give it as it is then.

    Raises NotFound, and Refused where a rule of its kind cannot be so.
    """
    before = rule(connection, rule_id)
    whole = {name: before[name] for name in EDITABLE} | dict(wanted)
    _check(whole)
    sets = ", ".join(f"{name} = :{name}" for name in EDITABLE)
    numbers = any(whole[name] != before[name] for name in EDITABLE if name not in {"severity", "enabled"})
    source = OWN if numbers else before["source"]
    try:
        with connection.begin_nested():
            connection.execute(
                sa.text(f"UPDATE alarm_rule SET {sets}, source = :source WHERE id = :id"),
                whole | {"id": rule_id, "source": source},
            )
    except REFUSED:
        raise Refused(f"a rule of the kind {before['kind']} cannot be without this limit") from None
    return rule(connection, rule_id)


def make(connection: Connection, like: int, thing_key: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Make a rule for one device alone, in the place of that of its type, with what is given changed.

    Raises NotFound, and Refused where the device has one already, is of another type, or a rule cannot be so.
    """
    model = rule(connection, like)
    thing = connection.execute(sa.text("SELECT id, kind FROM thing WHERE key = :key"), {"key": thing_key}).one_or_none()
    if thing is None:
        raise NotFound(f"no device {thing_key}")
    if model["thing_kind"] not in {None, thing.kind}:
        raise Refused(f"the rule is for the type {model['thing_kind']}; {thing_key} is a {thing.kind}")
    whole = {name: model[name] for name in EDITABLE} | dict(wanted)
    _check(whole)
    kept = ("name", "kind", "thing_kind", "property", "from_local", "until_local", "service", "mobility_group")
    values = whole | {name: model[name] for name in kept} | {"thing": thing.id, "source": OWN}
    columns = (*EDITABLE, *kept)
    try:
        with connection.begin_nested():
            made = connection.scalar(
                sa.text(f"""
                INSERT INTO alarm_rule ({", ".join(columns)}, thing_id, source, certainty)
                VALUES ({", ".join(f":{name}" for name in columns)}, :thing, :source, 'A') RETURNING id
                """),
                values,
            )
    except REFUSED:
        raise Refused(f"{thing_key} has a rule {model['name']} of its own already, or it lacks a limit") from None
    assert made is not None
    return rule(connection, int(made))


def remove(connection: Connection, rule_id: int) -> None:
    """Take away the rule of one device alone; that of its type holds again.

    Raises NotFound, and Refused for the rule of a type: that is switched off.
    """
    found = rule(connection, rule_id)
    if found["thing_id"] is None:
        raise Refused("the rule of a type is switched off, not removed")
    connection.execute(sa.text("DELETE FROM alarm_rule WHERE id = :id"), {"id": rule_id})


def history(connection: Connection, rule_id: int) -> list[dict[str, Any]]:
    """Give what may be changed of a rule as it is and was, with when, by whom and why; the newest first."""
    rule(connection, rule_id)
    columns = ", ".join(("id", *EDITABLE, "source"))
    return [dict(row) for row in connection.execute(sa.text(PAST.format(columns=columns)), {"id": rule_id}).mappings()]


def _check(whole: Mapping[str, Any]) -> None:
    """Refuse limits that make no sense together."""
    above, below = whole["above"], whole["below"]
    if whole["clear_below"] is not None and (above is None or whole["clear_below"] > above):
        raise Refused("clear_below is the limit above, or lower: that is the hysteresis")
    if whole["clear_above"] is not None and (below is None or whole["clear_above"] < below):
        raise Refused("clear_above is the limit below, or higher: that is the hysteresis")
