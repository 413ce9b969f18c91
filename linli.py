"""The command line: read the settings, join the folders, refuse at the edge.

To add a command, write a short function under `@app.command()` that imports what it runs
inside, so that `linli --help` stays quick. To add a section of settings, add a line to
SECTIONS: it is read from linli.toml and from LINLI_<SECTION>__<NAME>.
"""

import importlib
import importlib.util
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable
    from datetime import tzinfo

    from pydantic import BaseModel

    from ingest.settings import Broker, IngestSettings
    from ingest.subscribers import Reader, Writer
    from twin.enrolment import Device

    Model = TypeVar("Model", bound=BaseModel)

FOLDERS = ("twin", "ingest", "simulations", "viz", "api", "deploy")
SECTIONS = {
    "services": "deploy.settings:ServiceSettings",
    "storage": "twin.settings:StorageSettings",
    "ingest": "ingest.settings:IngestSettings",
    "serve": "api.settings:ServeSettings",
}
# Commands that live in the folder they belong to.
GROUPS = {
    "load": "ingest.loaders.commands:loading",
    "crs": "ingest.loaders.crs_commands:crs",
    "account": "ingest.truth_commands:account",
    "register": "twin.register_commands:register",
    "alarms": "twin.alarm_commands:alarming",
    "users": "twin.account_commands:users",
    "audit": "twin.account_commands:auditing",
    "simulate": "simulations.commands:simulating",
}
COMMANDS = {
    "decode": "ingest.decode_command:decode",
    "edit": "twin.history_commands:edit",
    "history": "twin.history_commands:history",
    "forward": "ingest.gateway_commands:forward",
    "gaps": "ingest.gateway_commands:gaps",
}
BAD_USE = 2

app = typer.Typer(
    help="linli (邻里): a live spatial twin of a community.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run a command; what the user can mend is one line on standard error and exit code 2."""
    _refuse_hidden_folders()
    from deploy.errors import Unavailable
    from ingest.credential_commands import crediting
    from ingest.device_commands import devices
    from ingest.notify_command import notifying
    from ingest.truth_commands import quarantining
    from twin.errors import NotFound, Refused

    for name, where in GROUPS.items():
        app.add_typer(_found(where), name=name)
    app.add_typer(crediting(devices, _broker), name="devices")
    app.add_typer(quarantining(_ingest_settings), name="quarantine")
    for name, where in COMMANDS.items():
        app.command(name)(_found(where))
    app.command("notify")(notifying(_broker, _sensorthings, stopping))
    try:
        app(prog_name="linli", obj=_database_url)
    except (Unavailable, NotFound, Refused) as error:
        fail(str(error))
    except FileNotFoundError as error:
        fail(f"no such file: {error.filename}" if error.filename else str(error))


def _found(where: str) -> Any:
    """Import what is named as module:name."""
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)


def fail(why: str) -> NoReturn:
    """Say one line on standard error and end with exit code 2."""
    typer.echo(f"linli: {why}", err=True)
    raise SystemExit(BAD_USE)


@app.command()
def up() -> None:
    """Start the database and the broker, or find them running. 启动服务"""
    from deploy import services
    from deploy.settings import ServiceSettings
    from twin.account_commands import show_first_administrator

    show_first_administrator(services.up(section(ServiceSettings), say=say).database_url, say)
    _show_status()


@app.command()
def down() -> None:
    """Stop the database and the broker that linli started; the data stays. 停止服务"""
    from deploy import services
    from deploy.settings import ServiceSettings

    services.down(section(ServiceSettings), say=say)


@app.command()
def status() -> None:
    """Say which services run, and where; exit code 1 where one does not. 服务状态"""
    if not _show_status():
        raise SystemExit(1)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Check every part; print what is wrong and the command that mends it. 检查"""
    from deploy.doctor import examine
    from deploy.settings import ServiceSettings

    found = examine(section(ServiceSettings))
    for finding in found:
        typer.echo(finding.as_json() if as_json else finding.as_line())
    if any(finding.grade == "fail" for finding in found):
        raise SystemExit(1)


@app.command()
def migrate() -> None:
    """Bring the database's tables up to this version. 升级数据库"""
    from twin import db
    from twin.account_commands import show_first_administrator

    applied = db.migrate(_database_url())
    say(f"applied {', '.join(applied)}" if applied else "nothing to apply")
    show_first_administrator(_database_url(), say)


