"""The mount of MCP: counted like every other route, and ended when the server stops."""

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitops_auditor.http_api.auth import principal_of
from gitops_auditor.http_api.rates import RateLimits

GRACE_SECONDS = 2.0
"""Seconds that a call under way gets when the server stops; one that only listens gets none."""


class McpMount:
    """ASGI application that answers /mcp by way of the MCP adapter."""

    def __init__(self, mcp: ASGIApp, rates: RateLimits) -> None:
        self._mcp = mcp
        self._rates = rates
        self._listening: set[anyio.CancelScope] = set()
        self._calling: set[anyio.CancelScope] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises RateLimited before anything is answered."""
        self._rates.hit(principal_of(scope), "mcp", "read")
        answer = _Answer(send)
        group = self._listening if scope["method"] == "GET" else self._calling
        with anyio.CancelScope() as ended:
            group.add(ended)
            try:
                await self._mcp(scope, receive, answer.send)
            finally:
                group.discard(ended)
        if ended.cancelled_caught:
            await answer.complete()

    async def end_with(self, stopping: anyio.Event) -> None:
        """Wait until the server stops, then end what would never end by itself."""
        await stopping.wait()
        for scope in [*self._listening]:
            scope.cancel()
        await anyio.sleep(GRACE_SECONDS)
        for scope in [*self._calling]:
            scope.cancel()


class _Answer:
    """What was sent of a response, so that one that is cut short still ends properly."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = False

    async def send(self, message: Message) -> None:
        self._started = True
        await self._send(message)

    async def complete(self) -> None:
        if not self._started:
            headers = [(b"connection", b"close")]
            await self._send({"type": "http.response.start", "status": 503, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
