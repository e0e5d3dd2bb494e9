"""How large a request body may be, declared or not, and how long it may take to arrive."""

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitops_auditor.errors import GitOpsError, TimedOut, TooLarge
from gitops_auditor.http_api.errors import refuse


class BodyLimit:
    """ASGI middleware: answers 413 before more than `limit` bytes of a body were taken in, and 504
    when a body is not complete after `seconds`, whatever the application makes of it.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        declared = _declared_length(scope) if scope["type"] == "http" else 0
        if declared == 0:
            await self._app(scope, receive, send)
        elif declared is not None and declared > self._limit:
            await refuse(_too_large(self._limit), scope, receive, send)
        else:
            await self._serve_bounded(scope, receive, send)

    async def _serve_bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _BoundedBody(receive, send, self._limit, self._seconds)
        try:
            await self._app(scope, body.receive, body.send)
        except _Unwind:
            pass
        finally:
            if body.refusal is not None and not body.answered:
                await refuse(body.refusal, scope, receive, send)


class _BoundedBody:
    """Counts a body as it arrives. After a refusal nothing that the application sends goes out."""

    def __init__(self, receive: Receive, send: Send, limit: int, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._seconds = seconds
        self._deadline = anyio.current_time() + seconds
        self._taken = 0
        self._complete = False
        self.answered = False
        self.refusal: GitOpsError | None = None

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        with anyio.CancelScope(deadline=self._deadline) as bound:
            message = await self._receive()
        if bound.cancelled_caught:
            self.refusal = _too_slow(self._seconds)
            raise _Unwind
        self._taken += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._taken > self._limit:
            self.refusal = _too_large(self._limit)
            raise _Unwind
        return message

    async def send(self, message: Message) -> None:
        if self.refusal is None or self.answered:
            self.answered = True
            await self._send(message)


def _declared_length(scope: Scope) -> int | None:
    """Bytes that the head promises; None when only the end of the body will tell."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            return None
    return 0


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The request body is larger than {limit} bytes.",
        hint="Send less, or raise GITOPS_MAX_BODY_BYTES.",
        details={"limit": limit},
    )


def _too_slow(seconds: float) -> TimedOut:
    return TimedOut(
        f"The request body was not complete within {seconds:g} s.",
        hint="Send it faster, or raise GITOPS_CLIENT_TIMEOUT.",
    )


class _Unwind(Exception):
    """Leaves the application when its request is refused halfway."""
