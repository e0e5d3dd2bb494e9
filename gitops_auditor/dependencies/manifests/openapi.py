"""APIs that a repository describes: OpenAPI 3, Swagger 2 and AsyncAPI documents.

An API is offered under its title (`Pet Store` is `pet-store`) and under every server whose host is
written out: as `host`, and as `host/segment` for the first segment of each path it serves.
"""

import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.web_addresses import first_segment, parse_address
from gitops_auditor.dependencies.models import ManifestFacts, Problem, Provision, Reference
from gitops_auditor.formats.json_positions import parse_json
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

_MARK = re.compile(rb"""(?:^|[\n{,])\s*["']?(?:openapi|swagger|asyncapi)["']?\s*:""")
_STEM = re.compile(r"(?:^|[./_-])(?:openapi|swagger|asyncapi)(?:[._-][^/]*)?\.(?:json|ya?ml)\Z")
_HEAD: Final = 64 * 1024  # bytes in which the document must say what it is
_WORDS = re.compile(r"[^a-z0-9.]+")
_MOST_PATHS: Final = 500


def read_api_document(file: ManifestFile) -> ManifestFacts:
    """The API that a document describes."""
    if _MARK.search(file.content[:_HEAD]) is None:
        return ManifestFacts()
    try:
        root = _root(file)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    return ManifestFacts(provisions=tuple(dict.fromkeys(_provisions(root))))


def api_title(title: str) -> str:
    """The name under which an API of that title is offered: lower case, words joined by `-`."""
    return _WORDS.sub("-", title.lower()).strip("-")


def _root(file: ManifestFile) -> Node:
    if file.name.endswith(".json"):
        return parse_json(file.text).root
    documents = parse_yaml(file.text)
    return documents[0].root if documents else Node("", 1, 1)


def _provisions(root: Node) -> Iterator[Provision]:
    version = written(child(root, "info", "version"))
    title = child(root, "info", "title")
    if title is not None and api_title(text(title)):
        yield Provision(Reference("api", api_title(text(title))), version, title.line)
    for address, line in _servers(root):
        parsed = parse_address(address)
        if parsed is None or "." not in parsed.hosts[0][0]:
            continue
        host = parsed.hosts[0][0]
        yield Provision(Reference("api", host), version, line)
        for segment in _segments(root, parsed.path):
            yield Provision(Reference("api", f"{host}/{segment}"), version, line)


def _segments(root: Node, server_path: str) -> list[str]:
    own = first_segment(server_path)
    if own:
        return [own]
    paths = list(mapping(child(root, "paths")))[:_MOST_PATHS]
    return sorted({first_segment(path) for path in paths} - {""})


def _servers(root: Node) -> Iterator[tuple[str, int]]:
    servers = child(root, "servers")
    for server in [*sequence(servers), *mapping(servers).values()]:
        address = child(server, "url") or child(server, "host")
        if address is not None:
            protocol = text(child(server, "protocol")) or "https"
            url = text(address)
            yield (url if "://" in url else f"{protocol}://{url}"), address.line
    host = child(root, "host")
    if host is not None:
        yield f"https://{text(host)}{text(child(root, 'basePath'))}", host.line


def _is_api_document(path: str) -> bool:
    return _STEM.search(path) is not None


READER = ManifestReader(
    "api description",
    read_api_document,
    claim_suffixes=(".json", ".yaml", ".yml"),
    claims=_is_api_document,
)
