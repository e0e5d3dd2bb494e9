"""The tables of Poetry in pyproject.toml, and Pipfile, which share their form.

Poetry documentation, chapter "Dependency specification"; a bare version there is exact, a caret and
a tilde are Poetry's own ranges. Pipfile writes PEP 440 specifiers.
"""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.name_scope import group_scope
from gitops_auditor.dependencies.manifests.python_names import named_requirement
from gitops_auditor.dependencies.manifests.python_sources import located_declaration
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    ManifestFacts,
    Problem,
    Scope,
)
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, sequence, text
from gitops_auditor.formats.toml_positions import parse_toml

_EXACT = re.compile(r"(?:===?\s*)?v?\d[\w.+!-]*\Z")
_PIPFILE_TABLES = {"packages": Scope.RUNTIME, "dev-packages": Scope.DEV}
_PIPFILE_OTHER = {"source", "requires", "scripts", "pipenv", "pipfile"}


def poetry_declarations(poetry: Node | None, place: Scope) -> Iterator[Declaration]:
    """Every requirement of `[tool.poetry]`, its groups and its older `dev-dependencies`."""
    tables = [
        (child(poetry, "dependencies"), Scope.RUNTIME),
        (child(poetry, "dev-dependencies"), Scope.DEV),
    ]
    for name, group in mapping(child(poetry, "group")).items():
        tables.append((child(group, "dependencies"), group_scope(name, Scope.DEV)))
    for table, scope in tables:
        for package, node in mapping(table).items():
            if package.lower() != "python":
                yield from _declared(package, node, weaker(scope, place))


def read_pipfile(file: ManifestFile) -> ManifestFacts:
    """The packages of a Pipfile; tables other than `packages` are groups for development."""
    try:
        root = parse_toml(file.text).root
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    place = scope_of_path(file.path)
    declarations: list[Declaration] = []
    for table, node in mapping(root).items():
        if table in _PIPFILE_OTHER:
            continue
        scope = _PIPFILE_TABLES.get(table, group_scope(table, Scope.DEV))
        for package, entry in mapping(node).items():
            declarations.extend(_declared(package, entry, weaker(scope, place)))
    return ManifestFacts(tuple(declarations))


def _declared(name: str, node: Node, scope: Scope) -> Iterator[Declaration]:
    """One entry: a version, a table, or a list of tables for different markers."""
    if isinstance(node.value, list):
        for item in sequence(node):
            yield from _declared(name, item, scope)
        return
    located = located_declaration(name, node, line=node.line, scope=scope)
    if located is not None:
        yield located
        return
    version = text(node) or text(child(node, "version"))
    constraint = "" if version == "*" else version
    yield named_requirement(name, constraint, _kind(constraint), line=node.line, scope=scope)


def _kind(constraint: str) -> ConstraintKind:
    if not constraint:
        return ConstraintKind.NONE
    exact = _EXACT.match(constraint) and not constraint.endswith("*")
    return ConstraintKind.EXACT if exact else ConstraintKind.RANGE


READER = ManifestReader(name="pipfile", read=read_pipfile, names=frozenset({"Pipfile"}))
