"""Say where the services are, or where linli keeps its own."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

Engine = Literal["auto", "compose", "embedded"]
Profile = Literal["machine", "small"]


class ServiceSettings(BaseModel):
    """The `services` section of linli.toml, or LINLI_SERVICES__*.

    A URL that is given is used as it is, and linli neither starts nor stops that service.
    Without one, `engine` says who runs it: Docker Compose, the embedded root, or (auto)
    Compose where an engine answers and the embedded root elsewhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    database_url: str | None = None
    broker_url: str | None = None
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
