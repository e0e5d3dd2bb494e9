"""GitLab CI, CircleCI, Woodpecker, Drone and Travis: included pipelines and the images of the jobs.

GitLab documentation "CI/CD YAML syntax reference", CircleCI "Configuration reference", Woodpecker
"Workflow syntax".
"""

import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.git_names import repository_name, revision_kind
from gitops_auditor.dependencies.manifests.images import image_declaration
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
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text, written

_NAMES: Final = frozenset(
    {".gitlab-ci.yml", ".gitlab-ci.yaml", ".woodpecker.yml", ".woodpecker.yaml", ".drone.yml"}
    | {".travis.yml"}
)
_SERVER_VARIABLE = re.compile(r"\$\{?CI_SERVER_(?:FQDN|HOST)\}?(?::\d+)?/")
_RAW_GITHUB = re.compile(r"https://raw\.githubusercontent\.com/([\w.-]+/[\w.-]+)/")
_IMAGE_KEYS: Final = frozenset({"image", "services"})


def read_pipeline(file: ManifestFile) -> ManifestFacts:
    """The pipelines that a pipeline includes and the images in which its jobs run."""
    documents = yaml_documents(file)
    scope = scope_of_path(file.path, Scope.CI)
    found: list[Declaration] = []
    for root in documents.roots:
        for item in _items(child(root, "include")):
            found += _include(item, scope)
        found += _images(root, scope)
    return ManifestFacts(tuple(found), problems=documents.problems)


def _items(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.value if isinstance(node.value, list) else [node]


def _include(node: Node, scope: Scope) -> Iterator[Declaration]:
    address = text(node) or text(child(node, "remote"))
    project, component = child(node, "project"), child(node, "component")
    if address.startswith(("http://", "https://")):
        reference = Reference("repository", _repository(address))
        if reference.name:
            yield _declaration(address, reference, "", scope, node.line)
    elif project is not None and text(project):
        reference = Reference("repository", text(project).strip("/").lower())
        revision = written(child(node, "ref"))
        yield _declaration(text(project), reference, revision, scope, project.line)
    elif component is not None and "/" in text(component):
        name, _, revision = text(component).partition("@")
        owner = _SERVER_VARIABLE.sub("", name).rpartition("/")[0].lower()
        reference = Reference("repository", owner)
        yield _declaration(name, reference, revision, scope, component.line)


def _repository(address: str) -> str:
    raw = _RAW_GITHUB.match(address)
    if raw is not None:
        return f"github.com/{raw[1]}".lower()
    return repository_name(address) if "/-/" in address or "github.com/" in address else ""


def _declaration(
    name: str, reference: Reference, revision: str, scope: Scope, line: int
) -> Declaration:
    kind = revision_kind(revision) if revision else ConstraintKind.NONE
    return Declaration(DependencyType.CI, name, reference, revision, kind, scope, 1.0, line)


def _images(root: Node, scope: Scope) -> Iterator[Declaration]:
    """Everything under a key `image` or `services`, wherever a CI system has its jobs."""
    waiting = [root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node.value, dict | list) or id(node.value) in seen:
            continue
        seen.add(id(node.value))
        waiting.extend(reversed(sequence(node) or list(mapping(node).values())))
        for key, item in mapping(node).items():
            if key in _IMAGE_KEYS:
                yield from _named_images(item, scope)


def _named_images(node: Node, scope: Scope) -> Iterator[Declaration]:
    for item in _items(node):
        named = child(item, "name") or item
        found = (
            image_declaration(text(named), line=named.line, scope=scope) if text(named) else None
        )
        if found is not None:
            yield found


def _is_pipeline(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if folder.endswith(".circleci"):
        return name.startswith("config.")
    return ".woodpecker" in folder or ".gitlab/ci" in folder or ".gitlab-ci" in path


READER: Final = ManifestReader(
    "pipeline",
    read_pipeline,
    names=_NAMES,
    claim_suffixes=(".yml", ".yaml"),
    claims=_is_pipeline,
)
