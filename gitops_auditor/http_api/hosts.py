"""Which Host and Origin headers are accepted, so that no web page reaches a local server."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from gitops_auditor.config import Settings
from gitops_auditor.http_api.errors import error_body, request_id_of


class HostGuard:
    """ASGI middleware: refuses foreign hosts with 421 and foreign origins with 403.

    As Host, numeric addresses and `localhost` are always accepted, names only when a setting lists
    them: a rebound DNS name is thereby refused.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        public = urlsplit(settings.public_url)
        self._hosts = {host.lower() for host in settings.allowed_hosts}
        self._origins = {origin.rstrip("/").lower() for origin in settings.allowed_origins}
        if public.hostname:
            self._hosts.add(public.hostname.lower())
            self._origins.add(f"{public.scheme}://{public.netloc}".lower())
        self._loopback = settings.loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._host_accepted(host):
            await _refuse(
                421, f"This server does not answer to the host {host!r}.", scope, receive, send
            )
        elif origin is not None and not self._origin_accepted(origin, host):
            await _refuse(403, f"The origin {origin!r} is not allowed.", scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _host_accepted(self, header: str) -> bool:
        try:
            name = (urlsplit(f"//{header}").hostname or "").lower()
        except ValueError:
            return False
        if name == "localhost" or name in self._hosts or header.lower() in self._hosts:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback

    def _origin_accepted(self, origin: str, host: str) -> bool:
        same = origin.partition("://")[2].lower() == host.lower()
        return same or origin.lower() in self._origins


async def _refuse(status: int, message: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).close(1008, "refused")
        return
    code = "misdirected_request" if status == 421 else "forbidden"
    hint = "Add it to GITOPS_ALLOWED_HOSTS or GITOPS_ALLOWED_ORIGINS."
    body = error_body(code, f"{message} {hint}", request_id_of(Request(scope)))
    await JSONResponse(body, status)(scope, receive, send)
