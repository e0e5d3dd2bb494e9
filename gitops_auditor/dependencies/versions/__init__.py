"""One interface over the version languages of all ecosystems: read, test, combine, rewrite."""

from gitops_auditor.dependencies.versions.compatibility import (
    Candidates,
    Compatibility,
    compatible,
)
from gitops_auditor.dependencies.versions.constraint import (
    Constraint,
    admits_release,
    allows,
    is_set,
    major,
    order,
    parse,
)
from gitops_auditor.dependencies.versions.rewriting import rewrite

__all__ = [
    "Candidates",
    "Compatibility",
    "Constraint",
    "admits_release",
    "allows",
    "compatible",
    "is_set",
    "major",
    "order",
    "parse",
    "rewrite",
]
