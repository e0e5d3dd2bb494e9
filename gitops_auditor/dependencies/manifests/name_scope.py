"""What a name given by people says about when the things under it are needed."""

import re

from gitops_auditor.dependencies.models import Scope

_WORDS = {
    Scope.TEST: r"tests?|testing|pytest|tox|coverage|cov|e2e",
    Scope.DEV: (
        r"dev|devel|develop|development|docs?|documentation|lint|linting|linters?|typing|types|"
        r"type-check|mypy|ruff|style|format|pre-commit|release|nox|changelog|benchmarks?|debug|"
        r"local|playwright|tools"
    ),
    Scope.EXAMPLE: r"examples?|demos?|samples?",
    Scope.CI: r"ci|github|workflows?",
    Scope.BUILD: r"build|setup|packaging",
}
_PATTERNS = {
    scope: re.compile(rf"(?:^|[-_.])(?:{words})(?:[-_.]|$)") for scope, words in _WORDS.items()
}


def group_scope(name: str, default: Scope = Scope.RUNTIME) -> Scope:
    """The scope that the name of an extra, a dependency group or a file speaks of."""
    lowered = name.lower()
    found = (scope for scope, pattern in _PATTERNS.items() if pattern.search(lowered))
    return next(found, default)
