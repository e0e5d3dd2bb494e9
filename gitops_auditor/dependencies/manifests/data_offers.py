"""Data that a repository offers: buckets it creates, volumes it names, a site it publishes.

Terraform: `aws_s3_bucket`, `google_storage_bucket`. Compose: named volumes, and the ones it expects
from elsewhere (`external: true`). A `CNAME` file names the site that GitHub Pages serves.
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
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, text
from gitops_auditor.formats.yaml_positions import parse_yaml

_LONGEST_SITE: Final = 300  # bytes; a host name has at most 253
_LIMIT: Final = 2 * 1024 * 1024
_BUCKET = re.compile(
    r'^resource[ \t]+"(?P<kind>aws_s3_bucket|google_storage_bucket)"[ \t]+"[^"\n]*"[ \t]*\{'
    r'[^{}]*?^[ \t]*(?P<key>bucket|name)[ \t]*=[ \t]*"(?P<name>[a-z0-9][a-z0-9.-]{2,62})"',
    re.MULTILINE,
)
_KEYS: Final = {"aws_s3_bucket": ("bucket", "s3"), "google_storage_bucket": ("name", "gs")}
_COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose(?:[.-][^/]*)?\.ya?ml\Z")
_SITE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+")


def read_buckets(file: ManifestFile) -> ManifestFacts:
    """The buckets that a Terraform file creates under a literal name."""
    if b"_bucket" not in file.content or len(file.content) > _LIMIT:
        return ManifestFacts()
    offers: list[Provision] = []
    line, counted = 1, 0
    for found in _BUCKET.finditer(file.text):
        line += file.text.count("\n", counted, found.start("key"))
        counted = found.start("key")
        key, scheme = _KEYS[found["kind"]]
        if found["key"] == key:
            offers.append(Provision(Reference("data", f"{scheme}://{found['name']}"), "", line))
    return ManifestFacts(provisions=tuple(offers))


def read_volumes(file: ManifestFile) -> ManifestFacts:
    """The volumes that a Compose file shares under a name of its own, or takes from elsewhere."""
    if b"\nvolumes:" not in file.content:
        return ManifestFacts()
    try:
        documents = parse_yaml(file.text)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    volumes = [item for document in documents for item in _volumes(document.root)]
    return ManifestFacts(
        tuple(_external(file.path, name, line) for name, line, external in volumes if external),
        tuple(
            Provision(_volume(name), "", line) for name, line, external in volumes if not external
        ),
    )


def read_site(file: ManifestFile) -> ManifestFacts:
    """The host of the site that the repository publishes with GitHub Pages."""
    if len(file.content) > _LONGEST_SITE:
        return ManifestFacts()
    host = file.text.strip().lower()
    if _SITE.fullmatch(host) is None:
        return ManifestFacts()
    return ManifestFacts(provisions=(Provision(Reference("data", host), "", 1),))


def _volumes(root: Node) -> Iterator[tuple[str, int, bool]]:
    """Name, line and whether it is external; volumes private to the project are left out."""
    for key, node in mapping(child(root, "volumes")).items():
        external = child(node, "external")
        named = text(child(node, "name")) or text(child(external, "name"))
        is_external = external is not None and external.value not in (False, None, "false")
        if (named or is_external) and "$" not in (named or key):
            yield named or key, node.line, is_external


def _volume(name: str) -> Reference:
    return Reference("data", f"volume:{name}")


def _external(path: str, name: str, line: int) -> Declaration:
    return Declaration(
        DependencyType.DATA,
        f"volume:{name}",
        _volume(name),
        "",
        ConstraintKind.NONE,
        scope_of_path(path),
        1.0,
        line,
    )


def _is_compose(path: str) -> bool:
    return _COMPOSE.search(path) is not None


READERS: tuple[ManifestReader, ...] = (
    ManifestReader("terraform buckets", read_buckets, suffixes=(".tf",)),
    ManifestReader(
        "compose volumes",
        read_volumes,
        claim_suffixes=(".yaml", ".yml"),
        claims=_is_compose,
    ),
    ManifestReader("published site", read_site, names=frozenset({"CNAME"})),
)
