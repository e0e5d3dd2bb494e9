"""Kustomizations: remote resources, image replacements and inflated charts.

Kustomize documentation, "kustomization.yaml": `resources`, `components`, `bases`, `images`,
`helmCharts`; the URL forms are those of its "remote targets".
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs

from gitops_auditor.dependencies.manifests.chart_names import chart_declaration
from gitops_auditor.dependencies.manifests.git_sources import git_declaration
from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.models import Declaration, Scope
from gitops_auditor.dependencies.names import repository_identity
from gitops_auditor.formats.nodes import Node, child, sequence, text, written

_LISTS = ("resources", "components", "bases", "crds", "generators", "transformers")
_REMOTE = re.compile(
    r"(?:[a-z+]+(?:::|://)|git@|github\.com[/:]|gitlab\.com[/:]|bitbucket\.org[/:])"
)
_RELEASE = re.compile(
    r"https://github\.com/(?P<path>[^/]+/[^/]+)/(?:releases/download|raw|archive|blob|tree)/"
    r"(?:refs/(?:tags|heads)/)?(?P<ref>[^/]+)"
)
_RAW = re.compile(
    r"https://raw\.githubusercontent\.com/(?P<path>[^/]+/[^/]+)/"
    r"(?:refs/(?:tags|heads)/)?(?P<ref>[^/]+)/"
)
_LATEST = re.compile(r"https://github\.com/(?P<path>[^/]+/[^/]+)/releases/latest/")


def kustomization(root: Node, scope: Scope) -> Iterator[Declaration]:
    """What a kustomization takes from other repositories and registries."""
    for key in _LISTS:
        for node in sequence(child(root, key)):
            yield from remote_target(text(node), line=node.line, scope=scope)
    for image in sequence(child(root, "images")):
        yield from _image(image, scope)
    for chart in sequence(child(root, "helmCharts")):
        name = child(chart, "name")
        version = written(child(chart, "version"))
        address = child(chart, "repo")
        if name is not None and address is not None:
            found = chart_declaration(
                text(name), version, line=name.line, scope=scope, repository=text(address)
            )
            if found is not None:
                yield found


def remote_target(url: str, *, line: int, scope: Scope) -> Iterator[Declaration]:
    """The repository behind a URL of a kustomization; a local path yields nothing."""
    if not _REMOTE.match(url):
        return
    file = _RELEASE.match(url) or _RAW.match(url)
    if file:
        yield git_declaration(
            url, f"github.com/{file['path']}", file["ref"], line=line, scope=scope
        )
        return
    latest = _LATEST.match(url)
    if latest:
        yield git_declaration(url, f"github.com/{latest['path']}", "", line=line, scope=scope)
        return
    address, _, query = url.partition("?")
    parameters = parse_qs(query)
    ref = "".join((parameters.get("ref") or parameters.get("version") or [])[:1])
    bare = address.removeprefix("git::")
    scheme, _, rest = bare.rpartition("://")
    repository = rest.partition("//")[0]
    is_scp = not scheme and "@" in repository
    identity = repository_identity(repository if is_scp else f"{scheme or 'https'}://{repository}")
    host = identity.partition("/")[0]
    if identity and ("git" in host or ".git" in bare or url.startswith("git::")):
        yield git_declaration(address, identity, ref, line=line, scope=scope)


def _image(image: Node, scope: Scope) -> Iterator[Declaration]:
    """The image that takes the place of another; one without a new name or tag says nothing."""
    name = child(image, "newName") or child(image, "name")
    tag, digest = written(child(image, "newTag")), text(child(image, "digest"))
    if name is None or not (child(image, "newName") or tag or digest):
        return
    reference = text(name) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    found = image_declaration(reference, line=name.line, scope=scope)
    if found is not None:
        yield found
