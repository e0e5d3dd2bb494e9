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
    name: str, version: str, *, line: int, scope: Scope = Scope.RUNTIME
) -> Declaration | None:
    """The declaration of a chart given by name, `alias/name` or `oci://registry/path/name`."""
    chart = name.removeprefix("oci://").rstrip("/").rpartition("/")[2]
    if not chart or _VARIABLE.search(chart):
        return None
    return Declaration(
        type=DependencyType.HELM,
        name=name,
        reference=Reference("chart", chart),
        constraint=version,
        constraint_kind=_kind(version),
        scope=scope,
        confidence=1.0,
        line=line,
    )


def _kind(version: str) -> ConstraintKind:
    if not version or version == "*":
        return ConstraintKind.NONE
    if _VARIABLE.search(version):
        return ConstraintKind.DYNAMIC
    return ConstraintKind.EXACT if _EXACT.match(version) else ConstraintKind.RANGE
