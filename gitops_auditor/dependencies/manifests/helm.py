"""Helm charts: Chart.yaml, the older requirements.yaml, and helmfile.

Helm documentation, "The Chart.yaml file"; helmfile documentation, "Configuration".
"""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.chart_names import chart_declaration
from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.project_urls import repository_provisions
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.repository_path import outside_path
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
from gitops_auditor.formats.nodes import Node, child, sequence, text, written

_HELMFILE = re.compile(r"(?:^|/)helmfiles?(?:[./][^/]*)*\.ya?ml(?:\.gotmpl)?$|(?:^|/)helmfile\.d/")
_LOCAL = "file://"


def read_chart(file: ManifestFile) -> ManifestFacts:
    """The chart that a Chart.yaml provides and the charts that it depends on."""
    documents = yaml_documents(file)
    root = documents.roots[0] if documents.roots else None
    name = child(root, "name")
    return ManifestFacts(
        declarations=tuple(_dependencies(root, file.path)),
        provisions=tuple(_provisions(root, name)),
        problems=documents.problems,
        package=text(name),
    )


def read_requirements(file: ManifestFile) -> ManifestFacts:
    """The dependencies of a chart of API version v1."""
    documents = yaml_documents(file)
    found = (entry for root in documents.roots for entry in _dependencies(root, file.path))
    return ManifestFacts(tuple(found), problems=documents.problems)


def read_helmfile(file: ManifestFile) -> ManifestFacts:
    """The charts of the releases in a helmfile; local charts are left out."""
    if b"releases:" not in file.content:
        return ManifestFacts()
    documents = yaml_documents(file)
    scope = scope_of_path(file.path)
    releases = (item for root in documents.roots for item in sequence(child(root, "releases")))
    found = tuple(entry for release in releases for entry in _release(release, scope))
    return ManifestFacts(found, problems=documents.problems)


def _dependencies(root: Node | None, path: str) -> Iterator[Declaration]:
    scope = scope_of_path(path)
    for node in sequence(child(root, "dependencies")):
        name = child(node, "name")
        repository = text(child(node, "repository"))
        if name is None or not repository:
            continue  # without repository the chart lies in the folder charts/
        if repository.startswith(_LOCAL):
            yield from _neighbour(name, repository, path, scope)
            continue
        version = written(child(node, "version"))
        found = chart_declaration(
            text(name), version, line=name.line, scope=scope, repository=repository
        )
        if found is not None:
            yield found


def _neighbour(name: Node, repository: str, path: str, scope: Scope) -> Iterator[Declaration]:
    """A chart in a folder: only one that lies in another repository is a dependency."""
    target = repository.removeprefix(_LOCAL)
    outside = outside_path(path, target)
    if outside:
        reference = Reference("repository", outside)
        kind = ConstraintKind.PATH
        yield Declaration(
            DependencyType.HELM, text(name), reference, target, kind, scope, 1.0, name.line
        )


def _provisions(root: Node | None, name: Node | None) -> Iterator[Provision]:
    if name is not None and text(name):
        version = written(child(root, "version"))
        yield Provision(Reference("chart", text(name)), version, name.line)
    home = child(root, "home")
    urls = [("homepage", home)] if home is not None else []
    urls.extend(("source", node) for node in sequence(child(root, "sources")))
    yield from repository_provisions((label, text(node), node.line) for label, node in urls)


def _release(release: Node, scope: Scope) -> Iterator[Declaration]:
    chart = child(release, "chart")
    if chart is None or text(chart).startswith((".", "/")):
        return
    version = written(child(release, "version"))
    found = chart_declaration(text(chart), version, line=chart.line, scope=scope)
    if found is not None:
        yield found


def _claims_helmfile(path: str) -> bool:
    return _HELMFILE.search(path) is not None


READERS = (
    ManifestReader(
        name="helm-chart", read=read_chart, names=frozenset({"Chart.yaml", "Chart.yml"})
    ),
    ManifestReader(
        name="helm-requirements",
        read=read_requirements,
        names=frozenset({"requirements.yaml", "requirements.yml"}),
    ),
    ManifestReader(
        name="helmfile",
        read=read_helmfile,
        claim_suffixes=(".yaml", ".yml", ".gotmpl"),
        claims=_claims_helmfile,
    ),
)
