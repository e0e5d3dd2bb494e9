"""Go's minimal version selection: a requirement is the least version of a module path, and another
major version is another path (Go modules reference, sections on versions and module paths).
"""

from typing import Final

from gitops_auditor.dependencies.versions.scheme import Reading, Scheme
from gitops_auditor.dependencies.versions.semantic import (
    SemanticVersion,
    order,
    parse_version,
    probes,
    release,
)

_INCOMPATIBLE: Final = "+incompatible"


def read_minimum(text: str) -> Reading | None:
    """A version or pseudo-version as go.mod requires it."""
    least = parse_version(text)
    if least is None:
        return None
    any_major = least.major < 2 or text.endswith(_INCOMPATIBLE)

    def allows(written: str) -> bool | None:
        version = parse_version(written)
        if version is None:
            return None
        if version.precedence < least.precedence:
            return False
        return version.major == least.major or (
            any_major and (version.major < 2 or written.endswith(_INCOMPATIBLE))
        )

    return Reading(allows, (_written(least, text),), _probes(least, text))


GO: Final = Scheme("go", read_minimum, order, release, first="v0.0.0")


def _written(version: SemanticVersion, text: str) -> str:
    return f"v{version.text}{_INCOMPATIBLE if text.endswith(_INCOMPATIBLE) else ''}"


def _probes(version: SemanticVersion, text: str) -> tuple[str, ...]:
    suffix = _INCOMPATIBLE if text.endswith(_INCOMPATIBLE) else ""
    return tuple(f"v{probe}{suffix}" for probe in probes([version]))
