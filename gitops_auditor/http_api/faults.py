"""The outermost middleware: request ids, security headers, and where our own bugs end."""

import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitops_auditor.http_api.errors import internal_fault
from gitops_auditor.log import get_logger

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_log = get_logger("http")


class FaultBarrier:
    """ASGI middleware: each response carries a request id; a bug answers 500 without its cause."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _mark(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception:
            await _log.aexception("request failed", request_id=request_id, path=scope["path"])
            if started:
                raise
            await internal_fault(request_id)(scope, receive, send_marked)


def _mark(message: Message, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["X-Request-Id"] = request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
