"""The command `linli decode`: what a payload would be read as."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["decode"]


def decode(
    topic: str,
    file: Path,
    decoder: Annotated[str, typer.Option(help="The payload format.")],
    mapping: Annotated[Path | None, typer.Option(help="The mapping file of the decoder `mapped`.")] = None,
    zone: Annotated[str | None, typer.Option(help="The devices' time zone, where they state none.")] = None,
) -> None:
    """Show what a payload would be read as; nothing is stored. 试解码"""
    from ingest import preview

    for line in preview.lines(topic, file.read_bytes(), decoder=decoder, mapping=mapping, zone=zone):
        typer.echo(line)
