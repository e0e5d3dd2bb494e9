"""Which declarations are about the dependency that a caller names. Pure."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from gitops_auditor.dependencies.models import (
    NAMESPACES,
    Declaration,
    Reference,
)
from gitops_auditor.dependencies.names import canonical
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.failures import WorkFailed

_GO_MAJOR: Final = re.compile(r"/v[2-9][0-9]*\Z")
_OWNED: Final = 2


def matcher(change: BumpDependency) -> Callable[[Declaration], bool]:
    """Whether a declaration is about the dependency, by the rules of names of its ecosystem."""

    def matches(declaration: Declaration) -> bool:
        if change.type is not None and declaration.type is not change.type:
            return False
        return _is_named(declaration, change.name)

    return matches


def require_one_kind(change: BumpDependency, found: Iterable[Declaration]) -> None:
    """Raise WorkFailed when a name means several things, such as a package and an image."""
    kinds = {NAMESPACES[item.type] for item in found}
    if len(kinds) > 1 and change.type is None:
        types = sorted({str(item.type) for item in found})
        raise WorkFailed(
            f"{change.name} is several things here: {', '.join(types)}.",
            hint="Give the type as well.",
        )


def _is_named(declaration: Declaration, name: str) -> bool:
    if _same(declaration.reference, name):
        return True
    bare = declaration.name.partition("[")[0]
    return _same(Reference(NAMESPACES[declaration.type], bare), name)


def _same(reference: Reference, name: str) -> bool:
    namespace = reference.namespace
    first, second = canonical(reference).name, canonical(Reference(namespace, name)).name
    if namespace == "repository":
        return _same_repository(first, second)
    if namespace == "go":
        return first == second or _GO_MAJOR.sub("", first) == second
    if namespace == "chart":
        return first == second or first.rpartition("/")[2] == second
    return first == second


def _same_repository(first: str, second: str) -> bool:
    """`owner/name` is the same as `host/owner/name`."""
    one, other = first.split("/"), second.split("/")
    if _OWNED in {len(one), len(other)}:
        return one[-_OWNED:] == other[-_OWNED:]
    return first == second
