"""References to Helm charts."""

import re

from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_EXACT = re.compile(r"=?\s*v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\Z")
_VARIABLE = re.compile(r"[${}]")


def chart_declaration(
    name: str, version: str, *, line: int, scope: Scope = Scope.RUNTIME, repository: str = ""
) -> Declaration | None:
    """The declaration of a chart given by name, `alias/name` or `oci://registry/path/name`.

    `repository` is the address that the chart is taken from, when it is known; it becomes a part of
    what the chart refers to, because many repositories have a chart called `redis`.
    """
    path, _, chart = name.rstrip("/").rpartition("/")
    address = (repository or path).rstrip("/")
    if not chart or _VARIABLE.search(chart):
        return None
    return Declaration(
        type=DependencyType.HELM,
        name=name,
        reference=Reference("chart", f"{address}/{chart}" if _is_known(address) else chart),
        constraint=version,
        constraint_kind=_kind(version),
        scope=scope,
        confidence=1.0,
        line=line,
    )


def _is_known(address: str) -> bool:
    return "://" in address and _VARIABLE.search(address) is None


def _kind(version: str) -> ConstraintKind:
    if not version or version == "*":
        return ConstraintKind.NONE
    if _VARIABLE.search(version):
        return ConstraintKind.DYNAMIC
    return ConstraintKind.EXACT if _EXACT.match(version) else ConstraintKind.RANGE
