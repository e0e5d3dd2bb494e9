"""What an ecosystem's version language offers to the rest of the package."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Ordered(Protocol):
    """A sort key of versions: greater means newer."""

    def __lt__(self, other: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """A constraint that has been understood.

    `allows` answers None for a text that is no version of the ecosystem. `bounds` are the versions
    that the constraint itself names, `probes` others at which its verdict may change: whenever some
    version satisfies several readings, one of their bounds and probes does.
    """

    allows: Callable[[str], bool | None]
    bounds: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    admits_prereleases: bool = True
    """False where a pre-release counts only when another constraint asks for pre-releases."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A version language.

    `read` gives None for a text it does not understand, `order` None for what is no version.
    `release` is the final release that a version is, or leads to.
    """

    name: str
    read: Callable[[str], Reading | None]
    order: Callable[[str], Ordered | None]
    release: Callable[[str], str]
    first: str = "0.0.0"
    """The lowest release, which satisfies what only has upper bounds."""
