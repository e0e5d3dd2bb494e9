"""Semantic versions and comparators over them (semver.org 2.0.0, sections 9 to 11)."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Operator = Literal["=", "!=", ">", ">=", "<", "<="]
Identifier = tuple[int, int, str]
"""Numeric identifiers sort by value and before words."""

Precedence = tuple[int, int, int, int, tuple[Identifier, ...]]


@dataclass(frozen=True, slots=True)
class SemanticVersion:
    """A version as its precedence sees it; build metadata is dropped."""

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    precedence: Precedence = field(init=False, compare=False, repr=False)
    """The key by which versions are ordered."""

    def __post_init__(self) -> None:
        key = (*self.release, 0 if self.prerelease else 1, _identifiers(self.prerelease))
        object.__setattr__(self, "precedence", key)

    @property
    def text(self) -> str:
        """As semver writes it."""
        suffix = f"-{self.prerelease}" if self.prerelease else ""
        return f"{self.major}.{self.minor}.{self.patch}{suffix}"

    @property
    def release(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch


class Partial(NamedTuple):
    """A version of which the last numbers may be left open."""

    numbers: tuple[int, ...]
    prerelease: str = ""

    def floor(self) -> SemanticVersion:
        """The lowest version it stands for."""
        return _version(self.numbers, self.prerelease)

    def ceiling(self, kept: int) -> SemanticVersion:
        """The first release in which the number at 1-based place `kept` is one higher."""
        padded = (*self.numbers, 0, 0, 0)[:kept]
        return _version((*padded[:-1], padded[-1] + 1))


class Comparator(NamedTuple):
    """One bound on a version."""

    operator: Operator
    version: SemanticVersion

    def holds(self, version: SemanticVersion) -> bool:
        """Whether the bound holds by precedence alone."""
        return bool(_TESTS[self.operator](version.precedence, self.version.precedence))


_TESTS: Final[dict[Operator, Callable[[Precedence, Precedence], object]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_VERSION: Final = re.compile(
    r"[vV=\s]*(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?\s*"
)
_PARTIAL: Final = re.compile(
    r"[vV]?(\d{1,18}|[xX*])(?:\.(\d{1,18}|[xX*]))?(?:\.(\d{1,18}|[xX*]))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?"
)


@lru_cache(maxsize=16384)
def parse_version(text: str) -> SemanticVersion | None:
    """A version; missing numbers are zero, a leading `v` is ignored. None when it is not one."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = [int(number or 0) for number in found.group(1, 2, 3)]
    return _version(numbers, found[4] or "")


def parse_partial(text: str) -> Partial | None:
    """A version that may stop early or hold `x` or `*`. None when it is not one."""
    found = _PARTIAL.fullmatch(text)
    if found is None:
        return None
    numbers: list[int] = []
    for number in found.group(1, 2, 3):
        if number is None or not number.isdigit():
            break
        numbers.append(int(number))
    return Partial(tuple(numbers), (found[4] or "") if len(numbers) == 3 else "")


def order(text: str) -> Precedence | None:
    """The precedence of a written version, None when it is not one."""
    version = parse_version(text)
    return version.precedence if version else None


def release(text: str) -> str:
    """The version without its pre-release part; the text itself when it is no version."""
    version = parse_version(text)
    return SemanticVersion(*version.release).text if version else text


def bounds(alternatives: Iterable[Sequence[Comparator]]) -> tuple[str, ...]:
    """The versions that comparators name, in the order they are written."""
    return tuple(dict.fromkeys(bound.version.text for group in alternatives for bound in group))


def probes(versions: Iterable[SemanticVersion]) -> tuple[str, ...]:
    """Where a verdict can change near `versions`: the release itself, the next one, and the first
    pre-releases after and before them.
    """
    found: dict[str, None] = {}
    for version in versions:
        release_itself = SemanticVersion(*version.release)
        found[release_itself.text] = None
        found[replace(version, patch=version.patch + 1, prerelease="").text] = None
        found[replace(release_itself, prerelease="0").text] = None
        if version.prerelease:
            found[replace(version, prerelease=f"{version.prerelease}.0").text] = None
    return tuple(found)


def caret(partial: Partial) -> tuple[Comparator, ...]:
    """Changes that keep the leftmost number that is not zero."""
    numbers = partial.numbers
    if not numbers:
        return ()
    leading = next((place for place, number in enumerate(numbers, 1) if number), len(numbers))
    return Comparator(">=", partial.floor()), Comparator("<", partial.ceiling(leading))


def tilde(partial: Partial) -> tuple[Comparator, ...]:
    """Changes of the patch number, or of the minor one when only a major number is given."""
    if not partial.numbers:
        return ()
    kept = min(len(partial.numbers), 2)
    return Comparator(">=", partial.floor()), Comparator("<", partial.ceiling(kept))


def equal(partial: Partial) -> tuple[Comparator, ...]:
    """The version itself, or every version that begins with the numbers given."""
    if not partial.numbers:
        return ()
    if len(partial.numbers) == 3:
        return (Comparator("=", partial.floor()),)
    upper = partial.ceiling(len(partial.numbers))
    return Comparator(">=", partial.floor()), Comparator("<", upper)


def _version(numbers: Sequence[int], prerelease: str = "") -> SemanticVersion:
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return SemanticVersion(major, minor, patch, prerelease)


@lru_cache(maxsize=4096)
def _identifiers(prerelease: str) -> tuple[Identifier, ...]:
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in prerelease.split(".")
    )
