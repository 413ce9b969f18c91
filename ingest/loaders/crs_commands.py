"""The commands under `linli crs`: what a file's coordinates are."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ingest.loaders.layer_points import Floats

__all__ = ["crs"]

crs = typer.Typer(help="Coordinates: which datum a file is in. 坐标系", no_args_is_help=True)


@crs.callback()
def _group() -> None:
    """Keep `guess` a command of its own while it is the only one."""


@crs.command("guess")
def guess_crs(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A layer of streets best; or a table with lon and lat, or x and y.")],
    *,
    place: Annotated[str | None, typer.Option(help="The place's code, where there are several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare a file with the loaded network under each datum, and say which it is, or that it cannot be told. 判断坐标系"""
    import msgspec

    from ingest.loaders import layer_points
    from twin import crs_guess, db, places

    at: tuple[Floats, Floats] = layer_points.read(file)
    with db.opened(context.obj()) as engine, engine.connect() as connection:
        here = places.get(connection, place)
        found = crs_guess.guess(crs_guess.street_lines(connection, here), here, *at)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for line in found.lines():
        typer.echo(line)
