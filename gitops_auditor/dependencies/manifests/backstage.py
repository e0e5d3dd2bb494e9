"""Backstage catalog files (Descriptor Format of Catalog Entities): what people wrote by hand.

APIs are named as in `kind: API`, components `component:<name>`, resources `resource:<name>`.
The namespace of an entity is part of its name unless it is `default`.
"""

from collections.abc import Iterator
from typing import Final

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
)
from gitops_auditor.formats.nodes import (
    MalformedDocument,
    Node,
    child,
    sequence,
    text,
)
from gitops_auditor.formats.yaml_positions import parse_yaml

_DEFAULT_NAMESPACE: Final = "default/"
_API: Final = "api"


def read_catalog(file: ManifestFile) -> ManifestFacts:
    """The entities of a catalog file, what they provide and what they depend on."""
    try:
        documents = parse_yaml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    entities = [document.root for document in documents]
    return ManifestFacts(
        tuple(need for entity in entities for need in _needs(file.path, entity)),
        tuple(offer for entity in entities for offer in _offers(entity)),
    )


def _offers(entity: Node) -> Iterator[Provision]:
    name = child(entity, "metadata", "name")
    namespace = text(child(entity, "metadata", "namespace"))
    kind = text(child(entity, "kind")).lower()
    if name is not None and text(name) and kind in {_API, "component", "resource"}:
        full = f"{namespace}/{text(name)}" if namespace else text(name)
        yield Provision(_reference(full, kind), "", name.line)
    for node in sequence(child(entity, "spec", "providesApis")):
        if text(node):
            yield Provision(_reference(text(node), _API), "", node.line)


def _needs(path: str, entity: Node) -> Iterator[Declaration]:
    for key, kind in (("consumesApis", _API), ("dependsOn", "component")):
        for node in sequence(child(entity, "spec", key)):
            if text(node):
                yield _need(path, node, kind)


def _need(path: str, node: Node, kind: str) -> Declaration:
    reference = _reference(text(node), kind)
    is_data = reference.namespace == "data"
    return Declaration(
        DependencyType.DATA if is_data else DependencyType.API,
        text(node),
        reference,
        "",
        ConstraintKind.NONE,
        scope_of_path(path),
        1.0,
        node.line,
    )


def _reference(written: str, kind: str) -> Reference:
    """The entity that `[kind:][namespace/]name` means."""
    prefix, colon, rest = written.lower().partition(":")
    if colon:
        kind, written = prefix, rest
    name = written.lower().removeprefix(_DEFAULT_NAMESPACE)
    if kind == _API:
        return Reference("api", name)
    return Reference("data" if kind == "resource" else "api", f"{kind}:{name}")


READER = ManifestReader(
    "backstage catalog",
    read_catalog,
    names=frozenset({"catalog-info.yaml", "catalog-info.yml"}),
)
