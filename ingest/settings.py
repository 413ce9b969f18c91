"""What ingest can be told: brokers, subscriptions, batches."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

DAY_S = 86_400


class Tls(BaseModel):
    """Certificates of the session with the broker; without a client certificate only the broker proves itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


class Broker(BaseModel):
    """One broker and the session kept with it.

    `receive_maximum` is the bounded queue: the broker sends no more messages than that before an acknowledgement,
    so a long outage of the database holds at most so many in memory. A broker that takes the username for the client
    id (linli's own does) ignores `client_id`. `name` is put before its sources in the account.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(default=None, pattern=r"^[^/\s]{1,32}$")
    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65_535)
    username: str | None = None
    password: SecretStr | None = None
    protocol: Literal["5", "3.1.1"] = "5"
    tls: Tls | None = None
    client_id: str = Field(default="ingest", min_length=1)
    session_expiry_s: int = Field(default=7 * DAY_S, ge=60)
    receive_maximum: int = Field(default=20_000, ge=1, le=65_535)
    keepalive_s: int = Field(default=30, ge=5, le=3_600)


class Subscription(BaseModel):
    """Which topics one decoder reads; the first subscription whose filter matches a topic has it.

    `zone` is the time zone of devices that state times without one (Tasmota).
    `rename` gives the properties of the format the names they are registered by: {"DS18B20.Temperature": "temperature"}.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    filter: str = Field(min_length=1, max_length=65_535)
    decoder: str
    mapping: Path | None = None
    zone: str | None = None
    rename: dict[str, str] = {}

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError(f"no such time zone: {name!r}") from None
        return name

    @field_validator("filter")
    @classmethod
    def _is_a_filter(cls, text: str) -> str:
        levels = text.split("/")
        if any(len(level) > 1 and ("+" in level or "#" in level) for level in levels) or "#" in levels[:-1]:
            raise ValueError("+ stands for a whole level, # for the rest and comes last")
        if levels[0] == "$share":
            raise ValueError("give the plain filter; `group` makes it a shared subscription")
        return text


DEFAULT_SUBSCRIPTIONS = (
    Subscription(filter="application/+/device/+/event/+", decoder="chirpstack"),
    Subscription(filter="zigbee2mqtt/#", decoder="zigbee2mqtt"),
    Subscription(filter="senml/#", decoder="senml"),
    # no wider: what subscribers are told of things and datastreams is below v1.1/ too
    Subscription(filter="v1.1/Observations", decoder="sensorthings"),
    Subscription(filter="v1.1/+/Observations", decoder="sensorthings"),
)


class IngestSettings(BaseModel):
    """The `ingest` section of linli.toml.

    `further` brokers are read at the same time, by the same subscriptions; each has a name.
    What comes on a topic of `unread` without a decoder waits in quarantine, for somebody to write a mapping: at first
    each device's own topic.
    `group` shares the subscriptions among several workers (`$share/GROUP/…`); None: this worker gets every message.
    `batch_messages` and `batch_bytes` of payload are the most in one transaction. As many bytes wait beside it, and as
    many are decoded: large messages are held by the broker, whatever `receive_maximum` lets through.
    `linger_ms` is the least distance of two batches, [ms]: a lone message is stored at once.
    A retained message that says nothing of its own time, or one older than `retained_limit_s`, is old state, not a
    reading: it is counted and ignored.
    A device may send `flood_factor` messages an interval, and `flood_burst` at once (a day's, one a minute); what it
    sends beyond is counted and set aside without its content, so that a device in a loop costs the others little.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    broker: Broker = Broker()
    further: tuple[Broker, ...] = ()
    subscriptions: tuple[Subscription, ...] = DEFAULT_SUBSCRIPTIONS
    unread: tuple[str, ...] = ("linli/v1/+/up/#",)
    group: str | None = Field(default=None, pattern=r"^[^/+#$]+$")
    batch_messages: int = Field(default=10_000, ge=1)
    batch_bytes: int = Field(default=8_388_608, ge=1_048_576)
    linger_ms: int = Field(default=3, ge=0, le=1_000)
    retained_limit_s: int = Field(default=600, ge=0)
    flood_factor: float = Field(default=10, ge=1)
    flood_burst: int = Field(default=1_440, ge=1)
    bulk_reader: bool = True

    @field_validator("further")
    @classmethod
    def _have_names(cls, brokers: tuple[Broker, ...]) -> tuple[Broker, ...]:
        names = {one.name for one in brokers}
        if None in names or len(names) < len(brokers):
            raise ValueError("each further broker needs a name of its own")
        return brokers

    def each(self) -> list[Self]:
        """Give the settings for each broker alone."""
        return [self.model_copy(update={"broker": one, "further": ()}) for one in (self.broker, *self.further)]

    def at(self, host: str, port: int, username: str, password: str) -> Self:
        """Give these settings for a broker that was found, and the account there."""
        account = {"username": username or None, "password": SecretStr(password), "client_id": username or "ingest"}
        broker = self.broker.model_copy(update={"host": host, "port": port, **account})
        return self.model_copy(update={"broker": broker})
