"""Load a place from the folder of its description, and the demo place, which is one.

The same loaders run as for any user's files, in the order in which they need each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ingest.loaders import devices, facilities, generated_grids, residents
from ingest.loaders import place as descriptions
from ingest.loaders.osm import load_osm
from ingest.loaders.receipt import Receipt
from ingest.settings import DEFAULT_SUBSCRIPTIONS
from twin import datum as datums
from twin import places
from twin.db import Connection

__all__ = ["DEMO", "load_demo", "load_folder", "subscriptions"]

# beside the packages, in a checkout and in an installed wheel
DEMO = Path(__file__).resolve().parents[2] / "demo"

Progress = Callable[[str], None]

# what the demo's gateways publish on, beside the formats that linli listens to anyway
CITY = {"filter": "city/#", "decoder": "mapped", "mapping": str(DEMO / "city.toml")}


def subscriptions() -> str:
    """Give the subscriptions of the demo as JSON, for the settings of the ingest worker."""
    usual = [given.model_dump(mode="json", exclude_none=True) for given in DEFAULT_SUBSCRIPTIONS]
    return json.dumps([*usual, CITY])


def load_demo(connection: Connection, progress: Progress) -> tuple[Receipt, ...]:
    """Load the demo place, and give the receipts; a second time nothing changes.

    Do it in one transaction. Raises FileNotFoundError where the demo's files are not installed.
    """
    return load_folder(connection, DEMO / "place.toml", progress)


def load_folder(connection: Connection, description: Path, progress: Progress) -> tuple[Receipt, ...]:
    """Load a place, and all the files that its description names from its own folder.

    Raises Refused or FileNotFoundError with what is wrong; the transaction is the caller's, who rolls it back.
    """
    what = descriptions.read(description)
    folder, datum = description.parent, datums.parse(what.datum)
    receipts: list[Receipt] = []

    def done(*new: Receipt) -> None:
        receipts.extend(new)
        for receipt in new:
            progress(receipt.lines()[0])

    progress(f"loading {what.name} ({what.name_zh}) from {folder}")
    done(descriptions.load(connection, description))
    place = places.get(connection, what.code)
    boundary = places.boundary(connection, place.id)
    done(*load_osm(connection, place.id, folder / what.extract, boundary, progress))
    progress("cutting grids")
    done(generated_grids.generate(connection, place, code_prefix=what.grids.code_prefix))
    progress("spreading residents over dwellings")
    done(residents.estimate(connection, description, place=place))
    for name in what.facilities:
        done(facilities.load(connection, folder / name, place=place, datum=datum))
    for name in what.devices:
        done(devices.load(connection, folder / name, place=place, datum=datum))
    changes = sum(receipt.changes for receipt in receipts)
    progress(f"{what.name} is loaded" if changes else f"{what.name} was loaded already: nothing changed")
    return tuple(receipts)
