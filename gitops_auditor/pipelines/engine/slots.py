"""How many jobs run at once in this process, shared fairly among its runs."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Share:
    """What one run wants and has of the slots."""

    def __init__(self, slots: "Slots", granted: Callable[[], None]) -> None:
        self._slots = slots
        self._granted = granted
        self._wanted = 0
        self._held = 0

    @property
    def held(self) -> int:
        """Slots that the run has, used or not."""
        return self._held

    def want(self, count: int) -> None:
        """Have so many slots as soon as it may, those it has counted; fewer gives none back."""
        self._wanted = count
        self._slots.hand_out()

    def give_back(self, count: int = 1) -> None:
        """Slots are free again; the run wants so many less."""
        self._held -= count
        self._wanted = max(self._wanted - count, 0)
        self._slots.take_back(count)

    def is_short(self) -> bool:
        """Whether it wants more than it has."""
        return self._held < self._wanted

    def grant(self) -> None:
        """It has one more."""
        self._held += 1
        self._granted()


class Slots:
    """A number of slots. Of the runs that want one the next gets it that has waited longest."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = count
        self._rotation: deque[Share] = deque()

    @contextmanager
    def share(self, granted: Callable[[], None]) -> Iterator[Share]:
        """A run's share; at the end of the block it goes back.

        `granted` is called for each slot that the run gets, perhaps within `want`; it must neither
        block nor call the share.
        """
        share = Share(self, granted)
        self._rotation.append(share)
        try:
            yield share
        finally:
            self._rotation.remove(share)
            self.take_back(share.held)

    def take_back(self, count: int) -> None:
        """So many are free again."""
        self._free += count
        self.hand_out()

    def hand_out(self) -> None:
        """Give free slots to the runs that want them, one each in turn."""
        while self._free and (share := self._next()) is not None:
            self._free -= 1
            share.grant()

    def _next(self) -> Share | None:
        for _ in range(len(self._rotation)):
            share = self._rotation[0]
            self._rotation.rotate(-1)
            if share.is_short():
                return share
        return None
