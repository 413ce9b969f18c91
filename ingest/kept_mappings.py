"""The mappings that the twin keeps, as ingest reads by them."""

from __future__ import annotations

import logging

from ingest.mapping import Mapping, Wrong, parse
from twin import mappings
from twin.db import Connection

__all__ = ["read"]

log = logging.getLogger(__name__)


def read(connection: Connection) -> tuple[Mapping, ...]:
    """Give the mappings in use, the oldest first; one that an older linli took and this one does not is left out."""
    found = []
    for name, text in mappings.in_use(connection):
        try:
            found.append(parse(text))
        except Wrong as error:
            log.error("the mapping %r cannot be used: %s", name, error)  # noqa: TRY400 - the line says it all
    return tuple(found)
