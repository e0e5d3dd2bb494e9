"""Streamable HTTP at /mcp, for both protocol eras.

Revision 2026-07-28 clients are stateless by protocol. Clients of the handshake era get sessions:
only with one can they cancel, subscribe, and be asked back; a stateless server would also hold
each `GET /mcp` open with nothing to ever send on it. Sessions are limited in number, end when idle,
and belong to the caller that opened them. Answers are event streams, because plain JSON has no room
for progress.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from gitops_auditor.config import Settings
from gitops_auditor.identity import Principal
from gitops_auditor.server.app import AuditorServer

SESSION_IDLE_SECONDS = 1800.0
MOST_SESSIONS = 1000

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class McpEndpoint:
    """ASGI application for one path, to be served while `running` is entered.

    It expects that whoever mounts it has checked Host and Origin and put the caller's Principal
    into the request state as `principal`; without one every operation is refused.
    """

    def __init__(self, server: AuditorServer, settings: Settings) -> None:
        self._manager = StreamableHTTPSessionManager(
            server,
            session_idle_timeout=SESSION_IDLE_SECONDS,
            max_sessions=MOST_SESSIONS,
            max_request_body_size=settings.max_body_bytes,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve requests until the context ends; it can be entered once."""
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        principal = scope.get("state", {}).get("principal")
        if isinstance(principal, Principal):
            scope["user"] = _owner(principal)
        await self._manager.handle_request(scope, receive, send)


def _owner(principal: Principal) -> AuthenticatedUser:
    """The principal in the form by which the SDK keeps one caller out of another's session."""
    identity = f"{principal.kind}:{principal.name}"
    return AuthenticatedUser(AccessToken(token="", client_id=identity, scopes=[principal.role]))
