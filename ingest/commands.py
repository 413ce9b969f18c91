"""What a decoder asks to have published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A message to a device: QoS 0, not retained, worth nothing later."""

    topic: str
    payload: bytes