@app.command()
def demo() -> None:
    """Start everything, load the demo place, let simulated sensors report, show the map; Ctrl-C stops all. 演示"""
    from deploy import services
    from deploy.processes import linli, supervise
    from deploy.settings import ServiceSettings
    from ingest.loaders.demo import load_demo, subscriptions
    from twin import db
    from twin.acting import IMPORT, acting

    where = section(ServiceSettings)
    with services.running(where, say=say) as running:
        db.migrate(running.database_url)
        with db.opened(running.database_url) as engine, engine.begin() as connection:
            acting(connection, IMPORT, "linli demo")
            load_demo(connection, say)
        os.environ.setdefault("LINLI_INGEST__SUBSCRIPTIONS", subscriptions())
        os.environ.setdefault("LINLI_SERVE__OPEN_AS", "operator")  # nothing in it is true: whoever is here may look
        programs = [
            linli("ingest", ready="connected to the broker"),
            linli("watch"),
            linli("notify"),
            linli("retain", "--daily"),
            linli("replay", ready="simulated:"),
            linli("serve", ready="the map is at"),
        ]
        logs, mend = where.data / "logs", partial(services.mend, where, say=say)
        supervise(programs, logs=logs, say=say, on_start=lambda: say("Ctrl-C stops it"), mend=mend)


@app.command()
def serve() -> None:
    """Serve the map and the interfaces until stopped. 地图与接口"""
    from api.server import serve as run
    from api.settings import ServeSettings
    from deploy import services
    from deploy.device_accounts import DeviceAccounts
    from deploy.settings import ServiceSettings
    from twin.errors import Refused

    where = section(ServiceSettings)
    url = services.find(where, only="database").database_url
    run(section(ServeSettings), url, data=where.data, say=say, accounts=DeviceAccounts(where, Refused))


@app.command()
def watch(
    place: Annotated[str | None, typer.Option(help="The place's code, where there are several.")] = None,
) -> None:
    """Write down who lost and who regained which service as elements close and open, until stopped. 值守"""
    from simulations import watch as watching

    watching.run(_database_url(), place, stopping())


