"""Where in a text a constraint may stand that a manifest's reader found near a line. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import Declaration

MOST_PLACES: Final = 300

_OPERATOR: Final = re.compile(r"[<>=~^]+\s*")
_PIECES: Final = re.compile(r"[<>=!~^]+|,|[^\s,<>=!~^]+")
_PARTS: Final = re.compile(r"\d+(?:\.\d+)*|[A-Za-z]+|.", re.DOTALL)
_ESCAPED: Final = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"}
"""Characters that some writers of JSON escape."""


class Place(NamedTuple):
    """A span of a text and what to put there."""

    start: int
    end: int
    replacement: str


def places(text: str, declaration: Declaration, constraint: str) -> Iterator[Place]:
    """The likeliest first: on the line of the evidence behind the name, then nearby, below before
    above; at most MOST_PLACES.
    """
    newlines = [found.start() for found in re.finditer("\n", text)]
    lines = _evidence(text, newlines, declaration)
    given = 0
    for old, new in _spellings(declaration.constraint, constraint):
        found = [Place(one.start(), one.end(), new) for one in old.finditer(text)]
        found.sort(key=lambda place: _distance(place, newlines, lines, declaration, text))
        for place in found[: MOST_PLACES - given]:
            given += 1
            yield place


def _spellings(old: str, new: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """The constraint as it was read, and as files may write it otherwise."""
    yield _bounded(re.escape(old)), new
    first, second = _OPERATOR.match(old), _OPERATOR.match(new)
    if first is not None and second is not None and first[0] == second[0]:
        yield _bounded(re.escape(old[first.end() :])), new[second.end() :]
    yield from _trimmed(old, new)
    pieces = [re.escape(piece) for piece in _PIECES.findall(old)]
    if len(pieces) > 1:
        yield _bounded(r"\s*".join(pieces)), new
    if _escaped(old) != old:
        yield _bounded(_escaped(old).replace("\\", r"\\"), ignore_case=True), _escaped(new)


def _trimmed(old: str, new: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """Only what differs, as where `v${VERSION}` or `3.${MINOR}-slim` is written; whole numbers."""
    first, second = _PARTS.findall(old), _PARTS.findall(new)
    head = _alike(first, second)
    tail = _alike(first[head:][::-1], second[head:][::-1])
    changed = "".join(first[head : len(first) - tail])
    if head + tail and changed:
        yield _bounded(re.escape(changed)), "".join(second[head : len(second) - tail])


def _alike(first: Sequence[str], second: Sequence[str]) -> int:
    """How many parts both begin with; those of version numbers go together."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in text)


def _bounded(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """A token that is no part of a longer one."""
    flags = re.IGNORECASE if ignore_case else 0
    before = r"(?<![0-9A-Za-z])(?<!\d\.)" if pattern[0].isalnum() else ""
    return re.compile(rf"{before}{pattern}(?![0-9A-Za-z]|\.\d)", flags)


def _evidence(text: str, newlines: Sequence[int], declaration: Declaration) -> Sequence[int]:
    """The line that the reader gives; without one, those that bear the name."""
    if declaration.line:
        return [declaration.line - 1]
    named = re.finditer(re.escape(declaration.name), text)
    return [bisect_left(newlines, found.start()) for found in named] or [0]


def _distance(
    place: Place, newlines: Sequence[int], lines: Sequence[int], declaration: Declaration, text: str
) -> tuple[int, bool, int]:
    line = bisect_left(newlines, place.start)
    away = min((line - one for one in lines), key=abs)
    start = newlines[line - 1] + 1 if line else 0
    is_before_name = text.find(declaration.name, start, place.start) < 0
    return abs(away), away < 0, place.start + is_before_name * len(text)
