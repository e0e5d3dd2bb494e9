"""How a set of repositories depends on one another, and the order that follows from it."""

from collections.abc import Sequence
from typing import Final

from gitops_auditor.dependencies.arrangement import Link, arrange
from gitops_auditor.dependencies.models import Dependency, DependencyType, Scope
from gitops_auditor.orchestrator.records import Record

MOST_EDGES: Final = 500


class AnalyzedDependency(Record):
    """One line of one file in `source` that asks for something of `target`."""

    source: str
    target: str
    type: DependencyType
    name: str
    constraint: str
    scope: Scope
    file: str
    line: int


class DependencyAnalysis(Record):
    """Dependencies among the repositories asked for. `order` are phases, providers first; `cycles`
    the groups that need one another. `dependencies` are at most five hundred of `total`.
    """

    repositories: list[str]
    order: list[list[str]]
    cycles: list[list[str]]
    dependencies: list[AnalyzedDependency]
    total: int


def analyze(repositories: Sequence[str], edges: Sequence[Dependency]) -> DependencyAnalysis:
    """Order the repositories by the edges among them."""
    chosen = {*repositories}
    among = [
        edge
        for edge in edges
        if edge.source_repo in chosen
        and edge.target_repo in chosen
        and edge.source_repo != edge.target_repo
    ]
    links = [Link(edge.source_repo, edge.target_repo or "", edge.scope) for edge in among]
    arrangement = arrange(chosen, links)
    return DependencyAnalysis(
        repositories=sorted(chosen),
        order=[[*phase] for phase in arrangement.phases],
        cycles=[[*cycle.nodes] for cycle in arrangement.cycles],
        dependencies=[_told(edge) for edge in among[:MOST_EDGES]],
        total=len(among),
    )


def _told(edge: Dependency) -> AnalyzedDependency:
    return AnalyzedDependency(
        source=edge.source_repo,
        target=edge.target_repo or "",
        type=edge.dependency_type,
        name=edge.name,
        constraint=edge.version_constraint,
        scope=edge.scope,
        file=edge.file,
        line=edge.line,
    )
