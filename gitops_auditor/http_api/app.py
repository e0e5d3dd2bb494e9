"""The Starlette application: middleware from the outside in, then routes from the catalog."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from gitops_auditor import __version__
from gitops_auditor.errors import GitOpsError
from gitops_auditor.http_api.auth import Authentication
from gitops_auditor.http_api.bodies import BodyLimit
from gitops_auditor.http_api.errors import answer_expected, answer_http
from gitops_auditor.http_api.faults import FaultBarrier
from gitops_auditor.http_api.hosts import HostGuard
from gitops_auditor.http_api.live import LiveClients
from gitops_auditor.http_api.openapi import openapi_document
from gitops_auditor.http_api.rates import RateLimits
from gitops_auditor.http_api.routes import operation_routes
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.services import Services

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def create_app(
    catalog: OperationCatalog, services: Services, mcp: ASGIApp, mcp_lifespan: Lifespan
) -> Starlette:
    """The application over open services; `mcp` answers at /mcp while `mcp_lifespan` is entered."""
    settings = services.settings
    live = LiveClients(services.events, settings)
    rates = RateLimits(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with mcp_lifespan():
            yield
            live.stopping.set()

    app = Starlette(
        routes=[*operation_routes(catalog, services, rates), *_own_routes(catalog, live, mcp)],
        middleware=[
            Middleware(FaultBarrier),
            Middleware(HostGuard, settings=settings),
            Middleware(BodyLimit, limit=settings.max_body_bytes, seconds=settings.client_timeout),
            Middleware(Authentication, access=services.access, required=settings.token_required),
        ],
        exception_handlers={GitOpsError: answer_expected, HTTPException: answer_http},
        lifespan=lifespan,
    )
    app.state.live = live
    return app


def _own_routes(catalog: OperationCatalog, live: LiveClients, mcp: ASGIApp) -> list[BaseRoute]:
    document = openapi_document(catalog)

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive", "version": __version__})

    return [
        Route("/healthz", alive),
        Route("/api/openapi.json", openapi),
        Route("/api/events", live.server_sent_events),
        WebSocketRoute("/ws", live.websocket),
        Route("/mcp", mcp),
    ]
