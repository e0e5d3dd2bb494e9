"""`package.json`: the dependencies of an npm package, and what it provides.

npm documentation "package.json". Overrides, resolutions and the package manager hold for those who
work on the repository, not for those who install the package, so they are DEV.
"""

from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests import npm_specifiers, renovate, shared_configs
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.git_names import is_shorthand, repository_name
from gitops_auditor.dependencies.manifests.json_documents import json_document
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.repository_path import outside_path
from gitops_auditor.dependencies.manifests.shell_commands import commands_in
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    ManifestFacts,
    Problem,
    Provision,
    Reference,
    Scope,
)
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text

_SECTIONS: Final = {
    "dependencies": Scope.RUNTIME,
    "optionalDependencies": Scope.RUNTIME,
    "peerDependencies": Scope.RUNTIME,
    "devDependencies": Scope.DEV,
}
_OVERRIDES: Final = (("overrides",), ("resolutions",), ("pnpm", "overrides"))
_MAX_OVERRIDE_DEPTH: Final = 8


def read_package_json(file: ManifestFile) -> ManifestFacts:
    """What a package needs, configurations and scripts included, and what it provides."""
    document = json_document(file)
    root = document.root
    if root is None or not isinstance(root.value, dict):
        problems = document.problems or (Problem("The file is not a JSON object.", 1, 1),)
        return ManifestFacts(problems=problems)
    return ManifestFacts(
        tuple(_declarations(file.path, root)),
        tuple(_provisions(root)),
        document.problems,
        package=text(child(root, "name")),
        members=tuple(_members(root)),
    )


def _declarations(path: str, root: Node) -> Iterator[Declaration]:
    dev = scope_of_path(path, Scope.DEV)
    for section, scope in _SECTIONS.items():
        for name, node in mapping(child(root, section)).items():
            written = text(node)
            if npm_specifiers.is_package_name(name):
                found = npm_specifiers.declaration(
                    name, written, scope=scope_of_path(path, scope), line=node.line
                )
                yield _located(found, path)
    for place in _OVERRIDES:
        yield from _overrides(child(root, *place), dev, 0)
    yield from _package_manager(child(root, "packageManager"), dev)
    yield from renovate.presets(child(root, "renovate"), dev)
    yield from shared_configs.package_configs(root, dev)
    for node in mapping(child(root, "scripts")).values():
        yield from commands_in([(text(node), node.line)], dev)


def _located(found: Declaration, path: str) -> Declaration:
    """A path that leaves the repository leads to the repository beside it."""
    if found.constraint_kind is not ConstraintKind.PATH:
        return found
    target = outside_path(path, found.constraint.partition(":")[2] or found.constraint)
    return found._replace(reference=Reference("repository", target)) if target else found


def _overrides(node: Node | None, scope: Scope, depth: int) -> Iterator[Declaration]:
    for key, item in mapping(node).items():
        name = _overridden(key)
        if isinstance(item.value, dict) and depth < _MAX_OVERRIDE_DEPTH:
            own = child(item, ".")
            if own is not None and npm_specifiers.is_package_name(name):
                yield npm_specifiers.declaration(name, text(own), scope=scope, line=item.line)
            yield from _overrides(item, scope, depth + 1)
        elif npm_specifiers.is_package_name(name) and not text(item).startswith(("$", "-")):
            yield npm_specifiers.declaration(name, text(item), scope=scope, line=item.line)


def _overridden(key: str) -> str:
    """The package that a selector such as `**/parent/@scope/name@^1` or `a@1>b` ends in."""
    parts = key.rpartition(">")[2].strip().split("/")
    is_scoped = len(parts) > 1 and parts[-2].startswith("@")
    return npm_specifiers.split_version("/".join(parts[-2:]) if is_scoped else parts[-1])[0]


def _package_manager(node: Node | None, scope: Scope) -> Iterator[Declaration]:
    name, version = npm_specifiers.split_version(text(node))
    if node is not None and version and npm_specifiers.is_package_name(name):
        version = version.partition("+")[0]
        yield npm_specifiers.declaration(name, version, scope=scope, line=node.line)


def _provisions(root: Node) -> Iterator[Provision]:
    name = child(root, "name")
    if name is not None and npm_specifiers.is_package_name(text(name)):
        private = child(root, "private")
        yield Provision(
            Reference("npm", text(name)),
            text(child(root, "version")),
            name.line,
            private is not None and private.value is True,
        )
    address = child(root, "repository")
    url = text(address) or text(child(address, "url"))
    identity = f"github.com/{url.lower()}" if is_shorthand(url) else repository_name(url)
    if address is not None and identity:
        yield Provision(Reference("repository", identity), "", address.line)


def _members(root: Node) -> Iterator[str]:
    workspaces = child(root, "workspaces")
    for item in sequence(workspaces) or sequence(child(workspaces, "packages")):
        if text(item):
            yield text(item).removeprefix("./").rstrip("/")


READER: Final = ManifestReader("npm", read_package_json, names=frozenset({"package.json"}))
