"""What the twin can be told: how long it keeps what."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LATEST_DAYS = 30  # readings come in up to so late: what is packed or compressed is older


class StorageSettings(BaseModel):
    """The `storage` section of linli.toml, all in days.

    `raw_days` is how long observations are kept (13 months), hours and days for good. `welfare_days` is how long those
    of devices in dwellings (doors, meters) are kept, their hours too: after that only their days are. Refused messages
    are kept `quarantine_days` after they were last seen. `pack_after_days` moves older observations into packed days,
    some 6 times smaller and left out of SensorThings; None: never. `compress_after_days` counts where the edition of
    TimescaleDB compresses.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    raw_days: int = Field(default=396, ge=32)
    welfare_days: int = Field(default=30, ge=2)
    quarantine_days: int = Field(default=90, ge=1)
    pack_after_days: int | None = Field(default=None, gt=LATEST_DAYS + 1)
    compress_after_days: int | None = Field(default=35, gt=LATEST_DAYS + 1)

    @model_validator(mode="after")
    def _welfare_goes_first(self) -> Self:
        if self.welfare_days > self.raw_days:
            raise ValueError("welfare_days is longer than raw_days")
        return self
