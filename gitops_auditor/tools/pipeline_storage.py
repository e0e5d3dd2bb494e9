"""Definitions of pipelines at a place that several platforms, or people, reach."""

from pydantic import Field

from gitops_auditor.identity import Role
from gitops_auditor.operations import Context, NoParams, Params
from gitops_auditor.pipelines.storing import LoadedPipelines, SavedPipelines
from gitops_auditor.tools.pipelines import toolset


class Loading(Params):
    """Whether to change anything."""

    dry_run: bool = Field(False, description="Only say what is to change.")


@toolset.operation("POST /api/pipelines/save", effect="write", surface="rest", idempotent=True)
async def save_pipelines(ctx: Context, params: NoParams) -> SavedPipelines:  # noqa: ARG001
    """Save the definitions that the platform holds at PIPELINE_STORAGE_URL."""
    return await ctx.services.pipelines.storage.save()


@toolset.operation(
    "POST /api/pipelines/load", effect="write", role=Role.ADMIN, surface="rest", idempotent=True
)
async def load_pipelines(ctx: Context, params: Loading) -> LoadedPipelines:
    """Create and update pipelines from the definitions saved at PIPELINE_STORAGE_URL."""
    return await ctx.services.pipelines.storage.load(ctx.principal.name, dry_run=params.dry_run)
