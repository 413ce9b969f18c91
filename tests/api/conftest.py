"""A client of the application on a database with the demo place in it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from twin.roles import Role


@pytest.fixture
def client(monaco: str) -> Iterator[TestClient]:
    """The whole application, its middleware included, asked as 127.0.0.1."""
    with TestClient(create(ServeSettings(open_as=Role.OPERATOR), monaco), base_url="http://127.0.0.1") as client:
        yield client
