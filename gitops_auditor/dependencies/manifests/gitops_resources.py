"""Custom resources of Flux and Argo CD that take charts and repositories from elsewhere.

Flux API reference (source.toolkit.fluxcd.io, helm.toolkit.fluxcd.io) and Argo CD's
"Application specification".
"""

import re
from collections.abc import Callable, Iterator

from gitops_auditor.dependencies.manifests.chart_names import chart_declaration
from gitops_auditor.dependencies.manifests.git_sources import git_declaration
from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.models import ConstraintKind, Declaration, Scope
from gitops_auditor.dependencies.names import repository_identity
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text, written

_PAGES = re.compile(r"https://(?P<owner>[\w-]+)\.github\.io/(?P<name>[\w.-]+)/?")
_CHARTS = re.compile(r"chart|helm")
_GIT_REFS = ("commit", "tag", "semver", "branch", "name")
_OCI = "oci://"


def custom_resource(kind: str, root: Node, scope: Scope) -> Iterator[Declaration]:
    """What a resource of one of the known kinds depends on; nothing for other kinds."""
    read = _KINDS.get(kind)
    if read is not None:
        yield from read(root, scope)


def _helm_release(root: Node, scope: Scope) -> Iterator[Declaration]:
    spec = child(root, "spec", "chart", "spec")
    chart = child(spec, "chart")
    if chart is None or text(chart).startswith((".", "/")):
        return
    kind = text(child(spec, "sourceRef", "kind"))
    if kind != "GitRepository" or "/" not in text(chart):
        yield from _chart(chart, written(child(spec, "version")), scope)


def _oci_repository(root: Node, scope: Scope) -> Iterator[Declaration]:
    url = child(root, "spec", "url")
    if url is None or not text(url).startswith(_OCI):
        return
    ref = child(root, "spec", "ref")
    tag, digest = written(child(ref, "tag")), text(child(ref, "digest"))
    version = tag or written(child(ref, "semver")) or digest
    media_type = text(child(root, "spec", "layerSelector", "mediaType"))
    if "helm" in media_type or _CHARTS.search(text(url)):
        yield from _chart(url, version, scope)
        return
    image = text(url).removeprefix(_OCI)
    pinned = f"{image}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
    found = image_declaration(pinned, line=url.line, scope=scope)
    if found is not None:
        yield found


def _helm_repository(root: Node, scope: Scope) -> Iterator[Declaration]:
    """A chart repository on GitHub Pages is published from the repository of that name."""
    url = child(root, "spec", "url")
    pages = _PAGES.match(text(url))
    if url is not None and pages:
        identity = f"github.com/{pages['owner']}/{pages['name']}"
        yield git_declaration(text(url), identity, "", line=url.line, scope=scope)


def _git_repository(root: Node, scope: Scope) -> Iterator[Declaration]:
    url = child(root, "spec", "url")
    identity = repository_identity(text(url))
    if url is None or not identity:
        return
    refs = mapping(child(root, "spec", "ref"))
    key = next((key for key in _GIT_REFS if key in refs), "")
    ref = written(refs.get(key))
    found = git_declaration(text(url), identity, ref, line=url.line, scope=scope)
    is_range = key == "semver"
    yield found._replace(constraint_kind=ConstraintKind.RANGE) if is_range else found


def _application(root: Node, scope: Scope) -> Iterator[Declaration]:
    spec = child(root, "spec")
    for holder in (spec, child(spec, "template", "spec")):
        for source in [child(holder, "source"), *sequence(child(holder, "sources"))]:
            yield from _argo_source(source, scope)


def _argo_source(source: Node | None, scope: Scope) -> Iterator[Declaration]:
    url, chart = child(source, "repoURL"), child(source, "chart")
    version = written(child(source, "targetRevision"))
    if chart is not None:
        yield from _chart(chart, version, scope, text(url))
    elif url is not None and "{" not in text(url):
        identity = repository_identity(text(url))
        if identity:
            yield git_declaration(text(url), identity, version, line=url.line, scope=scope)


def _chart(node: Node, version: str, scope: Scope, repository: str = "") -> Iterator[Declaration]:
    found = chart_declaration(
        text(node), version, line=node.line, scope=scope, repository=_address(repository)
    )
    if found is not None:
        yield found


def _address(repository: str) -> str:
    """Argo CD writes the address of an OCI registry without scheme."""
    return repository if "://" in repository or not repository else f"{_OCI}{repository}"


_KINDS: dict[str, Callable[[Node, Scope], Iterator[Declaration]]] = {
    "HelmRelease": _helm_release,
    "OCIRepository": _oci_repository,
    "HelmRepository": _helm_repository,
    "GitRepository": _git_repository,
    "Application": _application,
    "ApplicationSet": _application,
}

SOURCE_KINDS: frozenset[bytes] = frozenset(
    {b"Kustomization", b"Component", *(kind.encode() for kind in _KINDS)}
)
"""Kinds whose files are worth parsing even when they name no image."""
