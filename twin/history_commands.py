"""The commands `linli history` and `linli edit`: how one element of the twin came to be as it is, and correcting it."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from twin.history import Change

__all__ = ["edit", "history"]

SHAPES = ("point", "geom", "boundary", "entrance")  # too long for a line


def history(
    context: typer.Context,
    element: Annotated[
        str,
        typer.Argument(
            help="edge:SOURCE, node:, building:, facility:, grid:CODE, thing:KEY, residents:, norms:SET, binding:KEY."
        ),
    ],
    *,
    place: Annotated[str | None, typer.Option(help="The place's code, where there are several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell how an element came to be as it is: when, by whom, why, and what it was before. 变更历史"""
    import msgspec

    from twin import db, places
    from twin.history import changes

    with db.opened(context.obj()) as engine, engine.connect() as connection:
        for change in changes(connection, places.get(connection, place).id, element):
            told = json.dumps(msgspec.to_builtins(change), ensure_ascii=False) if as_json else _line(change)
            typer.echo(told)


def _line(change: "Change") -> str:
    head = f"{change.at:%Y-%m-%d %H:%M:%S} {change.actor} ({change.reason or 'no reason given'}) {change.row}:"
    if change.is_gone:
        return f"{head} gone"
    if not change.before:
        return f"{head} added"
    steps = (
        f"{name} {_short(name, change.before.get(name))} → {_short(name, new)}" for name, new in change.after.items()
    )
    return f"{head} {', '.join(steps)}"


def _short(name: str, value: Any) -> str:
    return "…" if name in SHAPES and value is not None else "–" if value is None else str(value)


def edit(
    context: typer.Context,
    element: Annotated[str, typer.Argument(help="edge:SOURCE, building:SOURCE or facility:SOURCE.")],
    values: Annotated[list[str], typer.Argument(help="COLUMN=VALUE, such as width_m=1.2; COLUMN= is: not known.")],
    *,
    reason: Annotated[str, typer.Option(help="Why: how it is known.")],
    actor: Annotated[str, typer.Option(help="Who says so.")] = "system",
    place: Annotated[str | None, typer.Option(help="The place's code, where there are several.")] = None,
) -> None:
    """Correct an element by hand; the next import leaves it so. 人工更正"""
    from twin import by_hand, db, places
    from twin.acting import acting
    from twin.errors import Refused

    if wrong := [value for value in values if "=" not in value]:
        raise Refused(f"{wrong[0]!r} is not COLUMN=VALUE")
    said = {name: text or None for name, _, text in (value.partition("=") for value in values)}
    with db.opened(context.obj()) as engine, engine.begin() as connection:
        acting(connection, actor, reason)
        changed = by_hand.correct(connection, places.get(connection, place).id, element, said)
    typer.echo(f"{changed} corrected; linli history {element} shows it")
