"""Comments that tell Renovate what the version on the next line belongs to.

Renovate documentation, "Custom managers", the customary form
`# renovate: datasource=docker depName=ghcr.io/owner/name`.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from packaging.utils import canonicalize_name

from gitops_auditor.dependencies.manifests.chart_names import chart_declaration
from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.names import repository_identity

_COMMENT = re.compile(
    r"renovate:\s*(?=[^\n]*datasource=(?P<source>[\w-]+))(?=[^\n]*depName=(?P<name>[^\s]+))"
    r"(?:[^\n]*packageName=(?P<package>\S+))?"
)
_VALUE = re.compile(r"[:=]\s*[\"']?(?P<value>v?\d[\w.+@:-]*|[^\s\"'#]+)")
_REPOSITORIES = {
    "github-releases": "github.com",
    "github-tags": "github.com",
    "github-release-attachments": "github.com",
    "gitlab-releases": "gitlab.com",
    "gitlab-tags": "gitlab.com",
}
_NAMESPACES = {
    "npm": (DependencyType.NPM, "npm"),
    "go": (DependencyType.GO, "go"),
    "crate": (DependencyType.RUST, "crate"),
}


def renovate_declarations(text: str, *, scope: Scope) -> Iterator[Declaration]:
    """What the commented lines of a file depend on; the line is that of the version."""
    if "renovate:" not in text:
        return
    lines = text.splitlines()
    for number, (comment, following) in enumerate(pairwise(lines), start=2):
        found = _COMMENT.search(comment) if "renovate:" in comment else None
        value = _VALUE.search(following) if found else None
        if found is not None and value is not None:
            name = found["package"] or found["name"]
            declared = _declaration(found["source"], name, value["value"], number, scope)
            if declared is not None:
                yield declared


def _declaration(
    source: str, name: str, version: str, line: int, scope: Scope
) -> Declaration | None:
    if source == "docker":
        return image_declaration(f"{name}:{version.rpartition(':')[2]}", line=line, scope=scope)
    if source == "helm":
        return chart_declaration(name, version, line=line, scope=scope)
    kind = ConstraintKind.EXACT
    if source == "pypi":
        return Declaration(
            DependencyType.PYTHON,
            name,
            Reference("pypi", canonicalize_name(name)),
            f"=={version}",
            kind,
            scope,
            1.0,
            line,
        )
    if source in _NAMESPACES:
        type_, namespace = _NAMESPACES[source]
        return Declaration(type_, name, Reference(namespace, name), version, kind, scope, 1.0, line)
    return _repository(source, name, version, line, scope)


def _repository(
    source: str, name: str, version: str, line: int, scope: Scope
) -> Declaration | None:
    host = _REPOSITORIES.get(source)
    identity = repository_identity(f"https://{host}/{name}") if host else ""
    if not identity:
        return None
    reference = Reference("repository", identity)
    kind = ConstraintKind.TAG
    return Declaration(DependencyType.GIT, name, reference, version, kind, scope, 1.0, line)
