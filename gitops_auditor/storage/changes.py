"""Waiting for a commit: of this process at once, of another one within a quarter of a second."""

from collections.abc import Awaitable, Callable

import anyio

Probe = Callable[[], Awaitable[object]]
"""A cheap question whose answer differs after any commit of any process."""

POLL_SECONDS = 0.2


class ChangeSignal:
    """A counter of commits that can be waited for. However many wait, only one of them polls."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        # Unlike any answer, so that a commit before the first probe is not missed.
        self._answer: object = object()
        self._version = 0
        self._wake = anyio.Event()
        self._polling = False

    @property
    def version(self) -> int:
        """Grows with every commit that was noticed: read it before the data, then wait for more."""
        return self._version

    def notify(self) -> None:
        """Count a commit and wake everybody who waits."""
        self._version += 1
        self._wake_all()

    async def wait(self, after: int, seconds: float) -> int:
        """The version as soon as it is above `after`, or as it is after `seconds`.

        A wake-up may be about a commit that changed nothing of interest: look, and wait again.
        """
        with anyio.move_on_after(seconds):
            while self._version <= after:
                await self._wait_once()
        return self._version

    async def _wait_once(self) -> None:
        if self._polling:
            await self._wake.wait()
            return
        self._polling = True
        try:
            await self._poll()
        finally:
            self._polling = False
            # Another waiter takes over the polling.
            self._wake_all()

    async def _poll(self) -> None:
        before = self._version
        while self._version == before:
            seen, self._answer = self._answer, await self._probe()
            if seen != self._answer:
                self.notify()
                return
            with anyio.move_on_after(POLL_SECONDS):
                await self._wake.wait()

    def _wake_all(self) -> None:
        self._wake.set()
        self._wake = anyio.Event()
