"""`.pre-commit-config.yaml`: the repositories that hooks come from, and their additional packages.

pre-commit documentation, "Adding pre-commit plugins to your project".
"""

import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests import npm_specifiers
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.git_names import repository, revision_kind
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.yaml_documents import yaml_documents
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Reference,
    Scope,
)
from gitops_auditor.formats.nodes import Node, child, sequence, text, written

_NOT_REPOSITORIES: Final = frozenset({"local", "meta", "builtin", ""})
_PYTHON = re.compile(
    r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*((?:===?|~=|!=|[<>]=?)[^;@]*)?(?:;.*)?"
)
_LANGUAGE_UNKNOWN: Final = 0.7
"""A hook's language is stated in its own repository, so a plain name is taken for a Python one."""


def read_pre_commit(file: ManifestFile) -> ManifestFacts:
    """Every hook repository with its revision, and the additional dependencies of hooks."""
    documents = yaml_documents(file)
    scope = scope_of_path(file.path, Scope.DEV)
    found: list[Declaration] = []
    for root in documents.roots:
        for entry in sequence(child(root, "repos")) or sequence(root):
            found += _repository(entry, scope)
            for hook in sequence(child(entry, "hooks")):
                found += _additional(hook, scope)
    return ManifestFacts(tuple(found), problems=documents.problems)


def _repository(entry: Node, scope: Scope) -> Iterator[Declaration]:
    node = child(entry, "repo")
    address = text(node)
    if node is None or address in _NOT_REPOSITORIES:
        return
    reference = repository(address) or Reference("repository", address.lower())
    revision = written(child(entry, "rev"))
    kind = revision_kind(revision)
    yield Declaration(
        DependencyType.PRE_COMMIT, address, reference, revision, kind, scope, 1.0, node.line
    )


def _additional(hook: Node, scope: Scope) -> Iterator[Declaration]:
    language = text(child(hook, "language"))
    for node in sequence(child(hook, "additional_dependencies")):
        spec = text(node).strip()
        name, version = npm_specifiers.split_version(spec)
        if language == "node" or spec.startswith("@") or (version and not version.startswith(" ")):
            if npm_specifiers.is_package_name(name) and "://" not in spec:
                yield npm_specifiers.declaration(name, version, scope=scope, line=node.line)
        elif language in {"", "python"}:
            confidence = 1.0 if language else _LANGUAGE_UNKNOWN
            yield from _python(spec, scope, node.line, confidence)


def _python(spec: str, scope: Scope, line: int, confidence: float) -> Iterator[Declaration]:
    found = _PYTHON.fullmatch(" ".join(spec.split()))
    if found is None:
        return
    constraint = (found[2] or "").strip()
    if constraint.startswith("==") and "*" not in constraint:
        kind = ConstraintKind.EXACT
    else:
        kind = ConstraintKind.RANGE if constraint else ConstraintKind.NONE
    reference = Reference("pypi", found[1])
    yield Declaration(
        DependencyType.PYTHON, found[1], reference, constraint, kind, scope, confidence, line
    )


READER: Final = ManifestReader(
    "pre-commit",
    read_pre_commit,
    names=frozenset({".pre-commit-config.yaml", ".pre-commit-config.yml"}),
)
