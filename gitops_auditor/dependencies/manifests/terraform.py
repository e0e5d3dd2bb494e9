"""Terraform and OpenTofu: module sources, providers, Helm releases; the sources of Terragrunt.

Terraform language documentation, "Module sources" and "Provider requirements". Blocks are found by
expression and matched brace by brace, since a full HCL parser costs a hundred times the time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qs

from gitops_auditor.dependencies.manifests.chart_names import chart_declaration
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.git_sources import ref_kind
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.repository_path import outside_path
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.names import repository_identity

_BLOCK = re.compile(
    r'^[ \t]*(?P<kind>module[ \t]+"[^"\n]*"|resource[ \t]+"helm_release"[ \t]+"[^"\n]*"|'
    r"required_providers|terraform)[ \t]*\{",
    re.MULTILINE,
)
_TOKEN = re.compile(
    r'"(?:\\.|[^"\\\n])*"|\#[^\n]*|//[^\n]*|/\*.*?\*/|<<[-~]?(?P<mark>\w+)\n.*?^\s*(?P=mark)$|[{}]',
    re.DOTALL | re.MULTILINE,
)
_SOURCE = re.compile(r'^[ \t]*source[ \t]*=[ \t]*"(?P<value>[^"\n]*)"', re.MULTILINE)
_CHART = re.compile(r'^[ \t]*chart[ \t]*=[ \t]*"(?P<value>[^"\n]*)"', re.MULTILINE)
_VERSION = re.compile(r'(?:^|[\s{,])version[ \t]*=[ \t]*(?P<value>"[^"\n]*"|[^\s,}#]+)')
_PROVIDER = re.compile(
    r'^[ \t]*"?(?P<name>[A-Za-z][\w-]*)"?[ \t]*[=:][ \t]*(?:(?P<open>\{)|"(?P<version>[^"\n]*)")',
    re.MULTILINE,
)
_INNER_SOURCE = re.compile(r'(?:^|[\s{,])source[ \t]*=[ \t]*"(?P<value>[^"\n]*)"')
_REGISTRY = re.compile(
    r"(?:(?P<host>[\w.-]+\.[\w.-]+(?::\d+)?)/)?(?P<name>[\w-]+/[\w-]+/[\w-]+)(?://.*)?\Z"
)
_EXACT = re.compile(r"=?\s*v?\d+\.\d+\.\d+[\w.+-]*\Z")
_GIT_PREFIXES = ("git::", "git@", "github.com/", "bitbucket.org/", "ssh://", "hg::")
_PUBLIC_REGISTRY = "registry.terraform.io"


class _Block(NamedTuple):
    kind: str
    body: str
    start: int
    """Where the body begins in the file."""


class _Lines:
    """Line numbers of positions in one text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def line(self, position: int) -> int:
        return bisect_right(self._starts, position)


def read_terraform(file: ManifestFile) -> ManifestFacts:
    """Modules of a registry or a repository, providers and charts; local ones are left out."""
    text, lines = file.text, _Lines(file.text)
    scope = scope_of_path(file.path)
    declarations: list[Declaration] = []
    for block in _blocks(text):
        if block.kind == "required_providers":
            declarations.extend(_providers(block, lines, scope))
        elif block.kind == "resource":
            declarations.extend(_release(block, lines, scope))
        else:
            declarations.extend(_module(block, lines, file.path, scope))
    return ManifestFacts(tuple(declarations))


def _blocks(text: str) -> Iterator[_Block]:
    for found in _BLOCK.finditer(text):
        end = _block_end(text, found.end())
        body = text[found.end() : end]
        kind = found["kind"].split()[0]
        if kind != "terraform" or "required_providers" not in body:
            yield _Block(kind, body, found.end())


def _block_end(text: str, start: int) -> int:
    """Where the block closes whose opening brace ends at `start`."""
    depth = 1
    for token in _TOKEN.finditer(text, start):
        if token.group() == "{":
            depth += 1
        elif token.group() == "}":
            depth -= 1
        if depth == 0:
            return token.start()
    return len(text)


def _module(block: _Block, lines: _Lines, path: str, scope: Scope) -> Iterator[Declaration]:
    found = _SOURCE.search(block.body)
    if found is None:
        return
    line = lines.line(block.start + found.start("value"))
    version = _VERSION.search(block.body)
    constraint = _unquoted(version["value"]) if version else ""
    yield from _sourced(found["value"], constraint, path, scope, line)


