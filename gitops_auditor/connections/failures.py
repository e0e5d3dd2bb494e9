"""Says in a sentence why a server could not be called, without its secrets."""

from collections.abc import Iterator
from typing import Final

from gitops_auditor.connections.http import HttpTransport
from gitops_auditor.connections.stdio import StdioTransport
from gitops_auditor.errors import GitOpsError, TimedOut, Unavailable
from gitops_auditor.execution.masking import Masker

Transport = StdioTransport | HttpTransport

_CLOSED: Final = -32000
_NOT_FOUND: Final = 404
_LOG_IN: Final = {401: "it wants a token", 403: "the token does not suffice"}


class SessionGone(Unavailable):
    """The server does not know our session any more, so it did nothing of what was asked."""


class Explain:
    """Makes errors of the family from whatever connecting and calling one server raises."""

    def __init__(self, server: str) -> None:
        self.masker = Masker([])
        self._server = server

    def failure(self, error: BaseException, transport: Transport | None) -> GitOpsError:
        """The error in our words; one of the family keeps its kind."""
        leaves = list(_leaves(error))
        for leaf in leaves:
            if isinstance(leaf, GitOpsError):
                return leaf
        if isinstance(transport, StdioTransport) and (transport.ended or transport.reason):
            return self._ended(transport)
        if isinstance(transport, HttpTransport) and transport.refused:
            return self._refused(transport.refused, leaves[0])
        return self._broken(leaves[0])

    def gone(self) -> SessionGone:
        """The connection ended before anything was sent."""
        return SessionGone(
            f"The connection to the MCP server {self._server} has just ended.", hint="Try again."
        )

    def unanswered(self, seconds: float, transport: Transport | None) -> GitOpsError:
        """It did not even get to the point where tools can be called."""
        words = self._last_words(transport)
        return TimedOut(
            f"The MCP server {self._server} was not ready within {seconds:g} seconds.{words}",
            hint="Start it by hand to see what it waits for.",
        )

    def is_the_end(self, error: BaseException) -> bool:
        """Whether the error only says that the connection is over, not why."""
        return any(
            isinstance(leaf, EOFError) or getattr(leaf, "code", None) == _CLOSED
            for leaf in _leaves(error)
        )

    def _ended(self, transport: StdioTransport) -> GitOpsError:
        why = f" because {transport.reason}" if transport.reason else ""
        what = "was given up" if transport.reason else "ended"
        return Unavailable(
            f"The MCP server {self._server} {what}{why}.{self._last_words(transport)}",
            hint="Its standard error is in the log of the platform; try the program by hand.",
        )

    def _last_words(self, transport: Transport | None) -> str:
        words = transport.last_words if isinstance(transport, StdioTransport) else ""
        return f" Its last words were: {words[:300]}" if words else ""

    def _refused(self, status: int, leaf: BaseException) -> GitOpsError:
        why = _LOG_IN.get(status, self._said(leaf))
        # So a server answers a session that it does not know: MCP, streamable HTTP, sessions.
        kind = SessionGone if status == _NOT_FOUND else Unavailable
        return kind(
            f"The MCP server {self._server} answers with HTTP status {status}: {why}.",
            hint="Check `url`, `token` and `headers` in the file that configures the MCP servers.",
        )

    def _broken(self, leaf: BaseException) -> GitOpsError:
        verb = "answers with an error" if hasattr(leaf, "code") else "cannot be used"
        return Unavailable(
            f"The MCP server {self._server} {verb}: {self._said(leaf)}.",
            hint="Check that it runs, and its entry in the file that configures the MCP servers.",
        )

    def _said(self, leaf: BaseException) -> str:
        return self.masker.mask(str(leaf))[:500].rstrip(".") or type(leaf).__name__


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors that a group holds, in the order they were raised."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
