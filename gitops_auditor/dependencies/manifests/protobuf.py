"""Protocol Buffers: what `.proto` files define and import, and modules of buf.

A file is offered under the path by which others import it: the part of its path that equals its
package (`a.b.v1` is `a/b/v1/`), else what follows a folder named `proto`, `protos` or `protobuf`.
`google/protobuf/*.proto` come with the compiler and are no dependencies.
Formats: Protocol Buffers Language Specification; `buf.yaml` v1 and v2.
"""

import re
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
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, sequence, text
from gitops_auditor.formats.yaml_positions import parse_yaml

_LIMIT: Final = 4 * 1024 * 1024
_STATEMENT = re.compile(
    r"""/\*[\s\S]*?(?:\*/|\Z)|//[^\n]*"""
    r"""|^[ \t]*import[ \t]+(?:(?:public|weak)[ \t]+)?["'](?P<file>[^"'\n]+)["'][ \t]*;"""
    r"""|^[ \t]*package[ \t]+(?P<package>[\w.]+)[ \t]*;"""
    r"""|^[ \t]*service[ \t]+(?P<service>\w+)[ \t\n]*\{""",
    re.MULTILINE,
)
_ROOT = re.compile(r"(?:^|.*/)(?:proto|protos|protobuf)/(?P<rest>.+)")
_COMPILERS_OWN: Final = "google/protobuf/"
_COMMIT = re.compile(r"[0-9a-f]{32,40}")


def read_proto(file: ManifestFile) -> ManifestFacts:
    """The package and services that a `.proto` file defines, and the files that it imports."""
    if len(file.content) > _LIMIT:
        message = f"{len(file.content)} bytes is too large for a .proto file"
        return ManifestFacts(problems=(Problem(message, 0, 0),))
    declarations: list[Declaration] = []
    provisions: list[Provision] = []
    package, line, counted = "", 1, 0
    for found in _STATEMENT.finditer(file.text):
        if found.lastgroup is None:
            continue
        line += file.text.count("\n", counted, found.start(found.lastgroup))
        counted = found.start(found.lastgroup)
        if found["file"] and not found["file"].startswith(_COMPILERS_OWN):
            declarations.append(_import(file.path, found["file"], line))
        elif found["package"]:
            package = found["package"]
            provisions += _package(file.path, package, line)
        elif found["service"]:
            name = f"{package}.{found['service']}".lstrip(".")
            provisions.append(Provision(Reference("api", name), "", line))
    if not package:
        provisions.append(Provision(Reference("api", _import_path(file.path, "")), "", 1))
    return ManifestFacts(tuple(declarations), tuple(provisions))


def read_buf(file: ManifestFile) -> ManifestFacts:
    """The buf modules that a `buf.yaml` names and those that it depends on."""
    try:
        documents = parse_yaml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    root = documents[0].root if documents else Node("", 1, 1)
    names = [root, *sequence(child(root, "modules"))]
    return ManifestFacts(
        tuple(_module(file.path, node) for node in sequence(child(root, "deps")) if text(node)),
        tuple(_named(node) for node in names if text(child(node, "name"))),
    )


def _package(path: str, package: str, line: int) -> Iterator[Provision]:
    yield Provision(Reference("api", package), "", line)
    yield Provision(Reference("api", _import_path(path, package)), "", line)


def _import_path(path: str, package: str) -> str:
    folder, _, name = path.rpartition("/")
    expected = package.replace(".", "/")
    if package and f"/{folder}".endswith(f"/{expected}"):
        return f"{expected}/{name}"
    below = _ROOT.fullmatch(path)
    return below["rest"] if below else path


def _import(path: str, name: str, line: int) -> Declaration:
    return Declaration(
        DependencyType.API,
        name,
        Reference("api", name),
        "",
        ConstraintKind.NONE,
        scope_of_path(path),
        1.0,
        line,
    )


def _module(path: str, node: Node) -> Declaration:
    name, _, ref = text(node).partition(":")
    kind = ConstraintKind.TAG if ref else ConstraintKind.NONE
    if _COMMIT.fullmatch(ref):
        kind = ConstraintKind.COMMIT
    scope = scope_of_path(path)
    reference = Reference("api", name)
    return Declaration(DependencyType.API, name, reference, ref, kind, scope, 1.0, node.line)


def _named(node: Node) -> Provision:
    name = child(node, "name")
    return Provision(Reference("api", text(name)), "", name.line if name is not None else node.line)


READERS: tuple[ManifestReader, ...] = (
    ManifestReader("protobuf", read_proto, suffixes=(".proto",)),
    ManifestReader("buf", read_buf, names=frozenset({"buf.yaml", "buf.yml"})),
)
