"""What the place of a file says about when its dependencies are needed."""

import re

from gitops_auditor.dependencies.models import Scope

_SEPARATORS = re.compile(r"[-_.]")
_STRENGTH = tuple(Scope)

_DIRECTORIES = {
    "test": Scope.TEST,
    "tests": Scope.TEST,
    "testing": Scope.TEST,
    "testdata": Scope.TEST,
    "test_files": Scope.TEST,
    "__tests__": Scope.TEST,
    "fixture": Scope.TEST,
    "fixtures": Scope.TEST,
    "e2e": Scope.TEST,
    "example": Scope.EXAMPLE,
    "examples": Scope.EXAMPLE,
    "demo": Scope.EXAMPLE,
    "demos": Scope.EXAMPLE,
    "playground": Scope.EXAMPLE,
    "playgrounds": Scope.EXAMPLE,
    "sample": Scope.EXAMPLE,
    "samples": Scope.EXAMPLE,
    "doc": Scope.DEV,
    "docs": Scope.DEV,
    ".devcontainer": Scope.DEV,
    "dev": Scope.DEV,
    "ci": Scope.CI,
    ".github": Scope.CI,
    ".circleci": Scope.CI,
}


_TEST_DATA = frozenset(
    {"fixture", "fixtures", "golden", "mock", "mocks", "snapshots", "testdata", "testfiles"}
)


def is_test_data(path: str) -> bool:
    """Whether a file lies among the data of tests, where it is read but nothing is built by it."""
    folders = path.lower().split("/")[:-1]
    return any(_SEPARATORS.sub("", folder) in _TEST_DATA for folder in folders)


def weaker(first: Scope, second: Scope) -> Scope:
    """The weaker tie of two: a runtime requirement of an example is needed by the example only."""
    return max(first, second, key=_STRENGTH.index)


def scope_of_path(path: str, declared: Scope = Scope.RUNTIME) -> Scope:
    """The scope that a file at `path` gives to what it declares as `declared`."""
    scope = declared
    for part in path.split("/")[:-1]:
        found = _DIRECTORIES.get(part)
        if found is not None:
            scope = weaker(scope, found)
    return scope
