"""The application: settings and a database in, HTTP out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import definition, errors, routes, tags
from api.access import Access
from api.community import Shelf
from api.features.coverage_rows import CoverageRows
from api.guard import Guard
from api.live import Hub
from api.measures import Measured, Measures
from api.once import Once
from api.past import Replay
from api.provider import Provider
from api.rates import Rates
from api.settings import ServeSettings
from api.signin import TRIES_PER_MINUTE
from twin import db, roles
from viz import assets

SMALLEST_COMPRESSED_BYTES = 1_024
TURNS = (
    8  # requests with a connection at once; fewer than the engine's pool of 15, which the hub and SensorThings share
)
PATIENCE_S = 8.0  # for one answer of the database: one that is frozen says nothing, not even no
COMPRESSION = 5  # of 9: the buildings of the demo place in a few ms


def create(settings: ServeSettings, database_url: str) -> FastAPI:
    """Make the application; it opens the database when it starts and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine = roles.guard(db.engine(database_url, patience_s=PATIENCE_S))
        app.state.turns = asyncio.Semaphore(TURNS)
        app.state.hub = Hub(database_url, app.state.engine, settings.place)
        app.state.hub.start()
        yield
        app.state.hub.stop()
        app.state.engine.dispose()

    app = FastAPI(
        title="linli",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.root_path = settings.root_path  # what a proxy takes off the path: links have it, routes do not
    app.state.settings = settings
    app.state.assets = assets.read()
    app.state.shelf = Shelf()
    app.state.replay = Replay()
    app.state.provider = Provider(settings.oidc) if settings.oidc else None
    app.state.sign_ins = Rates(TRIES_PER_MINUTE)
    app.state.coverage_rows = CoverageRows(app.state.shelf)
    app.state.measures = Measures()
    errors.install(app)
    tags.install(app)
    routes.install(app)
    definition.install(app)
    app.add_middleware(Once, of=app)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_COMPRESSED_BYTES, compresslevel=COMPRESSION)
    app.add_middleware(Access, of=app, settings=settings)
    app.add_middleware(Measured, measures=app.state.measures)
    app.add_middleware(Guard, hosts=settings.hosts, body_bytes=settings.body_bytes, body_s=settings.body_s)
    return app
