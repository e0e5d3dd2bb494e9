"""pyproject.toml as the Python packaging standards and the common tools write it.

PEP 621 project metadata, PEP 735 dependency groups, PEP 518 build requirements, and the tables of
uv, PDM and Hatch. Poetry's own tables are read beside this module.
"""

import re
from collections.abc import Iterator, Mapping

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.name_scope import group_scope
from gitops_auditor.dependencies.manifests.project_urls import repository_provisions
from gitops_auditor.dependencies.manifests.python_names import (
    package_provision,
    python_requirement,
)
from gitops_auditor.dependencies.manifests.python_poetry import poetry_declarations
from gitops_auditor.dependencies.manifests.python_sources import source_declaration
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import (
    Declaration,
    ManifestFacts,
    Problem,
    Provision,
    Reference,
    Scope,
)
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, sequence, text
from gitops_auditor.formats.toml_positions import parse_toml

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_SEPARATORS = re.compile(r"[-_.]+")


def read_pyproject(file: ManifestFile) -> ManifestFacts:
    """The package that a pyproject.toml provides and every requirement that it states."""
    try:
        document = parse_toml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    root = document.root
    name = child(root, "project", "name") or child(root, "tool", "poetry", "name")
    return ManifestFacts(
        declarations=tuple(_declarations(root, scope_of_path(file.path))),
        provisions=tuple(_provisions(root, name)),
        problems=tuple(Problem(*finding) for finding in document.findings),
        package=text(name),
        members=tuple(_members(root)),
    )


def _declarations(root: Node, place: Scope) -> Iterator[Declaration]:
    sources = _uv_sources(root)
    for node, scope in _requirements(root):
        if text(node):
            found = _declaration(node, weaker(scope, place), sources)
            if found is not None:
                yield found
    yield from poetry_declarations(child(root, "tool", "poetry"), place)


def _declaration(node: Node, scope: Scope, sources: Mapping[str, Node]) -> Declaration | None:
    """A requirement, taken from where `[tool.uv.sources]` says when that names it."""
    name = _NAME.match(text(node))
    source = sources.get(_normal(name.group(1))) if name else None
    if name and source is not None:
        return source_declaration(name.group(1), text(node), source, line=node.line, scope=scope)
    return python_requirement(text(node), line=node.line, scope=scope)


def _requirements(root: Node) -> Iterator[tuple[Node, Scope]]:
    """Every requirement string with the scope that its table gives it."""
    yield from _listed(child(root, "build-system", "requires"), Scope.BUILD)
    yield from _listed(child(root, "project", "dependencies"), Scope.RUNTIME)
    for extra, node in mapping(child(root, "project", "optional-dependencies")).items():
        yield from _listed(node, group_scope(extra))
    for group, node in mapping(child(root, "dependency-groups")).items():
        yield from _listed(node, group_scope(group, Scope.DEV))
    yield from _listed(child(root, "tool", "uv", "dev-dependencies"), Scope.DEV)
    for group, node in mapping(child(root, "tool", "pdm", "dev-dependencies")).items():
        yield from _listed(node, group_scope(group, Scope.DEV))
    yield from _hatch(child(root, "tool", "hatch"))


def _hatch(node: Node | None) -> Iterator[tuple[Node, Scope]]:
    for name, environment in mapping(child(node, "envs")).items():
        scope = group_scope(name, Scope.DEV)
        yield from _listed(child(environment, "dependencies"), scope)
        yield from _listed(child(environment, "extra-dependencies"), scope)
    build = child(node, "build")
    yield from _listed(child(build, "dependencies"), Scope.BUILD)
    for target in mapping(child(build, "targets")).values():
        yield from _listed(child(target, "dependencies"), Scope.BUILD)
    for hook in mapping(child(build, "hooks")).values():
        yield from _listed(child(hook, "dependencies"), Scope.BUILD)


def _listed(node: Node | None, scope: Scope) -> Iterator[tuple[Node, Scope]]:
    """The items of a list. An `include-group` table repeats another group, which is read itself."""
    for item in sequence(node):
        yield item, scope


def _uv_sources(root: Node) -> dict[str, Node]:
    return {
        _normal(name): node for name, node in mapping(child(root, "tool", "uv", "sources")).items()
    }


def _provisions(root: Node, name: Node | None) -> Iterator[Provision]:
    if name is not None and text(name):
        version = child(root, "project", "version") or child(root, "tool", "poetry", "version")
        yield package_provision(text(name), text(version), name.line)
    yield from repository_provisions(_urls(root))
    yield from _commands(root)


def _commands(root: Node) -> Iterator[Provision]:
    """The programs that an installation puts on the path."""
    for table in (child(root, "project", "scripts"), child(root, "tool", "poetry", "scripts")):
        for command, node in mapping(table).items():
            yield Provision(Reference("command", command), "", node.line)


def _urls(root: Node) -> Iterator[tuple[str, str, int]]:
    poetry = child(root, "tool", "poetry")
    for table in (child(root, "project", "urls"), child(poetry, "urls")):
        for label, node in mapping(table).items():
            yield label, text(node), node.line
    for label in ("repository", "homepage"):
        address = child(poetry, label)
        if address is not None:
            yield label, text(address), address.line


def _members(root: Node) -> Iterator[str]:
    for node in sequence(child(root, "tool", "uv", "workspace", "members")):
        if text(node):
            yield text(node)


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name.lower())


READER = ManifestReader(
    name="python-project", read=read_pyproject, names=frozenset({"pyproject.toml"})
)
