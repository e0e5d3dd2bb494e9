"""GitHub workflows and actions: the actions, reusable workflows and images that they use.

GitHub documentation, "Workflow syntax" and "Metadata syntax". An action that is made for others
needs at run time what its steps use; everything else here is needed by CI only.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.git_names import revision_kind
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
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text

_DOCKER: Final = "docker://"


def read_workflow(file: ManifestFile) -> ManifestFacts:
    """What the jobs of a workflow use."""
    if (
        b"uses" not in file.content
        and b"image" not in file.content
        and (b"container" not in file.content)
    ):
        return ManifestFacts()
    documents = yaml_documents(file)
    scope = scope_of_path(file.path, Scope.CI)
    found = tuple(
        item
        for root in documents.roots
        for job in mapping(child(root, "jobs")).values()
        for item in _job(job, scope)
    )
    return ManifestFacts(found, problems=documents.problems)


def read_action(file: ManifestFile) -> ManifestFacts:
    """What an action runs: the actions of its steps, or its image."""
    documents = yaml_documents(file)
    scope = scope_of_path(file.path, Scope.RUNTIME)
    found: list[Declaration] = []
    for root in documents.roots:
        runs = child(root, "runs")
        for step in sequence(child(runs, "steps")):
            found += _use(child(step, "uses"), scope)
        image = child(runs, "image")
        if text(image).startswith(_DOCKER):
            found += _image(image, scope)
    return ManifestFacts(tuple(found), problems=documents.problems)


def _job(job: Node, scope: Scope) -> Iterator[Declaration]:
    yield from _use(child(job, "uses"), scope)
    for step in sequence(child(job, "steps")):
        yield from _use(child(step, "uses"), scope)
    for container in (child(job, "container"), *mapping(child(job, "services")).values()):
        yield from _image(child(container, "image") or container, scope)


def _use(node: Node | None, scope: Scope) -> Iterator[Declaration]:
    written = text(node).strip()
    if node is None or not written or written.startswith((".", "/")):
        return
    if written.startswith(_DOCKER):
        yield from _image(node, scope)
        return
    action = _action(written)
    if action is not None:
        name, reference, revision, kind = action
        yield Declaration(DependencyType.CI, name, reference, revision, kind, scope, 1.0, node.line)


@lru_cache(maxsize=1024)
def _action(written: str) -> tuple[str, Reference, str, ConstraintKind] | None:
    """The repository of an action, and its revision; the same ones are used again and again."""
    name, _, revision = written.partition("@")
    parts = name.split("/")
    if len(parts) < 2 or "" in parts[:2] or "$" in "/".join(parts[:2]) or " " in name:
        return None
    owned = "/".join(parts[:2])  # whatever the path inside, it is the repository that has versions
    return owned, Reference("repository", owned.lower()), revision, revision_kind(revision)


def _image(node: Node | None, scope: Scope) -> Iterator[Declaration]:
    if node is not None and text(node):
        found = image_declaration(text(node), line=node.line, scope=scope)
        if found is not None:
            yield found


def _is_workflow(path: str) -> bool:
    folder = path.rpartition("/")[0]
    return folder.endswith((".github/workflows", ".gitea/workflows", ".forgejo/workflows"))


READERS: Final = (
    ManifestReader(
        "GitHub workflow", read_workflow, claim_suffixes=(".yml", ".yaml"), claims=_is_workflow
    ),
    ManifestReader("GitHub action", read_action, names=frozenset({"action.yml", "action.yaml"})),
)
