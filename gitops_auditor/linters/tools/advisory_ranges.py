"""Whether a version is affected, by the events of an advisory (OSV schema, "Evaluation")."""

from collections.abc import Callable
from typing import Any, Final

import nodesemver
from packaging.version import InvalidVersion, Version

from gitops_auditor.linters.tool import UnreadableOutput
from gitops_auditor.linters.tools.advisory_records import Affected, Range

_BEGINNING: Final = "0"
_OURS: Final = frozenset({"ECOSYSTEM", "SEMVER"})
_KINDS: Final = ("introduced", "fixed", "last_affected", "limit")

Order = Callable[[str, str], int]


def is_affected(version: str, affected: Affected, ecosystem: str) -> bool:
    """Whether one of the ranges has it, or it is listed.

    Raises UnreadableOutput for versions that cannot be compared.
    """
    if version in affected.versions:
        return True
    order = _pypi_order if ecosystem == "PyPI" else _npm_order
    ours = [one for one in affected.ranges if one.type in _OURS]
    if not ours and not affected.versions:
        raise UnreadableOutput("An advisory names neither versions nor a range of releases.")
    return any(_is_within(version, one, order) for one in ours)


def first_fixed(version: str, affected: Affected, ecosystem: str) -> str:
    """The least version above that corrects it; empty when there is none."""
    order = _pypi_order if ecosystem == "PyPI" else _npm_order
    fixes = [
        event["fixed"]
        for one in affected.ranges
        if one.type in _OURS
        for event in one.events
        if "fixed" in event and order(event["fixed"], version) > 0
    ]
    least = ""
    for fix in fixes:
        if not least or order(fix, least) < 0:
            least = fix
    return least


def _is_within(version: str, within: Range, order: Order) -> bool:
    """An introduction begins it, also below a limit; the last event that is not above decides."""
    begins = [event["introduced"] for event in within.events if "introduced" in event]
    ends = [(kind, event[kind]) for event in within.events for kind in _KINDS[1:] if kind in event]
    if not begins:
        raise UnreadableOutput("A range of an advisory has no beginning.")
    for begin in begins:
        if begin != _BEGINNING and order(version, begin) < 0:
            continue
        if not any(_has_ended(version, begin, kind, end, order) for kind, end in ends):
            return True
    return False


def _has_ended(version: str, begin: str, kind: str, end: str, order: Order) -> bool:
    """Whether an end that belongs to the beginning, or a later one, comes before the version."""
    if kind == "limit":
        return end != "*" and order(version, end) >= 0
    belongs = begin == _BEGINNING or order(end, begin) >= 0
    passed = order(version, end)
    return belongs and (passed > 0 if kind == "last_affected" else passed >= 0)


def _pypi_order(one: str, other: str) -> int:
    try:
        first, second = Version(one), Version(other)
    except InvalidVersion as error:
        raise UnreadableOutput(f"{error} is no version of Python's packages.") from None
    return (first > second) - (first < second)


def _npm_order(one: str, other: str) -> int:
    compare: Any = nodesemver.compare
    try:
        return int(compare(one, other, loose=True))
    except ValueError:
        raise UnreadableOutput(f"{one} and {other} are not both versions of npm.") from None
