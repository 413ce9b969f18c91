"""Say where the services are, or where linli keeps its own."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Engine = Literal["auto", "compose", "embedded"]
Profile = Literal["machine", "small"]


class Door(BaseModel):
    """Where devices elsewhere reach the embedded broker, beside its own port on loopback.

    Under TLS with `cert_file` and `key_file`. With `ca_file` a client also needs a certificate of that authority, and
    the name in it is its account. Nothing is sent in the clear beyond this machine but with `plain`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = "0.0.0.0"  # noqa: S104 - what a door is for
    port: int = Field(default=8883, ge=1, le=65_535)
    cert_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    plain: bool = False

    @model_validator(mode="after")
    def _is_shut_or_said_to_be_open(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None) or (self.ca_file and not self.cert_file):
            raise ValueError("a certificate needs its key, and ca_file needs both")
        if self.cert_file is None and not self.plain:
            raise ValueError("cert_file and key_file, or plain = true where nobody else can listen in")
        return self

    @property
    def files(self) -> dict[str, Path]:
        """What the broker reads, by the names it has for it."""
        known = {"door.pem": self.cert_file, "door.key": self.key_file, "door-ca.pem": self.ca_file}
        return {name: path.expanduser().absolute() for name, path in known.items() if path is not None}


class ServiceSettings(BaseModel):
    """The `services` section of linli.toml, or LINLI_SERVICES__*.

    A URL that is given is used as it is, and linli neither starts nor stops that service.
    Without one, `engine` says who runs it: Docker Compose, the embedded root, or (auto)
    Compose where an engine answers and the embedded root elsewhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    database_url: str | None = None
    broker_url: str | None = None
    door: Door | None = None
    engine: Engine = "auto"
    profile: Profile = "machine"
    data: Path = Path(".linli")
    cache: Path = Field(default_factory=lambda: Path.home() / ".cache" / "linli")

    @field_validator("data", "cache")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in ("postgresql", "postgres"):
            raise ValueError("expected postgresql://user:password@host:port/database")
        return url

    @field_validator("broker_url")
    @classmethod
    def _mqtt(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme != "mqtt" or not urlsplit(url).hostname):
            raise ValueError("expected mqtt://user:password@host:port")
        return url
