"""How often Python looks for garbage in cycles while much is read that has no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_NEW_OBJECTS: Final = 100_000
"""Python's own 700 has it look through all facts again and again, a sixth of the time of a scan."""


class RareCollections:
    """Blocks, which may overlap, in which garbage is looked for less often; then as before."""

    def __init__(self) -> None:
        self._running = 0
        self._usual = gc.get_threshold()

    @contextmanager
    def block(self) -> Iterator[None]:
        """For the length of the block."""
        if not self._running:
            self._usual = gc.get_threshold()
            gc.set_threshold(max(_NEW_OBJECTS, self._usual[0]), *self._usual[1:])
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                gc.set_threshold(*self._usual)


RARE_COLLECTIONS: Final = RareCollections()
"""The threshold belongs to the process, and so does this."""
