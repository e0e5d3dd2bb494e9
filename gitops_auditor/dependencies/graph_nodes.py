"""Which nodes a graph has, and between which of them a dependency runs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from gitops_auditor.dependencies.graph_models import Detail, GraphNode
from gitops_auditor.dependencies.models import Dependency
from gitops_auditor.dependencies.packages import ProvidedPackage, reference_of


class Naming(NamedTuple):
    """All nodes by id, and the repository that each belongs to (None for an external one)."""

    nodes: Mapping[str, GraphNode]
    repository: Mapping[str, str | None]
    detail: Detail

    def ends(self, dependency: Dependency) -> tuple[str, str]:
        """The nodes that a dependency runs from and to."""
        source = _inside(dependency.source_repo, dependency.source_package, self.detail)
        if dependency.target_repo is None:
            return source, external_id(dependency)
        return source, _inside(dependency.target_repo, dependency.target_package, self.detail)


def name_nodes(
    dependencies: Iterable[Dependency],
    repositories: Collection[str],
    detail: Detail,
    provided: Iterable[ProvidedPackage],
) -> Naming:
    """The nodes of a workspace. At detail "package" a repository has a node of its own only when a
    dependency leads to or from the whole of it, or when it has no packages.
    """
    known = set(repositories)
    versions = _versions(provided)
    nodes: dict[str, GraphNode] = {}
    used: set[str] = set()
    for one in dependencies:
        if one.source_repo in known:
            _add(nodes, used, one.source_repo, one.source_package, detail)
        if one.target_repo is None:
            nodes.setdefault(external_id(one), _external(one))
        elif one.target_repo in known:
            _add(nodes, used, one.target_repo, one.target_package, detail)
    for repository in known - used:
        nodes[repository] = _repository(repository)
    owners = {node.id: _owner(node) for node in nodes.values()}
    described = {
        id_: node.model_copy(update=_version(node, owners[id_], versions))
        for id_, node in sorted(nodes.items())
    }
    return Naming(described, owners, detail)


def external_id(dependency: Dependency) -> str:
    """`ecosystem:name`, by which all repositories mean the same thing."""
    reference = reference_of(dependency)
    return f"{reference.namespace}:{reference.name}"


def package_id(repository: str, package: str) -> str:
    """The id of a package inside a repository, or of the repository itself."""
    return f"{repository}#{package}" if package else repository


Versions = Mapping[str, Mapping[str, ProvidedPackage]]


def _versions(provided: Iterable[ProvidedPackage]) -> Versions:
    found: dict[str, dict[str, ProvidedPackage]] = defaultdict(dict)
    for one in sorted(provided, key=lambda one: (one.repository, one.reference, one.version)):
        found[one.repository].setdefault(one.reference.name, one)
    return found


def _inside(repository: str, package: str, detail: Detail) -> str:
    return package_id(repository, package if detail == "package" else "")


def _add(
    nodes: dict[str, GraphNode], used: set[str], repository: str, package: str, detail: Detail
) -> None:
    id_ = _inside(repository, package, detail)
    used.add(repository)
    if id_ in nodes:
        return
    if id_ == repository:
        nodes[id_] = _repository(repository)
    else:
        nodes[id_] = GraphNode(id=id_, type="package", label=package, group=repository)


def _repository(repository: str) -> GraphNode:
    owner, _, name = repository.rpartition("/")
    return GraphNode(id=repository, type="repository", label=name, group=owner)


def _external(dependency: Dependency) -> GraphNode:
    namespace = reference_of(dependency).namespace
    return GraphNode(
        id=external_id(dependency),
        type="external",
        label=dependency.name,
        group=namespace,
        ecosystem=namespace,
    )


def _owner(node: GraphNode) -> str | None:
    if node.type == "external":
        return None
    return node.group if node.type == "package" else node.id


def _version(node: GraphNode, repository: str | None, versions: Versions) -> dict[str, str]:
    packages = versions.get(repository or "", {})
    if node.type == "package" and node.label in packages:
        found = packages[node.label]
        return {"version": found.version, "ecosystem": found.reference.namespace}
    stated = {one.version for one in packages.values() if one.version}
    if node.type == "repository" and len(stated) == 1:
        return {"version": stated.pop()}
    return {}
