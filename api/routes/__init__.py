"""The routes, one file a subject: each holds a `router`. Adding one touches no other file."""

from __future__ import annotations

import importlib
import pkgutil

from fastapi import FastAPI

from api import errors


def install(app: FastAPI) -> None:
    """Add every file's router."""
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        app.include_router(importlib.import_module(f"{__name__}.{info.name}").router, responses=errors.DOCUMENTED)
