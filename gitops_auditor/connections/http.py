"""MCP over HTTP (streamable HTTP): TLS by a chosen authority, a bearer token, bounded answers."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from gitops_auditor.connections.stdio import MAX_MESSAGE_BYTES
from gitops_auditor.errors import Unavailable

if TYPE_CHECKING:
    import httpx2

    from gitops_auditor.connections.stdio import Streams

CONNECT_SECONDS: Final = 30.0


class HttpTransport:
    """One address and the two streams of messages with it.

    `refused` is the status of the last answer to a message when that was an error, else 0.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], ca: Path | None, *, proxies: bool
    ) -> None:
        self.refused = 0
        self._url = url
        self._headers = dict(headers)
        self._ca = ca
        self._proxies = proxies

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Streams"]:
        """Ready to send; nothing is sent yet. Raises Unavailable for a CA file that is none."""
        import httpx2  # noqa: PLC0415 - only who connects pays
        from mcp.client.streamable_http import (  # noqa: PLC0415 - only who connects pays
            streamable_http_client,
        )

        client = httpx2.AsyncClient(
            headers=self._headers,
            verify=self._trust(),
            # Every call has a deadline of its own, and may be silent for as long as that.
            timeout=httpx2.Timeout(CONNECT_SECONDS, read=None),
            trust_env=self._proxies,
            event_hooks={"response": [self._look_at]},
        )
        async with client, streamable_http_client(self._url, http_client=client) as streams:
            yield cast("Streams", streams)

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=str(self._ca) if self._ca else None)
        except OSError as refused:
            raise Unavailable(
                f"{self._ca} holds no certificate authority: {refused.strerror or refused}.",
                hint="`ca` names a file of certificates in PEM form.",
            ) from None

    async def _look_at(self, response: "httpx2.Response") -> None:
        if response.request.method == "POST":
            self.refused = response.status_code if response.status_code >= 400 else 0
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            response.stream = _bounded(cast("httpx2.AsyncByteStream", response.stream))


def _bounded(stream: "httpx2.AsyncByteStream") -> "httpx2.AsyncByteStream":
    import httpx2  # noqa: PLC0415 - only who connects pays

    class Bounded(httpx2.AsyncByteStream):
        @override
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in stream:
                size += len(chunk)
                if size > MAX_MESSAGE_BYTES:
                    raise httpx2.StreamError(f"It has more than {MAX_MESSAGE_BYTES} bytes.")
                yield chunk

        @override
        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()
