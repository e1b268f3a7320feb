"""The console as one ASGI application: its layers and its routes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from forgewall.review.console import actions, pages, sign_in
from forgewall.review.console.answers import Answers, failure
from forgewall.review.console.gate import Gate
from forgewall.review.console.parts import Parts, assemble
from forgewall.review.console.rendering import STATIC
from forgewall.review.console.settings import Settings


def create_app(settings: Settings) -> Starlette:
    """The application. The thread that keeps the index up to date runs while it is served."""
    parts = assemble(settings)
    app = Starlette(
        routes=list(_routes()),
        middleware=[Middleware(Answers, settings=settings), Middleware(Gate, parts=parts)],
        exception_handlers={HTTPException: _http_error},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.parts = parts
    return app


def _routes() -> Iterator[BaseRoute]:
    yield from sign_in.routes
    for package in (actions, pages):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            found: list[Route] = getattr(importlib.import_module(module.name), "routes", [])
            yield from found
    yield Mount("/static", StaticFiles(directory=STATIC))


async def _http_error(request: Request, error: Exception) -> Response:
    answer = failure(request, error)
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    parts.refresher.start()
    try:
        yield
    finally:
        parts.refresher.stop()
        parts.stores.close()
        parts.log.close()
