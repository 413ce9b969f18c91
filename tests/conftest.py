"""Give the tests a real database, a real broker, and the project's shared data."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from deploy import services as running
from deploy.services import Services
from deploy.settings import ServiceSettings

CHECKOUT = Path(__file__).resolve().parent.parent
NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: "browser" not in item.path.parts)


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A PostgreSQL and a Mosquitto of this test run's own, on free ports."""
    data = tmp_path_factory.mktemp("services")
    settings = ServiceSettings(data=data, engine="embedded", profile="small")
    yield running.up(settings)
    running.down(settings)


@pytest.fixture(scope="session")
def template(services: Services) -> str:
    """The name of a database with the extensions and all migrations in it, to copy."""
    from twin.db import migrate

    name = "template_linli"
    _create(services, name, owned_by="linli")
    with psycopg.connect(_url(services.admin_url, name), autocommit=True) as admin:
        admin.execute("CREATE EXTENSION timescaledb")
        admin.execute("CREATE EXTENSION postgis")
    migrate(_url(services.database_url, name))
    _seal(services, name)
    return name


@pytest.fixture
def database(services: Services, template: str) -> Iterator[str]:
    """The URL of a fresh database with all migrations; it is dropped afterwards."""
    with _copied(services, template) as url:
        yield url


@pytest.fixture(scope="session")
def monaco_template(services: Services, template: str) -> str:
    """The name of a database with the demo place in it, to copy."""
    from ingest.loaders.demo import load_demo
    from twin import db

    name = "template_monaco"
    _create(services, name, owned_by="linli", template=template)
    engine = db.engine(_url(services.database_url, name))
    with engine.begin() as connection:
        load_demo(connection, lambda _: None)
    engine.dispose()
    _seal(services, name)
    return name


@pytest.fixture
def monaco(services: Services, monaco_template: str) -> Iterator[str]:
    """The URL of a fresh database with the demo place in it; it is dropped afterwards."""
    with _copied(services, monaco_template) as url:
        yield url


@pytest.fixture(scope="module")
def monaco_of_file(services: Services, monaco_template: str) -> Iterator[str]:
    """The URL of a database with the demo place in it that the tests of one file share."""
    with _copied(services, monaco_template) as url:
        yield url


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the checkout; tests that read it are skipped without it."""
    folder = CHECKOUT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared beside the checkout")
    return folder


@contextmanager
def _copied(services: Services, template: str) -> Iterator[str]:
    """Give the URL of a copy of a database, and drop it afterwards."""
    name = f"test_{next(NUMBERS)}"
    _create(services, name, owned_by="linli", template=template)
    yield _url(services.database_url, name)
    with psycopg.connect(_url(services.admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _seal(services: Services, name: str) -> None:
    """Let nobody connect: TimescaleDB's launcher would keep a connection, and a database in use is not copied."""
    with psycopg.connect(_url(services.admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def _create(services: Services, name: str, *, owned_by: str, template: str = "template0") -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
        *(sql.Identifier(word) for word in (name, owned_by, template))
    )
    with psycopg.connect(_url(services.admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(statement)


def _url(url: str | None, database: str) -> str:
    """Return the URL with another database in it."""
    assert url is not None
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
