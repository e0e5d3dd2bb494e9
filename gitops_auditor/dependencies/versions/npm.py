"""npm ranges by node-semver's rules: a pre-release is allowed only beside a bound that names one
of the same release. Cargo requirements are translated to them.
"""

import re
from functools import lru_cache
from typing import Any, Final

import nodesemver

from gitops_auditor.dependencies.versions.scheme import Reading, Scheme
from gitops_auditor.dependencies.versions.semantic import (
    SemanticVersion,
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
        range_ = nodesemver.Range(text, False)
    except ValueError:
        return None
    versions = _bounds(range_)
    return Reading(
        allows=lambda version: _test(range_, version),
        bounds=tuple(dict.fromkeys(version.text for version in versions)),
        probes=probes(versions),
    )


def read_cargo(text: str) -> Reading | None:
    """A Cargo requirement: comparators joined by commas, where a bare version means caret."""
    parts = [part.strip() for part in text.split(",")]
    if "||" in text or not all(parts):
        return None
    return read_range(" ".join(f"^{part}" if _is_caret(part) else part for part in parts))


NPM: Final = Scheme("npm", read_range, order, release)
CARGO: Final = Scheme("cargo", read_cargo, order, release)


def _bounds(range_: Any) -> list[SemanticVersion]:
    named = (bound.semver for group in range_.set for bound in group)
    texts = (bound.version for bound in named if bound is not nodesemver.ANY)
    return [version for version in map(parse_version, texts) if version is not None]


def _is_caret(part: str) -> bool:
    return _CARGO_BARE.fullmatch(part) is not None and not part.endswith("*")


def _test(range_: Any, version: str) -> bool | None:
    parsed = _version(version)
    return None if parsed is None else bool(range_.test(parsed))


@lru_cache(maxsize=16384)
def _version(text: str) -> Any:
    parsed = parse_version(text)
    if parsed is None:
        return None
    try:
        return nodesemver.make_semver(parsed.text, False)
    except ValueError:
        return None
