"""Who calls over HTTP: a bearer token, or the local user where no token is required."""

from collections.abc import Iterable

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from gitops_auditor.access import Access
from gitops_auditor.errors import Unauthenticated
from gitops_auditor.http_api.errors import refuse
from gitops_auditor.http_api.webhooks import GITHUB_PATH, reporter_of
from gitops_auditor.identity import LOCAL, Principal

SUBPROTOCOL = "gitops.bearer."
"""Browsers set no headers on a WebSocket: they offer this subprotocol followed by the token."""

OPEN_PATHS = frozenset({"/healthz", GITHUB_PATH, GITHUB_PATH.replace("/api/", "/api/v2/")})
"""Answered without a token; what GitHub sends is authenticated by its signature."""


def principal_of(scope: Scope) -> Principal:
    """The caller that `Authentication` found."""
    principal: Principal = scope["state"]["principal"]
    return principal


class Authentication:
    """ASGI middleware: puts the caller into the request state, or answers 401.

    `report_token` is for reports on runs only, see `reporter_of`.
    """

    def __init__(
        self, app: ASGIApp, access: Access, report_token: SecretStr, *, required: bool
    ) -> None:
        self._app = app
        self._access = access
        self._report_token = report_token
        self._required = required

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._authenticate(scope)
        except Unauthenticated as refused:
            await refuse(refused, scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    async def _authenticate(self, scope: Scope) -> Principal:
        token = _bearer(scope["headers"])
        if token is not None:
            reporter = reporter_of(scope, token, self._report_token)
            if reporter is not None:
                return reporter
            return await self._access.authenticate(token)
        if self._required:
            raise Unauthenticated(
                "This server needs a bearer token.",
                hint="Run `gitops-auditor token create` and send it as Authorization: Bearer.",
            )
        return LOCAL


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    offered = None
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else ""
        if name == b"sec-websocket-protocol":
            offered = value.decode("latin-1")
    return _offered_token(offered) if offered is not None else None


def _offered_token(protocols: str) -> str | None:
    names = [name.strip() for name in protocols.split(",")]
    found = [name for name in names if name.startswith(SUBPROTOCOL)]
    return found[0].removeprefix(SUBPROTOCOL) if found else None
