"""The version that is asked for, taken apart. Pure."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from gitops_auditor.dependencies.versions import order

_VERSION: Final = re.compile(r"[vV]?(\d+(?:\.\d+)*)(.*)", re.DOTALL)
_OBJECT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Wanted(NamedTuple):
    """A version: its numbers as written, and what follows them (`-rc.1`, `-slim`).

    Without numbers it is no version but a name, such as a branch or a digest.
    """

    text: str
    numbers: tuple[str, ...]
    rest: str

    @property
    def bare(self) -> str:
        """The version without a leading `v`."""
        return ".".join(self.numbers) + self.rest if self.numbers else self.text

    @property
    def is_object(self) -> bool:
        """Whether it is the full id of a commit."""
        return _OBJECT.fullmatch(self.text) is not None

    def floor(self, places: int) -> str:
        """The version itself, with zeros to as many places when it has fewer."""
        return self.bare if self.rest else joined(self.numbers, places)

    def cut(self, places: int) -> str:
        """As many places as given; a pre-release has them all."""
        return self.bare if self.rest else joined(self.numbers[:places], places)

    def short(self, places: int) -> str:
        """As many places as given when those left out are zero, else the whole version."""
        lossless = all(int(number) == 0 for number in self.numbers[places:])
        return self.cut(places) if lossless else self.floor(places)

    def next(self, bound: Sequence[str]) -> str:
        """The first version beyond the series of this one, as long as an upper bound that ended a
        series before: `2.3` and a bound of `1.5.0` give `2.4.0`.
        """
        numbers = [int(number) for number in bound]
        level = max((place for place, number in enumerate(numbers) if number), default=0)
        kept = [int(number) for number in (*self.numbers, *["0"] * (level + 1))[: level + 1]]
        kept[level] += 1
        return joined([str(number) for number in kept], len(bound))


def parse_wanted(text: str) -> Wanted:
    """A version with or without a leading `v`; an object id is no version."""
    text = text.strip()
    found = None if _OBJECT.fullmatch(text) else _VERSION.fullmatch(text)
    if found is None:
        return Wanted(text, (), "")
    return Wanted(text, tuple(found[1].split(".")), found[2])


def joined(numbers: Sequence[str], places: int) -> str:
    """Numbers with dots between them, and zeros to as many places."""
    return ".".join([*numbers, *["0"] * (places - len(numbers))])


def is_older(ecosystem: str, version: str, than: str) -> bool:
    """Whether a version comes before another one; False when that cannot be told."""
    first, second = order(ecosystem, version), order(ecosystem, than)
    return first is not None and second is not None and bool(first < second)
