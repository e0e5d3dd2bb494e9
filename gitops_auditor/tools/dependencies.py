"""Dependencies between repositories: scan, graph, conflicts, impact."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from gitops_auditor.dependencies.conflict_models import Conflict, ConflictQuery
from gitops_auditor.dependencies.exports import ExportFormat, GraphExport
from gitops_auditor.dependencies.graph_models import DependencyGraph, GraphQuery
from gitops_auditor.dependencies.impact_models import ChangeRequest, ImpactReport
from gitops_auditor.dependencies.models import (
    DependencyChange,
    FileProblem,
    RepositoryDependencies,
    ScanReport,
)
from gitops_auditor.operations import Context, Params, Toolset
from gitops_auditor.pages import Page, PageParams, slice_page
from gitops_auditor.tools.repositories import RepositoryRef

toolset = Toolset(
    "dependencies",
    "Dependencies",
    "How repositories depend on one another, with evidence.",
    phase2=True,
)


class ScanRequest(Params):
    """What to scan."""

    repositories: list[str] | None = Field(
        None, max_length=10_000, description="Ids to scan; leave out for all."
    )
    worktree: bool = Field(
        False, description="Read uncommitted files instead of the commit at HEAD."
    )
    refresh: bool = Field(
        False, description="Read every file again, also what earlier scans have kept."
    )


def _written_out(value: object) -> object:
    # Pydantic takes numbers, also in a string, as seconds since 1970; the schema does not say so.
    if isinstance(value, str) and "T" in value.upper():
        return value
    raise ValueError("Input should be a date and time such as 2026-01-31T12:00:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


class ChangesRequest(PageParams):
    """Which changes to list."""

    since: Moment | None = Field(None, description="Only changes found after this moment.")


@toolset.operation("POST /api/dependencies/scan", effect="write", long=True, idempotent=True)
async def scan_dependencies(ctx: Context, params: ScanRequest) -> ScanReport:
    """Scan repositories for what they depend on. Unchanged ones cost nothing."""
    return await ctx.services.dependencies.scan(
        params.repositories,
        progress=ctx.progress,
        worktree=params.worktree,
        refresh=params.refresh,
    )


class GraphRequest(GraphQuery):
    """Which part of the graph to show."""

    limit: int = Field(
        200, ge=1, le=200_000, description="The most nodes and edges to return together."
    )


class ExportRequest(GraphQuery):
    """Which part of the graph to export, and how."""

    format: ExportFormat = Field("json", description="Language of the document.")


class ConflictRequest(PageParams, ConflictQuery):
    """Which conflicts to list."""

    limit: int = Field(10, ge=1, le=200, description="Most conflicts to answer with.")


class ConflictPage(Page[Conflict]):
    """Conflicts, the most severe first, and counts over all of them."""

    packages: int
    by_severity: dict[str, int]
    by_kind: dict[str, int]


class ImpactRequest(ChangeRequest):
    """A change, and how far to follow it."""

    depth: int | None = Field(
        None, ge=1, le=100, description="Steps to follow; the settings' depth when left out."
    )


@toolset.operation("GET /api/dependencies/graph")
async def get_dependency_graph(ctx: Context, params: GraphRequest) -> DependencyGraph:
    """Get the dependency graph of all repositories or around one, with cycles and update order."""
    return await ctx.services.dependency_queries.graph(params)


@toolset.operation("GET /api/dependencies/export", surface="toolset")
async def export_dependency_graph(ctx: Context, params: ExportRequest) -> GraphExport:
    """Export the graph as JSON, Mermaid, Graphviz DOT or a CycloneDX bill of materials."""
    query = GraphQuery.model_validate(params.model_dump(exclude={"format"}))
    return await ctx.services.dependency_queries.export(query, params.format)


@toolset.operation("GET /api/dependencies/conflicts", surface="toolset")
async def list_conflicts(ctx: Context, params: ConflictRequest) -> ConflictPage:
    """List version conflicts: who holds what where, and the fewest edits that resolve each."""
    query = ConflictQuery.model_validate(params.model_dump(exclude={"limit", "cursor"}))
    report = await ctx.services.dependency_queries.conflicts(query)
    page = slice_page(report.conflicts, params)
    return ConflictPage(
        **dict(page),
        packages=report.packages,
        by_severity=report.by_severity,
        by_kind=report.by_kind,
    )


@toolset.operation("POST /api/dependencies/analyze-impact", effect="read")
async def analyze_impact(ctx: Context, params: ImpactRequest) -> ImpactReport:
    """Analyze what a planned change of a repository breaks in others, and the update order."""
    change = ChangeRequest.model_validate(params.model_dump(exclude={"depth"}))
    return await ctx.services.dependency_queries.impact(change, params.depth)


class RepositoryDependenciesRequest(RepositoryRef):
    """One repository, and how many dependencies to answer with."""

    limit: int = Field(100, ge=1, le=10_000, description="Most dependencies in each direction.")


@toolset.operation("GET /api/dependencies/repository/{repository_id:path}")
async def get_repository_dependencies(
    ctx: Context, params: RepositoryDependenciesRequest
) -> RepositoryDependencies:
    """Get what a repository depends on and who depends on it, each with file and line."""
    return await ctx.services.dependencies.dependencies(params.repository_id, params.limit)


@toolset.operation("GET /api/dependencies/changes", surface="toolset")
async def list_dependency_changes(ctx: Context, params: ChangesRequest) -> Page[DependencyChange]:
    """List the dependencies that rescans found added, updated or removed, newest first."""
    return await ctx.services.dependencies.changes(params.since, params)


@toolset.operation("GET /api/dependencies/problems", surface="toolset")
async def list_scan_problems(ctx: Context, params: PageParams) -> Page[FileProblem]:
    """List the files that the last scans could not read, with line and column."""
    return slice_page(await ctx.services.dependencies.problems(), params)
