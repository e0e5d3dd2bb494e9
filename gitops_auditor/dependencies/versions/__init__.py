"""One interface over the version languages of all ecosystems: read, test, combine, rewrite."""

from gitops_auditor.dependencies.versions.compatibility import (
    Candidate,
    Candidates,
    Compatibility,
    compatible,
)
from gitops_auditor.dependencies.versions.constraint import (
    Constraint,
    admits_release,
    allows,
    is_prerelease,
    is_set,
    major,
    newest,
    order,
    parse,
    release,
)
from gitops_auditor.dependencies.versions.rewriting import rewrite

__all__ = [
    "Candidate",
    "Candidates",
    "Compatibility",
    "Constraint",
    "admits_release",
    "allows",
    "compatible",
    "is_prerelease",
    "is_set",
    "major",
    "newest",
    "order",
    "parse",
    "release",
    "rewrite",
]
