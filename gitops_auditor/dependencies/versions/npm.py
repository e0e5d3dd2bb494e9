"""npm ranges by node-semver's rules: a pre-release is allowed only beside a bound that names one
of the same release. Cargo requirements are translated to them.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import nodesemver

from gitops_auditor.dependencies.versions.scheme import Reading, Scheme
from gitops_auditor.dependencies.versions.semantic import (
    Comparator,
    SemanticVersion,
    bounds,
    order,
    parse_version,
    probes,
    release,
)

_LONGEST_RANGE: Final = 512
_CARGO_BARE: Final = re.compile(r"[vV]?\d+(\.(\d+|[xX*]))*([-+].*)?")


def read_range(text: str) -> Reading | None:
    """A range as package.json writes it; None for a tag, a URL or a malformed one."""
    if len(text) > _LONGEST_RANGE:
        return None
    try:
        groups = _groups(nodesemver.Range(text, False))
    except ValueError:
        return None

    def allows(written: str) -> bool | None:
        version = parse_version(written)
        return None if version is None else any(_holds(group, version) for group in groups)

    return Reading(allows, bounds(groups), probes(one.version for group in groups for one in group))


def read_cargo(text: str) -> Reading | None:
    """A Cargo requirement: comparators joined by commas, where a bare version means caret."""
    parts = [part.strip() for part in text.split(",")]
    if "||" in text or not all(parts):
        return None
    return read_range(" ".join(f"^{part}" if _is_caret(part) else part for part in parts))


NPM: Final = Scheme("npm", read_range, order, release)
CARGO: Final = Scheme("cargo", read_cargo, order, release)


def _groups(range_: Any) -> list[list[Comparator]]:
    """The comparators that node-semver spells a range out into; its own test of them is slow."""
    return [
        [
            Comparator(bound.operator or "=", version)
            for bound in group
            if bound.semver is not nodesemver.ANY
            and (version := parse_version(bound.semver.version)) is not None
        ]
        for group in range_.set
    ]


def _holds(group: Sequence[Comparator], version: SemanticVersion) -> bool:
    if version.prerelease and not any(
        bound.version.prerelease and bound.version.release == version.release for bound in group
    ):
        return False
    return all(bound.holds(version) for bound in group)


def _is_caret(part: str) -> bool:
    return _CARGO_BARE.fullmatch(part) is not None and not part.endswith("*")
