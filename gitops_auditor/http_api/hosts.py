"""Which Host and Origin headers are accepted, so that no web page reaches a local server."""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from gitops_auditor.config import Settings
from gitops_auditor.http_api.errors import answer

_HINT = "Add it to GITOPS_ALLOWED_HOSTS or GITOPS_ALLOWED_ORIGINS."


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
        # Clients send the same one again and again; foreign ones must not fill the memory.
        self._host_accepted = lru_cache(maxsize=64)(self._is_host_accepted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        host, origin = _host_and_origin(scope)
        if not self._host_accepted(host):
            sentence = f"This server does not answer to the host {host!r}. {_HINT}"
            refusal = answer(scope, 421, "misdirected_request", sentence)
            await refusal(scope, receive, send)
        elif origin is not None and not self._origin_accepted(origin, host):
            sentence = f"The origin {origin!r} is not allowed. {_HINT}"
            await answer(scope, 403, "forbidden", sentence)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_host_accepted(self, header: str) -> bool:
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


def _host_and_origin(scope: Scope) -> tuple[str, str | None]:
    host, origin = "", None
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1")
        elif name == b"origin":
            origin = value.decode("latin-1")
    return host, origin
