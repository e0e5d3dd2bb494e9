"""Questions about all dependencies at once: the graph, conflicts, impact, exports.

Answers are computed in a worker thread from what the last scans found and kept until the next.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import anyio.to_thread
from pydantic import BaseModel

from gitops_auditor.config import Settings
from gitops_auditor.dependencies.conflict_models import ConflictQuery, ConflictReport
from gitops_auditor.dependencies.exports import ExportFormat, GraphExport, export
from gitops_auditor.dependencies.graph_models import DependencyGraph, GraphQuery
from gitops_auditor.dependencies.impact_models import ChangeRequest, ImpactReport
from gitops_auditor.dependencies.models import Dependency, Package, Reference
from gitops_auditor.dependencies.packages import ProvidedPackage
from gitops_auditor.dependencies.service import DependencyService
from gitops_auditor.repositories.service import RepositoryRegistry

KEPT_ANSWERS = 64

Answer = TypeVar("Answer", bound=BaseModel)


class Workspace(NamedTuple):
    """Everything that an answer is computed from."""

    dependencies: Sequence[Dependency]
    repositories: list[str]
    provided: list[ProvidedPackage]


class DependencyQueries:
    """Answers from the last scans. Equal questions between two scans are answered from memory."""

    def __init__(
        self, dependencies: DependencyService, repositories: RepositoryRegistry, settings: Settings
    ) -> None:
        self._dependencies = dependencies
        self._repositories = repositories
        self._depth = settings.dependency_analysis_depth
        self._answers: OrderedDict[tuple[Hashable, ...], BaseModel] = OrderedDict()

    async def graph(self, query: GraphQuery) -> DependencyGraph:
        """The graph, or the part asked for. Raises NotFound for an unknown repository."""

        def build(workspace: Workspace) -> DependencyGraph:
            from gitops_auditor.dependencies.graph import build_graph  # noqa: PLC0415 - networkx

            return build_graph(
                workspace.dependencies, workspace.repositories, query, workspace.provided
            )

        return await self._answer(query, build)

    async def export(self, query: GraphQuery, wanted: ExportFormat) -> GraphExport:
        """The graph, or the part asked for, as a document for another tool. Raises as `graph`."""
        graph = await self.graph(query)
        return await anyio.to_thread.run_sync(export, graph, wanted)

    async def conflicts(self, query: ConflictQuery) -> ConflictReport:
        """Every version conflict that is asked for, the most severe first."""

        def find(workspace: Workspace) -> ConflictReport:
            from gitops_auditor.dependencies.conflicts import find_conflicts  # noqa: PLC0415

            return find_conflicts(workspace.dependencies, workspace.provided, query)

        return await self._answer(query, find)

    async def impact(self, change: ChangeRequest, depth: int | None = None) -> ImpactReport:
        """What a change means for the others, followed for `depth` hops or as the settings say.

        Raises NotFound for an unknown repository or package.
        """
        steps = depth or self._depth

        def analyze(workspace: Workspace) -> ImpactReport:
            from gitops_auditor.dependencies.impact import analyze_impact  # noqa: PLC0415

            return analyze_impact(
                workspace.dependencies, workspace.repositories, change, steps, workspace.provided
            )

        return await self._answer(change, analyze, steps)

    async def components(self) -> Workspace:
        """Everything that is known, for an export."""
        registered = await self._repositories.all()
        return Workspace(
            await self._dependencies.edges(),
            [repository.id for repository in registered],
            [_provided(package) for package in await self._dependencies.packages()],
        )

    async def _answer(
        self, question: BaseModel, compute: Callable[[Workspace], Answer], *parts: Hashable
    ) -> Answer:
        version = await self._dependencies.version()
        key = (version, type(question).__name__, question.model_dump_json(), *parts)
        kept = self._answers.get(key)
        if kept is None:
            workspace = await self.components()
            kept = await anyio.to_thread.run_sync(partial(compute, workspace))
            self._answers[key] = kept
            if len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        answer: Answer = kept  # type: ignore[assignment]
        return answer


def _provided(package: Package) -> ProvidedPackage:
    reference = Reference(package.namespace, package.name)
    return ProvidedPackage(package.repository, reference, package.version)
