"""The Starlette application: middleware from the outside in, then routes from the catalog."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from gitops_auditor import __version__
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.http_api.auth import Authentication, principal_of
from gitops_auditor.http_api.bodies import BodyLimit
from gitops_auditor.http_api.ending import Ending
from gitops_auditor.http_api.errors import answer_expected, answer_http
from gitops_auditor.http_api.faults import FaultBarrier
from gitops_auditor.http_api.hosts import HostGuard
from gitops_auditor.http_api.live import EventStreams, LiveClients
from gitops_auditor.http_api.mounting import McpMount
from gitops_auditor.http_api.openapi import openapi_document
from gitops_auditor.http_api.rates import RateLimits
from gitops_auditor.http_api.routes import OperationRoutes
from gitops_auditor.http_api.webhooks import GITHUB_PATH, GithubWebhook, ReportBodies
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.pipelines.starting.deliveries import DeliveryInbox
from gitops_auditor.services import Services

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
REST_METHODS = ("GET", "POST", "PUT", "DELETE")
READABLE_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "MCP-Protocol-Version",
    "Mcp-Session-Id",
)
"""Request headers that a page of an allowed origin may set."""
SHOWN_HEADERS = ("ETag", "Location", "Retry-After", "X-Request-Id", "Mcp-Session-Id")
"""Response headers that such a page may read."""


def create_app(
    catalog: OperationCatalog, services: Services, mcp: ASGIApp, mcp_lifespan: Lifespan
) -> Starlette:
    """The application over open services; `mcp` answers at /mcp while `mcp_lifespan` is entered.

    Whoever serves it sets the event `app.state.stopping` when it should end its streams.
    """
    ending = Ending()
    rates = RateLimits(services.settings)
    follower = services.pipelines.log_follower
    live = LiveClients(services.events, follower, services.settings, rates, ending)
    others = _beside_operations(openapi_document(catalog), live, rates) | _webhooks(services)
    operations = OperationRoutes(catalog, services, rates, ending, others)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with mcp_lifespan(), anyio.create_task_group() as tasks:
            tasks.start_soon(ending.watch)
            yield
            tasks.cancel_scope.cancel()

    app = Starlette(
        routes=[
            Route("/api/{rest:path}", operations),
            Route("/mcp", McpMount(mcp, rates, ending)),
            WebSocketRoute("/ws", live.websocket),
            Route("/healthz", _alive),
        ],
        middleware=_middleware(services),
        exception_handlers={GitOpsError: answer_expected, HTTPException: answer_http},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.live = live
    app.state.stopping = ending.stopping
    return app


def _middleware(services: Services) -> Sequence[Middleware]:
    settings = services.settings
    return [
        Middleware(FaultBarrier),
        Middleware(HostGuard, settings=settings),
        *_cross_origin(settings),
        Middleware(BodyLimit, limit=settings.max_body_bytes, seconds=settings.client_timeout),
        Middleware(
            Authentication,
            access=services.access,
            report_token=settings.token,
            required=settings.token_required,
        ),
        Middleware(ReportBodies),
    ]


def _cross_origin(settings: Settings) -> list[Middleware]:
    if not settings.allowed_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=[origin.rstrip("/").lower() for origin in settings.allowed_origins],
            allow_methods=REST_METHODS,
            allow_headers=READABLE_HEADERS,
            expose_headers=SHOWN_HEADERS,
        )
    ]


def _beside_operations(
    document: object, live: LiveClients, rates: RateLimits
) -> dict[str, ASGIApp]:
    async def openapi(request: Request) -> Response:
        rates.hit(principal_of(request.scope), "openapi")
        return JSONResponse(document)

    routes = (
        Route("/api/openapi.json", openapi, methods=["GET"]),
        Route("/api/events", EventStreams(live), methods=["GET"]),
    )
    return {route.path: route.handle for route in routes}


def _webhooks(services: Services) -> dict[str, ASGIApp]:
    settings = services.settings
    if settings.read_only or not settings.enable_phase2_features:
        return {}
    webhook = GithubWebhook(DeliveryInbox(services.database), settings.github_webhook_secret)
    return {GITHUB_PATH: Route(GITHUB_PATH, webhook.answer, methods=["POST"]).handle}


async def _alive(_: Request) -> Response:
    return JSONResponse({"status": "alive", "version": __version__})
