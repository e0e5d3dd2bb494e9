"""The outermost middleware: request ids, security headers, and where our own bugs end."""

import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitops_auditor.http_api.errors import internal_fault
from gitops_auditor.log import get_logger

SECURITY_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
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
            await internal_fault(scope)(scope, receive, send_marked)


def _mark(message: Message, request_id: str) -> None:
    given = list(message.get("headers", ()))
    names = {name for name, _ in given}
    given += [item for item in SECURITY_HEADERS.items() if item[0] not in names]
    given.append((b"x-request-id", request_id.encode()))
    message["headers"] = given
