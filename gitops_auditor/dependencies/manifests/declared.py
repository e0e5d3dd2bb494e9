"""`.gitops/dependencies.yaml`: what a repository says about itself because no other file can.

    version: 1
    provides:
      apis: [payments]                          # a name, or {name: ..., version: ...}
      data: ["postgres://db.acme.internal/orders"]
      config: [shared-eslint]
      images: [ghcr.io/acme/payments]
      packages:
        - {type: npm, name: "@acme/ui", version: 1.2.0}
    consumes:
      - type: api                               # a dependency type of the model
        name: ledger
        repository: github.com/acme/ledger      # optional: who provides it
        constraint: ">=2"                       # optional
        scope: runtime                          # optional, runtime when it is missing

Every entry has full confidence. An unknown key, type or scope, or a missing name is a Problem with
line and column; the entries around it count.
"""

import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import (
    NAMESPACES,
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Provision,
    Reference,
    Scope,
)
from gitops_auditor.formats.nodes import (
    MalformedDocument,
    Node,
    child,
    mapping,
    sequence,
    text,
    written,
)
from gitops_auditor.formats.yaml_positions import parse_yaml

_PATHS: Final = frozenset({".gitops/dependencies.yaml", ".gitops/dependencies.yml"})
_LISTS: Final = {"apis": "api", "data": "data", "config": "config", "images": "image"}
_TYPES: Final = {member.value: member for member in DependencyType}
_SCOPES: Final = {member.value: member for member in Scope}
_ROOT_KEYS: Final = ("version", "provides", "consumes")
_NEED_KEYS: Final = ("type", "name", "repository", "constraint", "scope")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:[-+][\w.+-]+)?")
_RANGE = re.compile(r"[<>=~^*|, ]|(?:^|\.)[xX](?:\.|\Z)")


def read_declared(file: ManifestFile) -> ManifestFacts:
    """What the repository declares that it provides and consumes."""
    try:
        documents = parse_yaml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    if not documents:
        return ManifestFacts(problems=(Problem("The file is empty.", 1, 1),))
    reading = _Reading()
    reading.root(documents[0].root)
    findings = [Problem(*finding) for finding in documents[0].findings]
    return ManifestFacts(
        tuple(reading.declarations), tuple(reading.provisions), (*findings, *reading.problems)
    )


class _Reading:
    """Goes through one document and collects what it says and what is wrong with it."""

    def __init__(self) -> None:
        self.declarations: list[Declaration] = []
        self.provisions: list[Provision] = []
        self.problems: list[Problem] = []

    def root(self, root: Node) -> None:
        if not isinstance(root.value, dict):
            self._problem("The document must be a mapping.", root)
            return
        self._refuse_unknown(root, _ROOT_KEYS)
        version = child(root, "version")
        if version is None or version.value != 1:
            self._problem("`version` must be 1.", version or root)
        provides = child(root, "provides")
        if provides is not None:
            self._refuse_unknown(provides, (*_LISTS, "packages"))
        for key, namespace in _LISTS.items():
            for item in self._items(child(provides, key), key):
                self._provision(item, namespace)
        for item in self._items(child(provides, "packages"), "packages"):
            self._package(item)
        for item in self._items(child(root, "consumes"), "consumes"):
            self._need(item)

    def _items(self, node: Node | None, key: str) -> Iterator[Node]:
        if node is not None and node.value is not None and not isinstance(node.value, list):
            self._problem(f"`{key}` must be a list.", node)
        yield from sequence(node)

    def _provision(self, item: Node, namespace: str) -> None:
        if isinstance(item.value, dict):
            self._refuse_unknown(item, ("name", "version"))
        name = text(item) or text(child(item, "name"))
        if not name:
            self._problem("A name is missing.", item)
            return
        version = written(child(item, "version"))
        self.provisions.append(Provision(Reference(namespace, name), version, item.line))

    def _package(self, item: Node) -> None:
        self._refuse_unknown(item, ("type", "name", "version"))
        kind = self._type(item)
        name = text(child(item, "name"))
        if not name:
            self._problem("A package needs a name.", item)
        elif kind is not None:
            version = written(child(item, "version"))
            reference = Reference(NAMESPACES[kind], name)
            self.provisions.append(Provision(reference, version, item.line))

    def _need(self, item: Node) -> None:
        self._refuse_unknown(item, _NEED_KEYS)
        kind, scope = self._type(item), self._scope(item)
        name = text(child(item, "name"))
        if not name:
            self._problem("An entry of `consumes` needs a name.", item)
        if not name or kind is None or scope is None:
            return
        repository = text(child(item, "repository"))
        constraint = written(child(item, "constraint"))
        self.declarations.append(
            Declaration(
                kind,
                name,
                Reference("repository", repository.lower())
                if repository
                else Reference(NAMESPACES[kind], name),
                constraint,
                _constraint_kind(constraint),
                scope,
                1.0,
                item.line,
            )
        )

    def _type(self, item: Node) -> DependencyType | None:
        node = child(item, "type")
        found = _TYPES.get(text(node))
        if found is None:
            self._problem(f"`type` must be one of {', '.join(_TYPES)}.", node or item)
        return found

    def _scope(self, item: Node) -> Scope | None:
        node = child(item, "scope")
        if node is None:
            return Scope.RUNTIME
        found = _SCOPES.get(text(node))
        if found is None:
            self._problem(f"`scope` must be one of {', '.join(_SCOPES)}.", node)
        return found

    def _refuse_unknown(self, node: Node, known: tuple[str, ...]) -> None:
        for key, value in mapping(node).items():
            if key not in known:
                self._problem(f"Unknown key `{key[:80]}`; known are {', '.join(known)}.", value)

    def _problem(self, message: str, node: Node) -> None:
        self.problems.append(Problem(message, node.line, node.column))


def _constraint_kind(constraint: str) -> ConstraintKind:
    if not constraint:
        return ConstraintKind.NONE
    if _COMMIT.fullmatch(constraint):
        return ConstraintKind.COMMIT
    if _VERSION.fullmatch(constraint):
        return ConstraintKind.EXACT
    return ConstraintKind.RANGE if _RANGE.search(constraint) else ConstraintKind.TAG


def _is_declared(path: str) -> bool:
    return path in _PATHS


READER = ManifestReader(
    "declared dependencies",
    read_declared,
    claim_suffixes=("dependencies.yaml", "dependencies.yml"),
    claims=_is_declared,
)
