"""Say where the page is served, and to whom."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from twin.roles import Role

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Oidc(BaseModel):
    """The city's own OpenID Connect provider, where accounts with a subject sign in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(pattern=r"^https://|^http://(127\.0\.0\.1|localhost|\[::1\])(:|/|$)")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None  # None: a public client, by PKCE alone


class ServeSettings(BaseModel):
    """The `serve` section of linli.toml, or LINLI_SERVE__*."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)  # a free one is taken where it is busy; 0: any free one
    hosts: tuple[str, ...] = LOOPBACK  # names the page may be asked under
    root_path: str = Field(default="", pattern=r"^(/[A-Za-z0-9._~-]+)*$")  # what a proxy takes off the path, /linli
    place: str | None = None  # the place's code; None: the only place there is
    body_bytes: int = Field(default=65_536, ge=1_024)
    body_s: float = Field(default=10.0, gt=0)  # a request must have come whole by then
    norms: tuple[Path, ...] = ()  # the city's own files of norms; the most local valid one wins
    area: str = Field(default="", pattern=r"^\d{0,12}$")  # the place's division code, for provincial and city norms
    upload_bytes: int = Field(default=64 * 2**20, ge=1_024)  # of a file sent to be loaded, with its form
    upload_s: float = Field(default=120.0, gt=0)  # such a file must have come whole by then
    open_as: Role | None = None  # whoever asks from this machine is this, without signing in; None: all sign in
    oidc: Oidc | None = None  # where others sign in than by a password here
    idle_minutes: int = Field(default=30, ge=1)  # a session that asks nothing for so long ends
    session_hours: int = Field(default=12, ge=1)  # and any session after so long
    asks_per_minute: int = Field(default=1_200, ge=1)  # by one account, or one address without an account
    sensorthings_writing: bool = False  # may others than integrators write by SensorThings?
    mqtt: tuple[str, ...] = ()  # where the broker is for who subscribes to SensorThings, such as mqtts://twin.example

    @model_validator(mode="after")
    def _open_stays_here(self) -> Self:
        """Refuse to be open where others than this machine can ask, themselves or through a proxy by its name."""
        if self.open_as in {Role.ADMINISTRATOR, Role.SECURITY_AUDITOR, Role.SIGN_IN}:
            raise ValueError(f"nobody is {self.open_as} without signing in")
        if self.open_as is not None and not {self.host, *self.hosts} <= set(LOOPBACK):
            raise ValueError(f"open_as needs host and hosts to be of {', '.join(LOOPBACK)}")
        return self

    @model_validator(mode="after")
    def _writing_stays_here(self) -> Self:
        """Refuse writing by all where others than this machine can ask."""
        if self.sensorthings_writing and self.host not in LOOPBACK:
            raise ValueError(f"sensorthings_writing needs host to be one of {', '.join(LOOPBACK)}")
        return self
