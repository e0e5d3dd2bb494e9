"""Groups of npm packages: `pnpm-workspace.yaml` with its catalogs, and `lerna.json`."""

from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.catalog_entries import CatalogEntry, encoded
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.json_documents import json_document
from gitops_auditor.dependencies.manifests.npm_specifiers import catalog_key, declaration
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.yaml_documents import yaml_documents
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Scope
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text, written


def read_pnpm_workspace(file: ManifestFile) -> ManifestFacts:
    """Members, and the versions that members refer to with `catalog:`."""
    documents = yaml_documents(file)
    root = documents.roots[0] if documents.roots else None
    return ManifestFacts(
        declarations=tuple(_config_dependencies(file.path, root)),
        problems=documents.problems,
        members=tuple(_globs(child(root, "packages"))),
        definitions=tuple(_definitions(root)),
    )


def read_lerna(file: ManifestFile) -> ManifestFacts:
    """The members of a Lerna repository."""
    document = json_document(file, comments=True)
    members = tuple(_globs(child(document.root, "packages")))
    return ManifestFacts(problems=document.problems, members=members)


def _globs(node: Node | None) -> Iterator[str]:
    for item in sequence(node):
        if text(item):
            yield text(item).removeprefix("./").rstrip("/")


def _definitions(root: Node | None) -> Iterator[tuple[str, str]]:
    catalogs = dict(mapping(child(root, "catalogs")))
    default = child(root, "catalog")
    if default is not None:
        catalogs["default"] = default
    for catalog, node in catalogs.items():
        for name, item in mapping(node).items():
            yield catalog_key(catalog, name), encoded([_entry(name, written(item))])


def _entry(name: str, version: str) -> CatalogEntry:
    found = declaration(name, version, scope=Scope.RUNTIME, line=0)
    return CatalogEntry(name, found.reference, found.constraint, found.constraint_kind)


def _config_dependencies(path: str, root: Node | None) -> Iterator[Declaration]:
    scope = scope_of_path(path, Scope.DEV)
    for name, item in mapping(child(root, "configDependencies")).items():
        yield declaration(name, written(item).partition("+")[0], scope=scope, line=item.line)


READERS: Final = (
    ManifestReader(
        "pnpm workspace",
        read_pnpm_workspace,
        names=frozenset({"pnpm-workspace.yaml", "pnpm-workspace.yml"}),
    ),
    ManifestReader("lerna", read_lerna, names=frozenset({"lerna.json"})),
)
