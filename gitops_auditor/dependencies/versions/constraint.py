"""A version constraint of any ecosystem, and the questions one can ask it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gitops_auditor.dependencies.models import ConstraintKind
from gitops_auditor.dependencies.versions.comparators import HELM, TERRAFORM
from gitops_auditor.dependencies.versions.go import GO
from gitops_auditor.dependencies.versions.maven import MAVEN
from gitops_auditor.dependencies.versions.npm import CARGO, NPM
from gitops_auditor.dependencies.versions.pep440 import PYPI
from gitops_auditor.dependencies.versions.scheme import Ordered, Reading, Scheme
from gitops_auditor.dependencies.versions.tags import TAGS

_SCHEMES: Final[dict[str, Scheme]] = {
    "npm": NPM,
    "pypi": PYPI,
    "image": TAGS,
    "go": GO,
    "crate": CARGO,
    "maven": MAVEN,
    "terraform": TERRAFORM,
    "chart": HELM,
    "api": NPM,
    "data": NPM,
    "config": TAGS,
    "repository": TAGS,
}
_ARITHMETIC: Final = frozenset({ConstraintKind.EXACT, ConstraintKind.RANGE})
_ANYTHING: Final = Reading(lambda _: True, admits_prereleases=False)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint as written, and what it means.

    `reading` is None when the text says nothing about version numbers (a tag, a commit, a path) or
    is not understood: such a constraint is never part of a disagreement.
    """

    ecosystem: str
    text: str
    kind: ConstraintKind
    reading: Reading | None = field(default=None, compare=False, repr=False)

    @property
    def is_decidable(self) -> bool:
        """Whether it can be said which versions satisfy it."""
        return self.reading is not None


@lru_cache(maxsize=16384)
def parse(ecosystem: str, constraint: str, kind: ConstraintKind) -> Constraint:
    """Read a constraint. `ecosystem` is a namespace of `Reference`; never raises."""
    scheme = _SCHEMES.get(ecosystem)
    text = constraint.strip()
    reading: Reading | None = None
    if kind is ConstraintKind.NONE or (kind in _ARITHMETIC and not text):
        reading = _ANYTHING
    elif scheme is not None and (kind in _ARITHMETIC or _is_pseudo_version(ecosystem, kind)):
        reading = scheme.read(text)
    return Constraint(ecosystem, text, kind, reading)


def allows(constraint: Constraint, version: str) -> bool | None:
    """Whether a version satisfies a constraint, None when that cannot be decided.

    A pre-release counts as the ecosystem's own tool counts it by default. A digest or a commit
    allows itself and refuses others, and says nothing about version numbers.
    """
    reading = constraint.reading
    if reading is None:
        return _allows_object(constraint, version)
    found = reading.allows(version)
    if found and not reading.admits_prereleases and is_prerelease(constraint.ecosystem, version):
        return False
    return found


def admits_release(constraint: Constraint, version: str) -> bool | None:
    """Like `allows`, but a pre-release also counts as the release that it leads to: what a
    repository has in its tree, such as 2.1.0.dev0, is tomorrow's 2.1.0.
    """
    now = allows(constraint, version)
    scheme = _SCHEMES.get(constraint.ecosystem)
    return allows(constraint, scheme.release(version)) if now is False and scheme else now


def order(ecosystem: str, version: str) -> Ordered | None:
    """The sort key of a version, None when it is not one. Keys of one ecosystem are comparable."""
    scheme = _SCHEMES.get(ecosystem)
    return scheme.order(version) if scheme else None


def release(ecosystem: str, version: str) -> str:
    """The final release that a version is or leads to; the text itself when that is not known."""
    scheme = _SCHEMES.get(ecosystem)
    return scheme.release(version) if scheme else version


def newest(ecosystem: str, versions: Sequence[str]) -> str:
    """The greatest of some versions; texts that are no versions come last, "" for none."""
    best, best_key = min(versions, default=""), None
    for version in sorted(versions):
        key = order(ecosystem, version)
        if key is not None and (best_key is None or best_key < key):
            best, best_key = version, key
    return best


def is_prerelease(ecosystem: str, version: str) -> bool:
    """Whether a version comes before the final release that it leads to."""
    written, final = order(ecosystem, version), order(ecosystem, release(ecosystem, version))
    return written is not None and final is not None and bool(written < final)


def scheme_of(ecosystem: str) -> Scheme | None:
    """The version language of an ecosystem, None for an unknown one."""
    return _SCHEMES.get(ecosystem)


def major(version: str) -> str:
    """The part of a version whose change announces a break: the first number, and the second too
    while the first is zero. Empty for what has no number.
    """
    numbers = version.strip().lstrip("vV=").split("+")[0].split("-")[0].split(".")
    leading = [number for number in numbers[:2] if number.isdigit()]
    if not leading:
        return ""
    return ".".join(leading) if leading[0] == "0" else leading[0]


def is_set(ecosystem: str, version: str) -> bool:
    """Whether a repository states a version of its own. Release tools leave 0.0.0 in the tree, or a
    pre-release of 0.0.1.
    """
    scheme = _SCHEMES.get(ecosystem)
    if scheme is None or scheme.order(version) is None:
        return False
    final = scheme.release(version)
    if final == "0.0.1":
        return not is_prerelease(ecosystem, version)
    return any(digit in "123456789" for digit in final)


def _is_pseudo_version(ecosystem: str, kind: ConstraintKind) -> bool:
    """Go orders its commits: a pseudo-version is a version."""
    return ecosystem == "go" and kind is ConstraintKind.COMMIT


def _allows_object(constraint: Constraint, version: str) -> bool | None:
    if constraint.kind is not ConstraintKind.COMMIT:
        return None
    held = constraint.text.rpartition("@")[2]
    if held == version:
        return True
    return False if _is_object(version) and len(held) == len(version) else None


def _is_object(text: str) -> bool:
    return len(text.rpartition(":")[2]) >= 40 and all(
        letter in "0123456789abcdef" for letter in text.rpartition(":")[2]
    )