def _release(block: _Block, lines: _Lines, scope: Scope) -> Iterator[Declaration]:
    """The chart of a `helm_release`; one in a folder is left out."""
    found = _CHART.search(block.body)
    if found is None or found["value"].startswith((".", "/", "$")):
        return
    version = _VERSION.search(block.body)
    constraint = _unquoted(version["value"]) if version else ""
    line = lines.line(block.start + found.start("value"))
    declared = chart_declaration(found["value"], constraint, line=line, scope=scope)
    if declared is not None:
        yield declared


def _sourced(
    source: str, version: str, path: str, scope: Scope, line: int
) -> Iterator[Declaration]:
    """The declaration of one module source with its version constraint."""
    if source.startswith("tfr://"):
        source, version = _terragrunt_registry(source)
    if source.startswith((".", "/")):
        outside = outside_path(path, source.partition("//")[0])
        if outside:
            reference = Reference("repository", outside)
            yield _declaration(source, reference, "", ConstraintKind.PATH, scope, line)
        return
    registry = _REGISTRY.match(source)
    if registry and not source.startswith(_GIT_PREFIXES):
        kind = _version_kind(version)
        yield _declaration(source, _registry_name(registry), version, kind, scope, line)
    else:
        yield from _remote(source, scope, line)


def _remote(source: str, scope: Scope, line: int) -> Iterator[Declaration]:
    """A module of a git repository, or of an archive that is fetched by its URL."""
    address, _, query = source.partition("?")
    ref = "".join(parse_qs(query).get("ref", [])[:1])
    bare = address.partition("::")[2] or address
    scheme, separator, rest = bare.rpartition("://")
    identity = repository_identity(scheme + separator + rest.partition("//")[0])
    is_git = source.startswith(_GIT_PREFIXES) or ".git" in bare
    if is_git and identity:
        kind = ref_kind(ref)
        yield _declaration(address, Reference("repository", identity), ref, kind, scope, line)
    elif separator or "::" in address:
        reference = Reference("terraform", bare.lower())
        yield _declaration(address, reference, source, ConstraintKind.URL, scope, line)


def _providers(block: _Block, lines: _Lines, scope: Scope) -> Iterator[Declaration]:
    position = 0
    while (found := _PROVIDER.search(block.body, position)) is not None:
        if found["open"]:
            position = _block_end(block.body, found.end())
            inner = block.body[found.end() : position]
            source = _INNER_SOURCE.search(inner)
            version = _VERSION.search(inner)
            name = source["value"] if source else f"hashicorp/{found['name']}"
            constraint = _unquoted(version["value"]) if version else ""
        else:
            name, constraint = f"hashicorp/{found['name']}", found["version"]
            position = found.end()
        reference = Reference("terraform", name.lower().removeprefix(f"{_PUBLIC_REGISTRY}/"))
        line = lines.line(block.start + found.start("name"))
        yield _declaration(name, reference, constraint, _version_kind(constraint), scope, line)


def _declaration(
    name: str,
    reference: Reference,
    constraint: str,
    kind: ConstraintKind,
    scope: Scope,
    line: int,
) -> Declaration:
    return Declaration(
        DependencyType.TERRAFORM, name, reference, constraint, kind, scope, 1.0, line
    )


def _registry_name(found: re.Match[str]) -> Reference:
    host = found["host"]
    name = found["name"] if host in {None, _PUBLIC_REGISTRY} else f"{host}/{found['name']}"
    return Reference("terraform", name.lower())


def _terragrunt_registry(source: str) -> tuple[str, str]:
    """`tfr://host/ns/name/provider?version=1.2.3` as source and version."""
    address, _, query = source.removeprefix("tfr://").partition("?")
    return address.lstrip("/"), "".join(parse_qs(query).get("version", [])[:1])


def _unquoted(value: str) -> str:
    return value.strip().strip('"').strip()


def _version_kind(version: str) -> ConstraintKind:
    if not version:
        return ConstraintKind.NONE
    if not re.search(r"\d", version) or re.match(r"(?:var|local|each|data)\.|\$\{", version):
        return ConstraintKind.DYNAMIC
    return ConstraintKind.EXACT if _EXACT.match(version) else ConstraintKind.RANGE


READER = ManifestReader(
    name="terraform",
    read=read_terraform,
    names=frozenset({"terragrunt.hcl"}),
    suffixes=(".tf", ".tofu"),
)
