"""Gradle version catalogs, `gradle/<name>.versions.toml` ("Version catalogs", Gradle User Manual).

Every library, plugin and bundle is a definition under the accessor that build files use, for
example `libs.okio`, `libs.plugins.ksp`, `libs.bundles.test`. Libraries and plugins are also
declarations of scope BUILD: only their use in a build file says more.
A plugin refers to its marker artifact, `<id>:<id>.gradle.plugin`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gitops_auditor.dependencies.manifests.catalog_entries import CatalogEntry, encoded
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.maven import version_kind
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import (
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Reference,
    Scope,
)
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, sequence, text
from gitops_auditor.formats.toml_positions import parse_toml

_SUFFIX: Final = ".versions.toml"
_SEPARATOR = re.compile(r"[-_.]")


def read_version_catalog(file: ManifestFile) -> ManifestFacts:
    """The libraries and plugins that a version catalog names."""
    try:
        document = parse_toml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    root, catalog = document.root, file.name.removesuffix(_SUFFIX)
    libraries = dict(_libraries(root))
    plugins = dict(_plugins(root))
    scope = scope_of_path(file.path, Scope.BUILD)
    found = [*_declarations(root, "libraries", libraries, scope)]
    found += _declarations(root, "plugins", plugins, scope)
    return ManifestFacts(
        tuple(found),
        problems=tuple(Problem(*finding) for finding in document.findings),
        definitions=tuple(_definitions(catalog, root, libraries, plugins)),
    )


def accessor(alias: str) -> str:
    """The alias as build files spell it: `-` and `_` become dots."""
    return _SEPARATOR.sub(".", alias)


def plugin_module(plugin_id: str) -> str:
    """`group:artifact` of the marker artifact through which Gradle finds a plugin."""
    return f"{plugin_id}:{plugin_id}.gradle.plugin"


def _libraries(root: Node) -> Iterator[tuple[str, CatalogEntry]]:
    for alias, node in mapping(child(root, "libraries")).items():
        group, _, rest = text(node).partition(":")
        name, _, version = rest.partition(":")
        module = text(child(node, "module"))
        module = module or f"{text(child(node, 'group'))}:{text(child(node, 'name'))}"
        if group:
            module = f"{group}:{name}"
        version = version or _version(root, node)
        if module.strip(":"):
            reference = Reference("maven", module)
            yield alias, CatalogEntry(module, reference, version, version_kind(version))


def _plugins(root: Node) -> Iterator[tuple[str, CatalogEntry]]:
    for alias, node in mapping(child(root, "plugins")).items():
        name, _, version = text(node).partition(":")
        name = name or text(child(node, "id"))
        version = version or _version(root, node)
        if name:
            reference = Reference("maven", plugin_module(name))
            yield alias, CatalogEntry(name, reference, version, version_kind(version))


def _version(root: Node, node: Node) -> str:
    version = child(node, "version")
    reference = text(child(version, "ref"))
    if reference:
        version = child(root, "versions", reference)
    return text(version) or _rich_version(version)


def _rich_version(version: Node | None) -> str:
    wishes = (text(child(version, key)) for key in ("strictly", "require", "prefer"))
    return next((wish for wish in wishes if wish), "")


def _declarations(
    root: Node, section: str, entries: Mapping[str, CatalogEntry], scope: Scope
) -> Iterator[Declaration]:
    for alias, node in mapping(child(root, section)).items():
        entry = entries.get(alias)
        if entry is not None:
            name, reference, constraint, kind = entry
            line = node.line
            yield Declaration(
                DependencyType.JVM, name, reference, constraint, kind, scope, 1.0, line
            )


def _definitions(
    catalog: str,
    root: Node,
    libraries: Mapping[str, CatalogEntry],
    plugins: Mapping[str, CatalogEntry],
) -> Iterator[tuple[str, str]]:
    for alias, entry in libraries.items():
        yield f"{catalog}.{accessor(alias)}", encoded([entry])
    for alias, entry in plugins.items():
        yield f"{catalog}.plugins.{accessor(alias)}", encoded([entry])
    for alias, node in mapping(child(root, "bundles")).items():
        members = [libraries[text(item)] for item in sequence(node) if text(item) in libraries]
        if members:
            yield f"{catalog}.bundles.{accessor(alias)}", encoded(members)


READER = ManifestReader("gradle version catalog", read_version_catalog, suffixes=(_SUFFIX,))
