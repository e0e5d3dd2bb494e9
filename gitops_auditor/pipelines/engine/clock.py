"""The time of one run: it stands still while nobody carries the run out. Pure but for its source.

Seconds since the run began, by a clock that only goes forward. What is kept of it are numbers on
that scale, so neither a jump of the system's clock nor a restart moves a deadline.
"""

import time
from collections.abc import Callable


class RunClock:
    """Counts on from `elapsed` seconds."""

    def __init__(self, elapsed: float = 0.0, source: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._zero = source() - elapsed

    def now(self) -> float:
        """Seconds that the run has been carried out for."""
        return self._source() - self._zero
