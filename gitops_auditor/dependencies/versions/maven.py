"""Maven versions and ranges, and what Gradle adds to them (POM reference, "Dependency Version
Requirement Specification" and "Version Order Specification").

A bare version is a soft requirement: Maven takes the nearest one, Gradle the highest. Both expect
what is compatible with the version asked for, so it is read as that version or a newer one of the
same major number.
"""

import re
from collections.abc import Iterator
from functools import cmp_to_key, lru_cache
from itertools import zip_longest
from typing import Final, NamedTuple

from gitops_auditor.dependencies.versions.scheme import Ordered, Reading, Scheme


class Token(NamedTuple):
    """A part of a version with the separator before it. A qualifier has number None."""

    separator: str
    number: int | None
    word: str = ""

    @property
    def is_null(self) -> bool:
        """Whether it says nothing at the end of a version."""
        return self.number == 0 or (self.number is None and self.word == "")


_PART: Final = re.compile(r"([.\-_]?)(\d+|[^\d.\-_]+|(?=[.\-_]|$))")
_WORDS: Final = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT: Final = {"a": "alpha", "b": "beta", "m": "milestone"}
_STAGES: Final = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_VERSION: Final = re.compile(r"[0-9A-Za-z][\w.+-]{0,199}")
_RANGE: Final = re.compile(r"([\[(\]])\s*([^,\[\]()]*)(?:(,)\s*([^,\[\]()]*))?([\])\[])\s*,?\s*")
_EARLY: Final = re.compile(
    r"[.\-_]?(?:(?<![A-Za-z])(?:alpha|beta|milestone|rc|cr|snapshot)(?![A-Za-z])|(?<=[\d.\-_])[abm](?=\d))",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(r"(?:(\d+(?:\.\d+)*)\.)?\+")


@lru_cache(maxsize=16384)
def tokens(text: str) -> tuple[Token, ...]:
    """The parts of a version, without those that say nothing before a hyphen or at the end."""
    kept: list[Token] = []
    for token in _split(text.lower()):
        if token.separator == "-":
            _trim(kept)
        kept.append(token)
    _trim(kept)
    return tuple(kept)


def compare(left: str, right: str) -> int:
    """Negative when `left` is older, zero when both are the same version."""
    for one, other in zip_longest(tokens(left), tokens(right)):
        first = _rank(one if one is not None else _padding(other))
        second = _rank(other if other is not None else _padding(one))
        if first != second:
            return -1 if first < second else 1
    return 0


def read_requirement(text: str) -> Reading | None:
    """A bare version, ranges such as `[1,2)` and `(,1],[1.2,)`, or Gradle's `1.2.+` and `1.2!!`."""
    text = text.strip()
    if text.endswith("!!"):
        text = f"[{text.removesuffix('!!')}]" if text[0] not in "[(]" else text.removesuffix("!!")
    prefix = _PREFIX.fullmatch(text)
    if prefix is not None:
        return _prefix(prefix[1] or "")
    if text[:1] in {"[", "(", "]"}:
        return _ranges(text)
    return _soft(text) if _VERSION.fullmatch(text) else None


def order(text: str) -> Ordered | None:
    """The key of the version order, None for what is no version."""
    return _KEY(text) if _VERSION.fullmatch(text) else None


def release(text: str) -> str:
    """The version without a qualifier that marks it as not yet released."""
    return _EARLY.split(text, maxsplit=1)[0] or text


MAVEN: Final = Scheme("maven", read_requirement, order, release, first="0")

_KEY: Final = cmp_to_key(compare)


class _Interval(NamedTuple):
    low: str
    includes_low: bool
    high: str
    includes_high: bool

    def holds(self, version: str) -> bool:
        if self.low:
            above = compare(version, self.low)
            if above < 0 or (above == 0 and not self.includes_low):
                return False
        if self.high:
            below = compare(version, self.high)
            return below < 0 or (below == 0 and self.includes_high)
        return True


def _soft(text: str) -> Reading:
    head = tokens(text)[:1]
    if not head or head[0].number is None:
        return Reading(lambda version: compare(version, text) == 0, (text,))
    return _reading([_Interval(text, True, f"{head[0].number + 1}-alpha", False)])


def _prefix(text: str) -> Reading:
    if not text:
        return Reading(lambda version: _VERSION.fullmatch(version) is not None)
    *kept, last = text.split(".")
    return _reading([_Interval(text, True, ".".join([*kept, f"{int(last) + 1}-alpha"]), False)])


def _ranges(text: str) -> Reading | None:
    intervals: list[_Interval] = []
    position = 0
    while position < len(text):
        found = _RANGE.match(text, position)
        interval = _interval(found) if found else None
        if found is None or interval is None:
            return None
        intervals.append(interval)
        position = found.end()
    return _reading(intervals)


def _interval(found: re.Match[str]) -> _Interval | None:
    """Gradle also writes an excluded end with the bracket turned round: `]1,2[`."""
    low, high = found[2].strip(), (found[4] or "").strip()
    if any(end and not _VERSION.fullmatch(end) for end in (low, high)):
        return None
    includes_low, includes_high = found[1] == "[", found[5] == "]"
    if found[3]:
        return _Interval(low, includes_low, high, includes_high)
    return _Interval(low, True, low, True) if low and includes_low and includes_high else None


def _reading(intervals: list[_Interval]) -> Reading:
    def allows(version: str) -> bool | None:
        if not _VERSION.fullmatch(version):
            return None
        return any(interval.holds(version) for interval in intervals)

    ends = dict.fromkeys(
        end for interval in intervals for end in (interval.low, interval.high) if end
    )
    return Reading(
        allows,
        bounds=tuple(end for end in ends if not end.endswith("-alpha")),
        probes=tuple(probe for end in ends for probe in _probes(end)),
    )


def _probes(end: str) -> Iterator[str]:
    """The end itself, the patch after it, and what comes right behind it in the order."""
    yield end
    numbers = [int(number) for number in re.findall(r"\d+", release(end))[:3]]
    if numbers:
        *kept, last = [*numbers, 0, 0][:3]
        yield ".".join(str(number) for number in [*kept, last + 1])
    yield f"{end}-sp"
    yield f"{end}.0.0.0.1"


def _split(text: str) -> Iterator[Token]:
    """Between digits and letters there is a hyphen that need not be written."""
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        if found is None:
            return
        is_transition = position > 0 and not found[1]
        separator = "-" if is_transition else found[1].replace("_", "-")
        yield _token(separator, found[2], text[found.end() : found.end() + 1])
        position = found.end()


def _token(separator: str, part: str, following: str) -> Token:
    if part.isdigit():
        return Token(separator, int(part))
    if part == "":
        return Token(separator, 0)
    if following.isdigit():
        part = _SHORT.get(part, part)
    return Token(separator, None, _WORDS.get(part, part))


def _trim(kept: list[Token]) -> None:
    while kept and kept[-1].is_null:
        kept.pop()


def _padding(beside: Token) -> Token:
    if beside.number is not None and beside.separator != "-":
        return Token(".", 0)
    return Token("-", None)


def _rank(token: Token) -> tuple[int, int, str, int]:
    """Qualifiers come before numbers, and a number after a hyphen before one after a point."""
    if token.number is not None:
        return (3 if token.separator == "-" else 4, 0, "", token.number)
    if token.word in _STAGES:
        return (2, _STAGES.index(token.word), "", 0)
    return (2, len(_STAGES), token.word, 0)
