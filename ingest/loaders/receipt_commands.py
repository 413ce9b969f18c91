"""The commands under `linli load` that look back: what was imported, and taking an import back."""

import json
from typing import Annotated

import typer

__all__ = ["add_to"]


def add_to(loading: typer.Typer) -> None:
    """Add the commands to those that load."""
    loading.command("receipts")(receipts)
    loading.command("undo")(undo)


def receipts(
    context: typer.Context, *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False
) -> None:
    """List what was imported, by whom and when, the latest first. 导入回执"""
    import msgspec

    from twin import db
    from twin import receipts as kept

    with db.opened(context.obj()) as engine, engine.connect() as connection:
        for entry in kept.entries(connection):
            if as_json:
                typer.echo(json.dumps(msgspec.to_builtins(entry), ensure_ascii=False))
                continue
            state = f", taken back by {entry.undone_by} {entry.undone_at:%Y-%m-%d %H:%M}" if entry.undone_at else ""
            typer.echo(
                f"{entry.id}: {entry.at:%Y-%m-%d %H:%M} {entry.actor} {entry.kind} {entry.file_name}: "
                f"{entry.read} read, {entry.added} added, {entry.changed} changed, {entry.removed} removed, "
                f"{entry.rejected} rejected{state}"
            )


def undo(
    context: typer.Context,
    receipt: Annotated[int, typer.Argument(help="Its number, as linli load receipts shows it.")],
    *,
    actor: Annotated[str, typer.Option(help="Who takes it back.")] = "system",
) -> None:
    """Put back exactly what was before an import; refused where later changes stand on it. 撤销导入"""
    from ingest.loaders.lines import shown
    from twin import db
    from twin import receipts as kept
    from twin.errors import NotFound, Refused

    try:
        with db.opened(context.obj()) as engine, engine.begin() as connection:
            done = kept.undo(connection, receipt, actor)
    except (Refused, NotFound) as refusal:
        raise type(refusal)(shown(str(refusal))) from None
    rows = ", ".join(f"{count} of {table}" for table, count in done.items())
    typer.echo(shown(f"receipt {receipt} is taken back; rows put back or removed: {rows}"))
