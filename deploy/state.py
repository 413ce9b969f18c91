"""Remember what `linli up` chose, so that the next one finds it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from deploy.accounts import PROBE, Account, create
from deploy.daemons import locked

FILE = "services.json"
EngineName = Literal["compose", "embedded"]


class State(BaseModel):
    """Ports, passwords and accounts of the services in one data folder."""

    model_config = ConfigDict(extra="forbid")

    engine: EngineName
    admin_password: str = Field(default_factory=lambda: secrets.token_urlsafe(24))
    owner_password: str = Field(default_factory=lambda: secrets.token_urlsafe(24))
    is_provisioned: bool = False
    provisioned_by: str = ""  # hash of the script that last prepared the database
    database_port: int | None = None
    broker_port: int | None = None
    accounts: dict[str, Account] = Field(default_factory=lambda: {PROBE: create(PROBE)})


def read(data: Path) -> State | None:
    """Return the state kept in a data folder, None where nothing was started yet."""
    try:
        return State.model_validate_json((data / FILE).read_text())
    except FileNotFoundError:
        return None


def write(data: Path, state: State) -> None:
    """Keep the state, readable by its owner alone, in one step."""
    new = data / f"{FILE}.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(state.model_dump_json(indent=1))
    new.replace(data / FILE)


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Let one process at a time start, stop or change the services of a data folder."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(data / "services.lock"):
        yield
