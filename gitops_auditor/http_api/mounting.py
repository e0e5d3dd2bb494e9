"""The mount of MCP: counted like every other route, and ended when the server stops."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitops_auditor.http_api.auth import principal_of
from gitops_auditor.http_api.ending import Ending, stopped
from gitops_auditor.http_api.errors import refuse
from gitops_auditor.http_api.rates import RateLimits


class McpMount:
    """ASGI application that answers /mcp by way of the MCP adapter."""

    def __init__(self, mcp: ASGIApp, rates: RateLimits, ending: Ending) -> None:
        self._mcp = mcp
        self._rates = rates
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises RateLimited before anything is answered."""
        self._rates.hit(principal_of(scope), "mcp")
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        # A GET only listens; a POST is a call, even when its answer is a stream.
        bound = self._ending.stream() if scope["method"] == "GET" else self._ending.call()
        with bound as ended:
            await self._mcp(scope, receive, send_noted)
        if ended.cancelled_caught and started:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif ended.cancelled_caught:
            await refuse(stopped(), scope, receive, send)
