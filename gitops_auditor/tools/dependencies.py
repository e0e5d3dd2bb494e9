"""Dependencies between repositories: scan, graph, conflicts, impact."""

from datetime import datetime

from pydantic import Field

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
        None, max_length=1000, description="Ids to scan; leave out for all."
    )
    worktree: bool = Field(
        False, description="Read uncommitted files instead of the commit at HEAD."
    )


class ChangesRequest(PageParams):
    """Which changes to list."""

    since: datetime | None = Field(None, description="Only changes found after this moment.")


@toolset.operation("POST /api/dependencies/scan", effect="write", long=True, idempotent=True)
async def scan_dependencies(ctx: Context, params: ScanRequest) -> ScanReport:
    """Scan repositories for what they depend on. Unchanged ones cost nothing."""
    return await ctx.services.dependencies.scan(
        params.repositories, progress=ctx.progress, worktree=params.worktree
    )


@toolset.operation("GET /api/dependencies/repository/{repository_id:path}")
async def get_repository_dependencies(
    ctx: Context, params: RepositoryRef
) -> RepositoryDependencies:
    """Get what a repository depends on and who depends on it, each with file and line."""
    return await ctx.services.dependencies.dependencies(params.repository_id)


@toolset.operation("GET /api/dependencies/changes", surface="toolset")
async def list_dependency_changes(ctx: Context, params: ChangesRequest) -> Page[DependencyChange]:
    """List the dependencies that rescans found added, updated or removed, newest first."""
    return await ctx.services.dependencies.changes(params.since, params)


@toolset.operation("GET /api/dependencies/problems", surface="toolset")
async def list_scan_problems(ctx: Context, params: PageParams) -> Page[FileProblem]:
    """List the files that the last scans could not read, with line and column."""
    return slice_page(await ctx.services.dependencies.problems(), params)
