"""How large a request body may be, declared or not, and how long it may take to arrive."""

import anyio
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitops_auditor.errors import GitOpsError, TimedOut, TooLarge
from gitops_auditor.http_api.errors import answer_expected


class BodyLimit:
    """ASGI middleware: answers 413 before more than `limit` bytes of a body were taken in, and 504
    when a body is not complete after `seconds`.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared) > self._limit:
            await self._refuse(scope, receive, send)
            return
        try:
            await self._app(scope, self._bounded(receive), send)
        except _BodyTooLarge:
            await self._refuse(scope, receive, send)
        except _BodyTooSlow:
            await _answer(self._too_slow(), scope, receive, send)

    def _bounded(self, receive: Receive) -> Receive:
        taken, complete = 0, False

        async def receive_bounded() -> Message:
            nonlocal taken, complete
            if complete:
                return await receive()
            with anyio.move_on_after(self._seconds):
                message = await receive()
                taken += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if taken > self._limit:
                    raise _BodyTooLarge
                return message
            raise _BodyTooSlow

        return receive_bounded

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = TooLarge(
            f"The request body is larger than {self._limit} bytes.",
            hint="Send less, or raise GITOPS_MAX_BODY_BYTES.",
            details={"limit": self._limit},
        )
        await _answer(error, scope, receive, send)

    def _too_slow(self) -> TimedOut:
        return TimedOut(
            f"The request body was not complete within {self._seconds:g} s.",
            hint="Send it faster, or raise GITOPS_CLIENT_TIMEOUT.",
        )


async def _answer(error: GitOpsError, scope: Scope, receive: Receive, send: Send) -> None:
    await answer_expected(Request(scope, receive), error)(scope, receive, send)


class _BodyTooLarge(Exception):
    """Unwinds the application when a body without a declared length grows over the limit."""


class _BodyTooSlow(Exception):
    """Unwinds the application when a body does not arrive in time."""
