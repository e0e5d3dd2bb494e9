"""Who calls over HTTP: a bearer token, or the local user where no token is required."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from gitops_auditor.access import Access
from gitops_auditor.errors import Unauthenticated
from gitops_auditor.http_api.errors import answer_expected
from gitops_auditor.identity import LOCAL, Principal

SUBPROTOCOL = "gitops.bearer."
"""Browsers set no headers on a WebSocket: they offer this subprotocol followed by the token."""

OPEN_PATHS = frozenset({"/healthz"})


def principal_of(connection: HTTPConnection) -> Principal:
    """The caller that `Authentication` found."""
    principal: Principal = connection.scope["state"]["principal"]
    return principal


class Authentication:
    """ASGI middleware: puts the caller into the request state, or answers 401."""

    def __init__(self, app: ASGIApp, access: Access, *, required: bool) -> None:
        self._app = app
        self._access = access
        self._required = required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._authenticate(Headers(scope=scope))
        except Unauthenticated as refused:
            await _refuse(refused, scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    async def _authenticate(self, headers: Headers) -> Principal:
        token = _bearer(headers)
        if token is not None:
            return await self._access.authenticate(token)
        if self._required:
            raise Unauthenticated(
                "This server needs a bearer token.",
                hint="Run `gitops-auditor token create` and send it as Authorization: Bearer.",
            )
        return LOCAL


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme:
        return token.strip() if scheme.lower() == "bearer" else ""
    offered = headers.get("sec-websocket-protocol", "").split(",")
    found = [part.strip() for part in offered if part.strip().startswith(SUBPROTOCOL)]
    return found[0].removeprefix(SUBPROTOCOL) if found else None


async def _refuse(refused: Unauthenticated, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).close(3000, "unauthenticated")
        return
    await answer_expected(Request(scope, receive), refused)(scope, receive, send)
