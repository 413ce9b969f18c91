"""Monaco, loaded once by the importers, and hypothesis without a clock: the kernels compile on their first call."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from deploy.services import Services
from simulations.community import Community
from twin.datum import WGS_84

settings.register_profile("kernels", deadline=None)
settings.load_profile("kernels")

DEMO = Path(__file__).resolve().parents[2] / "demo"


@pytest.fixture(scope="session")
def monaco_database(services: Services, template: str) -> Iterator[str]:
    """The URL of a database with Monaco in it, without devices."""
    from ingest.loaders import facilities, generated_grids, osm, place, residents
    from twin import places
    from twin.db import engine

    assert services.admin_url is not None
    assert services.database_url is not None
    name = sql.Identifier("monaco_simulations")
    admin_url = _named(services.admin_url, "postgres")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER linli TEMPLATE {}").format(name, sql.Identifier(template)))
    url = _named(services.database_url, "monaco_simulations")
    database = engine(url)
    with database.begin() as connection:
        place.load(connection, DEMO / "place.toml")
        found = places.get(connection)
        boundary = places.boundary(connection, found.id)
        osm.load_osm(connection, found.id, DEMO / "monaco.osm.pbf", boundary, lambda _: None)
        facilities.load(connection, DEMO / "facilities.csv", place=found, datum=WGS_84)
        generated_grids.generate(connection, found)
        residents.estimate(connection, DEMO / "place.toml", place=found)
    database.dispose()
    yield url
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="session")
def monaco(monaco_database: str) -> Community:
    """Monaco as arrays."""
    from simulations.community import load
    from twin.db import engine

    database = engine(monaco_database)
    with database.connect() as connection:
        found = load(connection)
    database.dispose()
    return found


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
