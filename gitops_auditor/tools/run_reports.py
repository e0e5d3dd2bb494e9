"""Runs and other systems: reports on runs carried out elsewhere, and calls that start one."""

from pydantic import Field

from gitops_auditor.operations import Context, Params
from gitops_auditor.pipelines.records import RunSummary
from gitops_auditor.pipelines.starting.callbacks import ReportedRun, RunReport
from gitops_auditor.tools.pipelines import PipelineRef, Ref, toolset


class ReportRun(RunReport, Params):
    """A report on a run of a pipeline."""

    pipeline_id: str = Field(description="Id of the pipeline.", min_length=1, max_length=200)


class TriggerRequest(PipelineRef):
    """A call to a pipeline's own address; a repeated one with the same delivery starts nothing."""

    ref: str = Ref
    delivery_id: str = Field(
        min_length=1, max_length=200, description="What the caller calls this call."
    )


@toolset.operation(
    "POST /api/pipelines/{pipeline_id}/webhook", effect="write", surface="rest", idempotent=True
)
async def report_run(ctx: Context, params: ReportRun) -> ReportedRun:
    """Report on a run that is carried out elsewhere: started, progress, completed or failed."""
    return await ctx.services.pipelines.reports.take(params.pipeline_id, params, ctx.principal.name)


@toolset.operation(
    "POST /api/pipelines/{pipeline_id}/trigger",
    effect="write",
    surface="rest",
    idempotent=True,
    open_world=True,
    status=202,
)
async def trigger_pipeline(ctx: Context, params: TriggerRequest) -> RunSummary:
    """Start a pipeline that has a webhook trigger, once for each delivery."""
    pipeline = await ctx.services.pipelines.registry.find(params.pipeline_id)
    key = f"webhook:{params.delivery_id}"
    return await ctx.services.pipelines.firing.fire_webhook(
        pipeline, params.ref, ctx.principal.name, key
    )
