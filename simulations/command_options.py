"""What the commands under `linli simulate` share: their options, the place they ask, progress, and how they end."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    import msgspec

    from simulations.asking import Asked

Word = TypeVar("Word", bound=StrEnum)
Answer = dict[str, Any]

__all__ = [
    "AsJson",
    "At",
    "Cluster",
    "Elements",
    "Groups",
    "Keep",
    "Minutes",
    "PlaceCode",
    "Services",
    "answer",
    "asked_of",
    "chosen",
    "hearing",
    "pairs_of",
    "show",
    "simulating",
]

simulating = typer.Typer(help="Ask the twin: linli simulate QUESTION. 模拟", no_args_is_help=True)

PlaceCode = Annotated[str | None, typer.Option("--place", help="The place's code, where there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Cluster = Annotated[str | None, typer.Option("--cluster", help="A Dask scheduler that computes, tcp://HOST:8786.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the answer under the hash of its inputs.")]
Services = Annotated[list[str] | None, typer.Option("--service", help="Only this service; may be repeated.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="Only this mobility group; may be repeated.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Limit; the norm's where not said.")]
At = Annotated[str | None, typer.Option(help="As of when, such as 2026-11-24T08:00+08:00; now where not said.")]
Elements = list[str] | None

STOPPED = 130  # exit code after Ctrl-C


def answer(
    context: typer.Context,
    name: str,
    fields: Mapping[str, Any],
    place: str | None,
    at: str | None,
    *,
    as_json: bool,
    keep: bool = False,
    cluster: str | None = None,
) -> None:
    """Put a question with these fields, those that are None left out, and print the answer.

    cluster: the scheduler whose workers compute its parts; Refused for a question that has none.
    """
    from simulations import questions

    said = {key: value for key, value in fields.items() if value is not None}
    question = questions.read(name, json.dumps(said).encode())
    if cluster is not None and not questions.QUESTIONS[name].in_parts:
        raise _one_piece(name)
    with hearing() as heard, asked_of(context, place, at) as plain, shared(plain, cluster) as asked:
        found = questions.ask(asked, name, question, heard)
        show(keeping(asked, name, question, found) if keep else found, as_json=as_json)


@contextmanager
def shared(asked: "Asked", address: str | None) -> "Iterator[Asked]":
    """Let the workers of a cluster compute the parts of a question; none where there is no address."""
    from dataclasses import replace

    from simulations.cluster import connected

    if address is None:
        yield asked
        return
    with connected(address) as client:
        yield replace(asked, client=client)


def _one_piece(name: str) -> Exception:
    from twin.errors import Refused

    return Refused(f"{name} is one search over the whole place: a cluster has no part in it; leave --cluster out")


def keeping(asked: "Asked", name: str, question: "msgspec.Struct", found: Answer) -> Answer:
    """Keep an answer, and give it with the hash that it is kept under."""
    from simulations.asking import inputs
    from twin import runs

    rests_on = inputs(asked.community, asked.said, asked.at, name, question)
    kept = runs.keep(asked.connection, asked.community.place.id, name, rests_on, found)
    return {"run": kept, **found}


@contextmanager
def asked_of(context: typer.Context, place: str | None, at: str | None = None) -> "Iterator[Asked]":
    """Open the database, read the place, and what the sensors say of it: now, or at a moment."""
    from simulations import asking
    from twin import db
    from twin.history import parse_moment

    moment = None if at is None else parse_moment(at)
    with db.opened(context.obj()) as engine, engine.begin() as connection:
        yield asking.load(connection, place, moment)


@contextmanager
def hearing() -> Iterator[Callable[[Mapping[str, Any]], bool]]:
    """Show progress on a terminal, and let Ctrl-C end a question in order; a search gives the best it has by then."""
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    is_shown = sys.stderr.isatty()

    def heard(progress: Mapping[str, Any]) -> bool:
        if is_shown:
            said = ", ".join(f"{key} {value}" for key, value in progress.items() if value is not None)
            typer.echo(f"\r\x1b[K{said}", err=True, nl=False)
        return not stop.is_set()

    try:
        yield heard
    except InterruptedError as error:
        typer.echo(f"linli: {error}", err=True)
        raise typer.Exit(STOPPED) from None
    finally:
        signal.signal(signal.SIGINT, before)
        if is_shown:
            typer.echo("\r\x1b[K", err=True, nl=False)


def chosen(kind: type[Word], words: list[str] | None) -> list[Word] | None:
    """Read words of the vocabulary; None where none are given. Refuses others."""
    from twin.errors import Refused

    try:
        return [kind(word) for word in words] if words else None
    except ValueError as error:
        raise Refused(f"{error}; one of {', '.join(kind)}") from error


def pairs_of(words: list[str], *, example: str) -> dict[str, float]:
    """Read words such as KIND=COST; refuses what is none."""
    from twin.errors import Refused

    found = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise Refused(f"{word!r} has no number; write it as {example}") from None
    return found


def show(found: Answer, *, as_json: bool) -> None:
    """Print an answer as JSON: in one line for programs, indented for people."""
    typer.echo(json.dumps(found, ensure_ascii=False, indent=None if as_json else 2))
