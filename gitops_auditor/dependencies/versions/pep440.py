"""Python version specifiers (PEP 440), with the shorthands of Poetry and conda spelled out."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from gitops_auditor.dependencies.versions.scheme import Reading, Scheme

_CLAUSE: Final = re.compile(r"(===|~=|==|!=|<=|>=|<|>|=|\^|~)?\s*([^\s,<>=!~^|]+)")
_FINE: Final = 6
"""More numbers than a release segment has in practice: what lies between two versions."""


@lru_cache(maxsize=16384)
def parse_version(text: str) -> Version | None:
    """A version by PEP 440, None when it is not one."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def read_specifiers(text: str) -> Reading | None:
    """Specifiers joined by commas; `||` or `|` between alternatives; None for what is neither."""
    sets: list[SpecifierSet] = []
    for alternative in re.split(r"\|\|?", text):
        spelled = _spelled_out(alternative)
        if spelled is None:
            return None
        try:
            sets.append(SpecifierSet(spelled))
        except InvalidSpecifier:
            return None

    def allows(written: str) -> bool | None:
        version = parse_version(written)
        if version is None:
            return None
        return any(found.contains(version, prereleases=True) for found in sets)

    return _reading(allows, sets)


def order(text: str) -> Version | None:
    """The version as packaging orders it."""
    return parse_version(text)


def release(text: str) -> str:
    """The final release of a pre-release, development or local version."""
    version = parse_version(text)
    return version.base_version if version else text


PYPI: Final = Scheme("pypi", read_specifiers, order, release, first="0")


def _spelled_out(text: str) -> str | None:
    """The clauses as PEP 440 writes them, None when one of them is no clause."""
    clauses: list[str] = []
    rest = text.strip().strip(",").strip()
    while rest:
        found = _CLAUSE.match(rest)
        spelled = _clause(found[1] or "", found[2]) if found else None
        if found is None or spelled is None:
            return None
        clauses.extend(spelled)
        rest = rest[found.end() :].lstrip().removeprefix(",").lstrip()
    return ",".join(clauses)


def _clause(operator: str, version: str) -> list[str] | None:
    if version == "*":
        return []
    bare = version.removesuffix(".*")
    match operator:
        case "^" | "~":
            return _shorthand(operator, bare)
        case "=":
            return [f"=={bare}.*"]
        case "":
            return [f"=={version}"]
        case "<" | "<=" | ">" | ">=":
            return [f"{operator}{bare}"]
        case _:
            return [f"{operator}{version}"]


def _shorthand(operator: str, text: str) -> list[str] | None:
    """`^1.2` keeps the first number that is not zero, `~1.2` the first two given."""
    version = parse_version(text)
    if version is None:
        return None
    numbers = version.release
    if operator == "~":
        kept = min(len(numbers), 2)
    else:
        kept = next((place for place, number in enumerate(numbers, 1) if number), len(numbers))
    return [f">={text}", f"<{_raised(version, kept)}"]


def _reading(allows: Callable[[str], bool | None], sets: list[SpecifierSet]) -> Reading:
    specifiers = sorted((one for found in sets for one in found), key=str)
    named = dict.fromkeys(one.version.removesuffix(".*") for one in specifiers)
    versions = [version for version in map(parse_version, named) if version is not None]
    return Reading(
        allows=allows,
        bounds=tuple(text for text in named if parse_version(text) is not None),
        probes=tuple(dict.fromkeys(probe for one in versions for probe in _probes(one))),
        admits_prereleases=any(one.prereleases for one in sets),
    )


def _probes(version: Version) -> Iterator[str]:
    """Releases just above a version, from the next patch down to what hardly anyone would publish,
    and the pre-releases on both sides of it.
    """
    numbers = version.release
    yield version.base_version
    for place in range(max(len(numbers), 3), 0, -1):
        yield _raised(version, place)
    padded = (*numbers, *[0] * (_FINE - len(numbers)), 1)
    yield _written(version, padded)
    yield f"{version.base_version}.dev0"
    if version.pre is not None:
        stage, number = version.pre
        yield f"{version.base_version}{stage}{number + 1}"
        yield f"{version.base_version}{stage}{number + 1}.dev0"
    if version.dev is None:
        yield f"{version.public.partition('.post')[0]}.post{(version.post or 0) + 1}"


def _raised(version: Version, kept: int) -> str:
    """The release in which the number at 1-based place `kept` is one higher and the last."""
    padded = (*version.release, *[0] * kept)[:kept]
    return _written(version, (*padded[:-1], padded[-1] + 1))


def _written(version: Version, numbers: tuple[int, ...]) -> str:
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(str(number) for number in numbers)
