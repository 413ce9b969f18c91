"""The commands under `linli quarantine`, and `linli account`: what was set aside, and whether all adds up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ingest.settings import IngestSettings
    from twin.db import Connection
    from twin.quarantine import Kept

__all__ = ["account", "quarantining"]

quarantine = typer.Typer(help="What was set aside: linli quarantine list|show|retry. 隔离区", no_args_is_help=True)
account = typer.Typer(help="Whether all that came is accounted for. 账目", invoke_without_command=True)

SETTINGS = "linli.ingest.settings"  # under which the context knows them
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Numbers = Annotated[list[int], typer.Argument(help="The numbers that `linli quarantine list` gives.")]


def quarantining(settings: "Callable[[], IngestSettings]") -> typer.Typer:
    """Give the commands on what is set aside; `settings` says which decoder reads what is tried again."""

    @quarantine.callback()
    def remember(context: typer.Context) -> None:
        context.meta[SETTINGS] = settings

    return quarantine


@quarantine.command("list")
def list_kept(
    context: typer.Context,
    *,
    reason: Annotated[str | None, typer.Option(help="Of this reason code only, such as unknown_device.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List what is set aside, the last seen first. 列表"""
    from twin import quarantine as keeping
    from twin.reasons import Reason

    with _transaction(context) as connection:
        rows = keeping.kept(connection, reason_code=reason, limit=limit)
    if as_json:
        _say_json([_shown(row) for row in rows])
        return
    for row in rows:
        words = Reason(row.reason_code).words
        typer.echo("\t".join((str(row.id), f"{row.count}x", row.reason_code, words, row.topic, row.reason)))


@quarantine.command("show")
def show_kept(context: typer.Context, number: int) -> None:
    """Show one with its payload and whether it can be tried again, as JSON. 查看"""
    from twin import quarantine as keeping

    with _transaction(context) as connection:
        row = keeping.find(connection, number)
    _say_json(_shown(row) | {"payload": row.payload.decode("utf-8", "backslashreplace")})


@quarantine.command("retry")
def retry_kept(context: typer.Context, numbers: Numbers, *, as_json: AsJson = False) -> None:
    """Try again what was set aside, after a device was enrolled or a mapping mended; each in its own transaction. 重试"""
    import dataclasses

    from ingest import retrying
    from twin.errors import NotFound, Refused

    settings: IngestSettings = context.meta[SETTINGS]()
    answers: list[dict[str, object]] = []
    for number in numbers:
        try:
            with _transaction(context) as connection:
                answers.append(dataclasses.asdict(retrying.retry(connection, settings, number)))
        except (NotFound, Refused) as error:
            answers.append({"id": number, "reason": str(error)})
    if as_json:
        _say_json(answers)
        return
    for answer in answers:
        typer.echo(", ".join(f"{name}: {value}" for name, value in answer.items() if value != ""))


@account.callback()
def balance(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Compare what came with what is stored; exit code 1 where they differ. 账目核对"""
    from datetime import UTC, datetime

    from twin import account as accounts

    with _transaction(context) as connection:
        found, whole = accounts.check(connection, datetime.now(UTC)), accounts.total(connection)
    answer = {
        "messages": whole.messages,
        "received": whole.received,
        "stored": whole.stored,
        "duplicate": whole.duplicate,
        "conflict": whole.conflict,
        "quarantined": whole.quarantined,
        "stored_in_tables": found.inserted,
        "quarantined_in_tables": found.set_aside,
        "true": found.is_true,
    }
    if as_json:
        _say_json(answer)
    else:
        typer.echo("\n".join(f"{name:<22} {value}" for name, value in answer.items()))
    if not found.is_true:
        raise SystemExit(1)


def _shown(row: "Kept") -> dict[str, object]:
    """Give a row for the eye: what can be tried again is the kept payload, once."""
    import dataclasses

    from twin.reasons import Reason

    whole = row.payload_bytes == len(row.payload) and row.retried_at is None
    fields = {name: value for name, value in dataclasses.asdict(row).items() if name != "payload"}
    words = Reason(row.reason_code).words
    return fields | {"reason_zh": words, "can_retry": whole, "folded": row.count - 1}


@contextmanager
def _transaction(context: typer.Context) -> "Iterator[Connection]":
    from twin import db

    with db.opened(context.obj()) as engine, engine.begin() as connection:
        yield connection


def _say_json(found: object) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(found).decode())
