"""Tables that say where a Python package comes from, as uv, Poetry and Pipfile write them."""

from gitops_auditor.dependencies.manifests.git_sources import ref_kind
from gitops_auditor.dependencies.manifests.python_names import (
    git_address,
    located_requirement,
    named_requirement,
    python_requirement,
)
from gitops_auditor.dependencies.models import ConstraintKind, Declaration, Scope
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text

_REFS = ("rev", "ref", "tag", "branch")
_PATHS = ("path", "file")


def source_declaration(
    name: str, requirement: str, source: Node, *, line: int, scope: Scope
) -> Declaration | None:
    """The declaration of `requirement` when `source` is its table, or a list of such tables."""
    if isinstance(source.value, list):
        tables = sequence(source)
        source = tables[0] if tables else source
    if child(source, "workspace") is not None:
        return named_requirement(name, "", ConstraintKind.WORKSPACE, line=line, scope=scope)
    located = located_declaration(name, source, line=line, scope=scope)
    return located or python_requirement(requirement, line=line, scope=scope)


def located_declaration(name: str, source: Node, *, line: int, scope: Scope) -> Declaration | None:
    """The declaration of a package that `source` takes from git, a path or a URL, else None."""
    table = mapping(source)
    git = text(table.get("git"))
    if git:
        return _from_git(name, git, source, line=line, scope=scope)
    for key in _PATHS:
        path = text(table.get(key))
        if path:
            kind = ConstraintKind.URL if "://" in path else ConstraintKind.PATH
            return named_requirement(name, path, kind, line=line, scope=scope)
    url = text(table.get("url"))
    return located_requirement(name, url, line=line, scope=scope) if url else None


def _from_git(name: str, git: str, source: Node, *, line: int, scope: Scope) -> Declaration:
    address = git_address(git if git.startswith("git") else f"git+{git}")
    ref = next((text(child(source, key)) for key in _REFS if child(source, key)), "")
    located = located_requirement(name, git, line=line, scope=scope)
    if address is None:
        return located
    return located_requirement(
        name, f"git+https://{address.repository}@{ref}", line=line, scope=scope
    )._replace(constraint=ref, constraint_kind=ref_kind(ref))
