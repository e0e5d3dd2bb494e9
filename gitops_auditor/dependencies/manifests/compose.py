"""Compose files: the images of services, and the images that services build.

Compose specification, "services": `image`, `build` (short and long form) and interpolation.
"""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.images import image_declaration, image_provision
from gitops_auditor.dependencies.manifests.name_scope import group_scope
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.repository_path import outside_path
from gitops_auditor.dependencies.manifests.variables import expand
from gitops_auditor.dependencies.manifests.yaml_documents import yaml_documents
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Provision,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.names import repository_identity
from gitops_auditor.formats.nodes import Node, child, mapping, text

_CLAIMED = re.compile(r"(?:^|[-_./])(?:docker-)?(?:compose|stack)(?:[-_.][^/]*)?\.ya?ml$")
_TOLD_AT_BUILD = 0.9
_TOLD_AT_RUN_TIME = 0.65
"""What a program does with an image that its environment names, nobody declares."""
_IMAGE_CONTEXT = "docker-image://"


def read_compose(file: ManifestFile) -> ManifestFacts:
    """The images that services run; a service that also has `build` offers its image instead."""
    if b"services:" not in file.content:
        return ManifestFacts()
    documents = yaml_documents(file)
    scope = weaker(scope_of_path(file.path), group_scope(file.name.rpartition(".")[0]))
    declarations: list[Declaration] = []
    provisions: list[Provision] = []
    for root in documents.roots:
        for service in mapping(child(root, "services")).values():
            declarations.extend(_declarations(service, file.path, scope))
            declarations.extend(_told_images(service, scope))
            provisions.extend(_provisions(service))
    return ManifestFacts(tuple(declarations), tuple(provisions), documents.problems)


def _declarations(service: Node, path: str, scope: Scope) -> Iterator[Declaration]:
    image, build = child(service, "image"), child(service, "build")
    if build is not None:
        yield from _built(build, path, weaker(Scope.BUILD, scope))
    elif image is not None:
        found = image_declaration(expand(text(image), {}), line=image.line, scope=scope)
        if found is not None:
            yield found


def _told_images(service: Node, scope: Scope) -> Iterator[Declaration]:
    """Images that a service or its build is told of by a variable, for example as its base."""
    yield from _named_images(child(service, "environment"), scope, _TOLD_AT_RUN_TIME)
    yield from _named_images(child(service, "build", "args"), scope, _TOLD_AT_BUILD)


def _named_images(told: Node | None, scope: Scope, confidence: float) -> Iterator[Declaration]:
    for name, node in mapping(told).items():
        if name.endswith("IMAGE") and ":" in text(node):
            value = expand(text(node), {})
            found = image_declaration(value, line=node.line, scope=scope, confidence=confidence)
            if found is not None:
                yield found


def _provisions(service: Node) -> Iterator[Provision]:
    image = child(service, "image")
    if image is not None and child(service, "build") is not None:
        found = image_provision(expand(text(image), {}), line=image.line)
        if found is not None:
            yield found


def _built(build: Node, path: str, scope: Scope) -> Iterator[Declaration]:
    """What a build takes from elsewhere: a context in another repository, images as contexts."""
    context = child(build, "context") or build
    yield from _context(context, path, scope)
    for node in mapping(child(build, "additional_contexts")).values():
        value = expand(text(node), {})
        if value.startswith(_IMAGE_CONTEXT):
            image = value.removeprefix(_IMAGE_CONTEXT)
            found = image_declaration(image, line=node.line, scope=scope)
            if found is not None:
                yield found
        else:
            yield from _context(node, path, scope)


def _context(node: Node, path: str, scope: Scope) -> Iterator[Declaration]:
    written = expand(text(node), {})
    address, _, fragment = written.partition("#")
    outside = outside_path(path, written)
    if outside:
        reference = Reference("repository", outside)
        yield _source(written, reference, "", ConstraintKind.PATH, scope, node.line)
    elif "://" in written or written.startswith("git@"):
        identity = repository_identity(address)
        ref = fragment.partition(":")[0]
        kind = ConstraintKind.TAG if ref else ConstraintKind.NONE
        if identity:
            reference = Reference("repository", identity)
            yield _source(address, reference, ref, kind, scope, node.line)


def _source(
    name: str,
    reference: Reference,
    constraint: str,
    kind: ConstraintKind,
    scope: Scope,
    line: int,
) -> Declaration:
    return Declaration(DependencyType.GIT, name, reference, constraint, kind, scope, 1.0, line)


def _claims(path: str) -> bool:
    return _CLAIMED.search(path) is not None


READER = ManifestReader(
    name="compose", read=read_compose, claim_suffixes=(".yml", ".yaml"), claims=_claims
)
