"""Whether a file can describe something that its repository offers to others."""

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.models import Scope

_COPIES = frozenset({"vendor", "third_party", "thirdparty", "node_modules", "site-packages"})


def is_offered(path: str) -> bool:
    """False for the material of tests and examples, and for copies of other projects."""
    if scope_of_path(path) in {Scope.TEST, Scope.EXAMPLE}:
        return False
    return _COPIES.isdisjoint(path.split("/")[:-1])
