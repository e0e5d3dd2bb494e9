"""Repositories: register, discover, look at, change and remove."""

from pathlib import Path
from typing import Any

from pydantic import Field

from gitops_auditor.operations import Context, Params, Toolset
from gitops_auditor.pages import Page, PageParams
from gitops_auditor.repositories.models import (
    ID_PATTERN,
    DiscoveryReport,
    ReportImport,
    Repository,
    RepositoryChanges,
)

toolset = Toolset("repositories", "Repositories", "The registry of git repositories.")

Id = Field(description="Id of a registered repository, such as owner/name.", pattern=ID_PATTERN)
Name = Field(None, min_length=1, max_length=200, description="Name to show; else taken from git.")
Version = Field(None, ge=1, description="Version the change is based on; else the current one.")


class RepositoryRef(Params):
    """One repository."""

    repository_id: str = Id


class VersionedRef(RepositoryRef):
    """One repository at a version."""

    expected_version: int | None = Version


class PathRegistration(Params):
    """A repository on this machine."""

    path: Path = Field(description="Absolute path of the repository's top folder.")
    name: str | None = Name


class CloneRegistration(Params):
    """A repository elsewhere."""

    clone_url: str = Field(
        description="https or ssh URL to clone from.", min_length=1, max_length=2000
    )
    name: str | None = Name


class Workspace(Params):
    """A folder that holds repositories."""

    workspace: Path = Field(description="Absolute path of the folder to look through.")


class RepositoryUpdate(VersionedRef):
    """A change of a repository; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=200, description="New name to show.")
    default_branch: str | None = Field(
        None, min_length=1, max_length=200, description="New default branch."
    )


class ReportUpload(Params):
    """An audit report, as GitRepoReport.json holds it."""

    report: dict[str, Any] = Field(
        description="Object with timestamp, health_status, summary and repos."
    )


@toolset.operation("GET /api/repositories")
async def list_repositories(ctx: Context, params: PageParams) -> Page[Repository]:
    """List the registered repositories, by id."""
    return await ctx.services.repositories.list(params)


@toolset.operation("GET /api/repositories/{repository_id:path}", surface="toolset")
async def get_repository(ctx: Context, params: RepositoryRef) -> Repository:
    """Get one registered repository by its id."""
    return await ctx.services.repositories.get(params.repository_id)


@toolset.operation("POST /api/repositories", effect="write", status=201)
async def register_repository(ctx: Context, params: PathRegistration) -> Repository:
    """Register a repository that is on this machine. Scan it afterwards to see its dependencies."""
    return await ctx.services.repositories.register_path(params.path, ctx.principal, params.name)


@toolset.operation(
    "POST /api/repositories/clone",
    effect="write",
    surface="toolset",
    long=True,
    open_world=True,
)
async def clone_repository(ctx: Context, params: CloneRegistration) -> Repository:
    """Register a repository by its URL and clone it; private networks need a setting."""
    return await ctx.services.repositories.register_clone_url(
        params.clone_url, ctx.principal, params.name, ctx.progress
    )


@toolset.operation(
    "POST /api/repositories/discover", effect="write", long=True, idempotent=True, surface="toolset"
)
async def discover_repositories(ctx: Context, params: Workspace) -> DiscoveryReport:
    """Register every repository under a workspace folder and refresh those already known."""
    return await ctx.services.repositories.discover(params.workspace, ctx.principal)


@toolset.operation(
    "POST /api/repositories/import", effect="write", surface="toolset", idempotent=True
)
async def import_repositories(ctx: Context, params: ReportUpload) -> ReportImport:
    """Register the repositories that an audit report (GitRepoReport.json) names."""
    return await ctx.services.repositories.import_report(params.report)


@toolset.operation(
    "POST /api/repositories/refresh",
    effect="write",
    surface="toolset",
    long=True,
    idempotent=True,
    open_world=True,
)
async def refresh_repository(ctx: Context, params: RepositoryRef) -> Repository:
    """Fetch a cloned repository again, or look again at one on this machine."""
    return await ctx.services.repositories.refresh(params.repository_id, ctx.progress)


@toolset.operation(
    "PUT /api/repositories/{repository_id:path}", effect="write", surface="toolset", idempotent=True
)
async def update_repository(ctx: Context, params: RepositoryUpdate) -> Repository:
    """Change a repository's name or default branch."""
    given = params.model_dump(include={"name", "default_branch"}, exclude_none=True)
    changes = RepositoryChanges.model_validate(given)
    return await ctx.services.repositories.update(
        params.repository_id, changes, params.expected_version
    )


@toolset.operation(
    "DELETE /api/repositories/{repository_id:path}", effect="destroy", surface="toolset"
)
async def remove_repository(ctx: Context, params: VersionedRef) -> Repository:
    """Take a repository out of the registry; its files and its history stay."""
    return await ctx.services.repositories.remove(params.repository_id, params.expected_version)
