"""Lets few of many go on at a time, the most costly of those that wait first.

Started last, a tool that takes long is what everybody waits for in the end, with one processor.
"""

import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio


class _Waiting(NamedTuple):
    """Compared in this order; no two have the same number."""

    saving: float
    number: int
    called: anyio.Event


class Turns:
    """At most `count` blocks of `turn` run at a time."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count()

    @asynccontextmanager
    async def turn(self, cost: float) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the length of the block."""
        await self._take(cost)
        try:
            yield
        finally:
            self._give()

    async def _take(self, cost: float) -> None:
        if self._free:
            self._free -= 1
            return
        mine = _Waiting(-cost, next(self._numbers), anyio.Event())
        heapq.heappush(self._waiting, mine)
        try:
            await mine.called.wait()
        except BaseException:
            if mine.called.is_set():
                self._give()
            else:
                self._waiting.remove(mine)
                heapq.heapify(self._waiting)
            raise

    def _give(self) -> None:
        if self._waiting:
            heapq.heappop(self._waiting).called.set()
        else:
            self._free += 1
