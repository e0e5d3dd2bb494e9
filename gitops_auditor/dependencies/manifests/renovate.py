"""Renovate configuration: the presets of other repositories that it extends.

Renovate documentation, "Config Presets". Presets that Renovate itself brings are no dependency.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.git_names import repository_name, revision_kind
from gitops_auditor.dependencies.manifests.json_documents import json_document
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Reference,
    Scope,
)
from gitops_auditor.formats.nodes import Node, text

_NAMES: Final = frozenset(
    {"renovate.json", "renovate.json5", "renovate.jsonc", ".renovaterc", ".renovaterc.json"}
    | {".renovaterc.json5", ".renovaterc.jsonc"}
)
_HOSTS: Final = {
    "github": "github.com/",
    "gitlab": "gitlab.com/",
    "bitbucket": "bitbucket.org/",
    "local": "",
    "gitea": "",
    "forgejo": "",
}
_BUILT_IN: Final = frozenset(
    {"", "abandonments", "compatibility", "config", "customManagers", "default", "docker"}
    | {"global", "group", "helpers", "mergeConfidence", "monorepo", "npm", "packages", "preview"}
    | {"regexManagers", "replacements", "schedule", "security", "workarounds"}
)
_REMOTE = re.compile(
    r"(?P<platform>github|gitlab|bitbucket|local|gitea|forgejo)>(?P<repository>[\w.-]+(?:/[\w.-]+)+)"
    r"(?P<path>(?://|:)[^#\s]*)?(?:#(?P<tag>\S+))?"
)
_PACKAGE = re.compile(r"(?P<name>@[\w.-]+(?:/[\w.-]+)?|[\w.-]+)(?::[\w./-]+)?")


def read_renovate(file: ManifestFile) -> ManifestFacts:
    """What a Renovate configuration, or a preset for others, extends."""
    if b"extends" not in file.content:
        return ManifestFacts()
    document = json_document(file, comments=True)
    is_configuration = file.name in _NAMES
    found = tuple(
        preset
        for preset in presets(document.root, scope_of_path(file.path, Scope.DEV))
        if is_configuration or ">" in preset.name
    )
    return ManifestFacts(found, problems=document.problems if is_configuration else ())


def presets(root: Node | None, scope: Scope) -> Iterator[Declaration]:
    """Every preset of another repository that is extended anywhere in a configuration."""
    waiting = [root] if root is not None else []
    while waiting:
        value = waiting.pop().value
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, dict):
            extends = value.get("extends")
            for node in _items(extends):
                yield from _preset(text(node).strip().partition("(")[0], scope, node.line)
            waiting.extend(item for item in value.values() if item is not extends)


def _items(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.value if isinstance(node.value, list) else [node]


def _preset(written: str, scope: Scope, line: int) -> Iterator[Declaration]:
    remote = _REMOTE.fullmatch(written)
    if remote is not None:
        tag = remote["tag"] or ""
        name = written.partition("#")[0]
        host = _HOSTS[remote["platform"]]
        reference = Reference("repository", f"{host}{remote['repository'].lower()}")
        yield _declaration(name, reference, tag, scope, line)
    elif written.startswith(("http://", "https://")):
        repository = repository_name(written)
        reference = Reference("repository" if repository else "config", repository or written)
        yield _declaration(written, reference, "", scope, line)
    else:
        package = _package(written)
        if package:
            yield _declaration(written, Reference("npm", package), "", scope, line)


def _package(written: str) -> str:
    """The npm package of a preset, "" for one that Renovate brings."""
    found = _PACKAGE.fullmatch(written.removeprefix("npm>"))
    if found is None or found["name"] in _BUILT_IN:
        return ""
    name = found["name"]
    if name.startswith("@"):
        return name if "/" in name else f"{name}/renovate-config"
    return f"renovate-config-{name}"


def _declaration(name: str, reference: Reference, tag: str, scope: Scope, line: int) -> Declaration:
    kind = revision_kind(tag) if tag else ConstraintKind.NONE
    return Declaration(DependencyType.CONFIG, name, reference, tag, kind, scope, 1.0, line)


def _is_preset(path: str) -> bool:
    """Presets for others: any JSON5 file, `default.json`, and JSON under `renovate/`."""
    folder, name = posixpath.split(path)
    if name in _NAMES:
        return False
    folders = folder.split("/")
    return (
        name.endswith(".json5")
        or path == "default.json"
        or ("renovate" in folders or ".renovate" in folders)
    )


READERS: Final = (
    ManifestReader("renovate", read_renovate, names=_NAMES),
    ManifestReader(
        "renovate preset", read_renovate, claim_suffixes=(".json", ".json5"), claims=_is_preset
    ),
)
