"""The published actions that generated workflows use, pinned to the commit of a release."""

from typing import Final, NamedTuple


class PinnedAction(NamedTuple):
    """An action at the commit of a release."""

    name: str
    commit: str
    release: str

    @property
    def reference(self) -> str:
        """What follows `uses:`."""
        return f"{self.name}@{self.commit}"


CHECKOUT: Final = PinnedAction(
    "actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"
)
CACHE: Final = PinnedAction("actions/cache", "27d5ce7f107fe9357f9df03efb73ab90386fccae", "v5.0.5")
UPLOAD: Final = PinnedAction(
    "actions/upload-artifact", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"
)
ALL: Final = (CHECKOUT, CACHE, UPLOAD)
