"""Cargo manifests, as The Cargo Book describes the manifest format and "Specifying Dependencies".

A bare version is a caret RANGE, `=1.2.3` is EXACT. `workspace = true` is CATALOG: the constraint is
the key under which the workspace's `Cargo.toml` defines it (`workspace.dependencies.<name>`). The
entries of `[workspace.dependencies]` are BUILD themselves, since only their use says more.
A `git` source refers to its repository; branches and tags are TAG, revisions COMMIT.
"""

from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.catalog_entries import CatalogEntry, encoded
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Provision,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.names import repository_identity
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, sequence, text
from gitops_auditor.formats.toml_positions import parse_toml

_SCOPES: Final = {
    "dependencies": Scope.RUNTIME,
    "dev-dependencies": Scope.TEST,
    "dev_dependencies": Scope.TEST,
    "build-dependencies": Scope.BUILD,
    "build_dependencies": Scope.BUILD,
}
_WORKSPACE: Final = "workspace.dependencies."


def read_cargo(file: ManifestFile) -> ManifestFacts:
    """The crate that a `Cargo.toml` provides, what it needs, and the members of its workspace."""
    try:
        document = parse_toml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    root = document.root
    name = text(child(root, "package", "name"))
    return ManifestFacts(
        tuple(_declarations(file.path, root)),
        tuple(_provisions(root)),
        tuple(Problem(*finding) for finding in document.findings),
        package=name,
        members=tuple(_members(root)),
        definitions=tuple(_definitions(root)),
    )


def _provisions(root: Node) -> Iterator[Provision]:
    name = child(root, "package", "name")
    if name is not None and text(name):
        version = text(child(root, "package", "version"))
        yield Provision(Reference("crate", text(name)), version, name.line)


def _members(root: Node) -> Iterator[str]:
    for member in sequence(child(root, "workspace", "members")):
        yield text(member).removeprefix("./").rstrip("/")


def _definitions(root: Node) -> Iterator[tuple[str, str]]:
    for key, node in mapping(child(root, "workspace", "dependencies")).items():
        yield f"{_WORKSPACE}{key}", encoded([_entry(key, node)])


def _declarations(path: str, root: Node) -> Iterator[Declaration]:
    tables = [root, *mapping(child(root, "target")).values()]
    for table in tables:
        for section, scope in _SCOPES.items():
            for key, node in mapping(child(table, section)).items():
                yield _declaration(key, node, scope_of_path(path, scope))
    for key, node in mapping(child(root, "workspace", "dependencies")).items():
        yield _declaration(key, node, scope_of_path(path, Scope.BUILD))
    yield from _patches(path, root)


def _patches(path: str, root: Node) -> Iterator[Declaration]:
    """Sources that replace a registry's crate; those inside the repository say nothing new."""
    for registry in mapping(child(root, "patch")).values():
        for key, node in mapping(registry).items():
            if child(node, "git") is not None:
                yield _declaration(key, node, scope_of_path(path, Scope.BUILD))


def _declaration(key: str, node: Node, scope: Scope) -> Declaration:
    entry = _entry(key, node)
    return Declaration(
        DependencyType.RUST,
        entry.name,
        entry.reference,
        entry.constraint,
        entry.kind,
        scope,
        1.0,
        node.line,
    )


def _entry(key: str, node: Node) -> CatalogEntry:
    name = text(child(node, "package")) or key
    crate = Reference("crate", name)
    git, folder = text(child(node, "git")), text(child(node, "path"))
    if _is_true(child(node, "workspace")):
        return CatalogEntry(name, crate, f"{_WORKSPACE}{key}", ConstraintKind.CATALOG)
    if git:
        return CatalogEntry(name, _git_reference(git, name), *_git_version(node))
    if folder:
        return CatalogEntry(name, crate, folder, ConstraintKind.PATH)
    version = text(node) or text(child(node, "version"))
    return CatalogEntry(name, crate, version, _version_kind(version))


def _is_true(node: Node | None) -> bool:
    return node is not None and node.value is True


def _git_reference(url: str, crate: str) -> Reference:
    repository = repository_identity(url)
    return Reference("repository", repository) if repository else Reference("crate", crate)


def _git_version(node: Node) -> tuple[str, ConstraintKind]:
    revision = text(child(node, "rev"))
    if revision:
        return revision, ConstraintKind.COMMIT
    name = text(child(node, "tag")) or text(child(node, "branch"))
    return (name, ConstraintKind.TAG) if name else ("", ConstraintKind.NONE)


def _version_kind(version: str) -> ConstraintKind:
    if not version or version == "*":
        return ConstraintKind.NONE
    is_pinned = version.startswith("=") and "," not in version
    return ConstraintKind.EXACT if is_pinned else ConstraintKind.RANGE


READER = ManifestReader("cargo", read_cargo, names=frozenset({"Cargo.toml"}))
