"""The end of what is under way when the server stops: streams at once, calls after a grace."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import anyio

from gitops_auditor.errors import Unavailable

GRACE_SECONDS = 1.0
"""Seconds that a call under way gets to finish once the server stops."""


class Ending:
    """What is under way in one server. Set `stopping` to end it, while `watch` runs."""

    def __init__(self) -> None:
        self.stopping = anyio.Event()
        self._streams: set[anyio.CancelScope] = set()
        self._calls: set[anyio.CancelScope] = set()

    def stream(self) -> AbstractContextManager[anyio.CancelScope]:
        """A block that would never end by itself; it is cancelled as soon as the server stops."""
        return _listed(self._streams)

    def call(self) -> AbstractContextManager[anyio.CancelScope]:
        """A block that ends by itself; it is cancelled when it outlasts the grace."""
        return _listed(self._calls)

    async def watch(self) -> None:
        """Wait until the server stops, then end what is under way."""
        await self.stopping.wait()
        _cancel(self._streams)
        await anyio.sleep(GRACE_SECONDS)
        _cancel(self._calls)


def stopped() -> Unavailable:
    """The failure of a call that the end of the server cut off."""
    return Unavailable("The server is stopping.", hint="Try again when it has started anew.")


@contextmanager
def _listed(group: set[anyio.CancelScope]) -> Iterator[anyio.CancelScope]:
    with anyio.CancelScope() as scope:
        group.add(scope)
        try:
            yield scope
        finally:
            group.discard(scope)


def _cancel(group: set[anyio.CancelScope]) -> None:
    for scope in [*group]:
        scope.cancel()