@app.command()
def replay(
    *,
    file: Annotated[Path | None, typer.Option(help="A recording (.csv, .jsonl, .log); without it: simulated.")] = None,
    speed: Annotated[float, typer.Option(min=0, help="How many times as fast; 0 with --file: at once.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="What the simulated sensors are drawn from.")] = 22,
    devices: Annotated[Path | None, typer.Option(help="A device CSV instead of the register.")] = None,
    place: Annotated[str | None, typer.Option(help="The place's code, where there are several.")] = None,
    clean: Annotated[bool, typer.Option("--clean", help="No late, doubled or silent ones.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Stamp recorded readings with the present.")] = False,
) -> None:
    """Publish simulated sensors, or a recording, as real devices would, until Ctrl-C. 回放"""
    from ingest import replay as replaying
    from ingest.publisher import Publisher

    known, zone = _devices(devices, place)
    stop = stopping()
    with Publisher(_broker("replay", replaying.topics(known, file))) as publisher:
        if file is not None:
            count = replaying.play(publisher, file, known, speed=speed, stop=stop, is_now=now)
        else:
            faults = replaying.CLEAN if clean else replaying.DEMO
            count = replaying.live(
                publisher, known, seed=seed, speed=speed, zone=zone, faults=faults, stop=stop, say=say
            )
    say(f"{count} messages published")


@app.command()
def publish(
    key: Annotated[str, typer.Argument(help="The device's key, or the element it watches (edge:n1685108365).")],
    name: Annotated[str, typer.Argument(metavar="PROPERTY", help="Such as in_service, open, depth.")],
    value: Annotated[float, typer.Argument(help="Such as 0: out of service.")],
    place: Annotated[str | None, typer.Option(help="The place's code, where there are several.")] = None,
) -> None:
    """Publish one value of one simulated device, now: what a failure looks like. 发布一条"""
    from ingest import replay as replaying
    from ingest.publisher import Publisher

    known, _ = _devices(None, place)
    with Publisher(_broker("publish", replaying.topics(known))) as publisher:
        replaying.publish(publisher, known, key, name, value)


@app.command()
def ingest(
    worker: Annotated[int, typer.Option(min=1, help="Number of this worker; each needs its own.")] = 1,
) -> None:
    """Take the sensors' messages from the broker into the twin until stopped. 接入数据"""
    from deploy import services
    from deploy.settings import ServiceSettings
    from ingest import worker as ingest_worker
    from ingest.settings import IngestSettings

    found = services.awaited(section(ServiceSettings), say=say)
    settings = section(IngestSettings)
    if "broker" not in settings.model_fields_set:
        username, password = found.broker.credentials("ingest" if worker == 1 else f"ingest-{worker}")
        settings = settings.at(found.broker.host, found.broker.port, username, password)
    ingest_worker.run(settings, found.database_url)


@app.command()
def retain(
    *,
    daily: Annotated[bool, typer.Option("--daily", help="Now and every day until stopped.")] = False,
) -> None:
    """Let go of what is older than the settings allow; pack and compress what is old. 数据留存"""
    from twin import retention
    from twin.settings import StorageSettings

    retention.run(_database_url(), section(StorageSettings), say, stopping() if daily else None)


def say(line: str) -> None:
    """Print a line of progress at once, also into a pipe."""
    print(line, flush=True)


def section(model: "type[Model]") -> "Model":
    """Return a folder's section of the settings, after all sections have been checked."""
    for _, found in _settings():
        if isinstance(found, model):
            return found
    raise TypeError(f"no section in SECTIONS is a {model.__name__}")


def stopping() -> "threading.Event":
    """Return an event that Ctrl-C and SIGTERM set, so that a command ends in order."""
    import signal
    import threading

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _database_url() -> str:
    """Return where the database answers."""
    from deploy import services
    from deploy.settings import ServiceSettings

    return services.find(section(ServiceSettings), only="database").database_url


def _ingest_settings() -> "IngestSettings":
    from ingest.settings import IngestSettings

    return section(IngestSettings)


def _devices(file: Path | None, place: str | None) -> "tuple[list[Device], tzinfo]":
    """Return the devices of a CSV, or of the register, and the time zone they live in."""
    from datetime import UTC
    from zoneinfo import ZoneInfo

    from deploy import services
    from deploy.settings import ServiceSettings
    from ingest.loaders import devices
    from twin import db, places
    from twin.datum import WGS_84
    from twin.devices import devices as registered

    if file is not None:
        found = devices.read(file, datum=WGS_84)  # where they stand is not used here
        found.refuse_rejected()
        return list(found.taken.values()), UTC
    engine = db.engine(services.find(section(ServiceSettings)).database_url)
    with engine.connect() as connection:
        here = places.get(connection, place)
        return registered(connection, here.id), ZoneInfo(here.timezone)


def _broker(name: str, topics: "Iterable[str]", read: "Iterable[str]" = ()) -> "Broker":
    """Return the session of an account that may write to these topics, and read others."""
    from pydantic import SecretStr

    from deploy import services
    from deploy.settings import ServiceSettings
    from ingest.settings import Broker

    broker = services.find(section(ServiceSettings)).broker
    broker.grant(name, write=topics, read=read)
    username, password = broker.credentials(name)
    return Broker(host=broker.host, port=broker.port, username=username, password=SecretStr(password), client_id=name)


def _sensorthings(root: str) -> "tuple[Reader, Writer]":
    """Return what reads topics of SensorThings, and what writes entities whose links begin with a root."""
    from api.sensorthings.notices import asked, writer
    from api.settings import ServeSettings

    return asked, writer(section(ServeSettings), root)


def _settings() -> "BaseModel":
    """Read linli.toml and LINLI_*; a name that is unknown at any depth is refused."""
    from deploy.configuration import read

    return read(SECTIONS, os.environ)


def _show_status() -> bool:
    """Print each service and where it answers; False where one does not run."""
    from deploy import services
    from deploy.settings import ServiceSettings

    parts = services.status(section(ServiceSettings))
    for part in parts:
        say(f"{part.name:<9} {part.where or 'not running'} ({part.engine})")
    return all(part.where for part in parts)


def _refuse_hidden_folders() -> None:
    """End where another package has the name of one of ours and comes first."""
    here = Path(__file__).resolve().parent
    for name in FOLDERS:
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        if found is None or found.parent.parent != here:
            where = found or "nowhere"
            fail(f"the package {name} is at {where}, not in {here}; use a clean virtual environment")


if __name__ == "__main__":
    main()
