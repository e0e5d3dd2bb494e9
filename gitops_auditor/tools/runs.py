"""Runs of pipelines: start, watch, cancel, approve, repeat, explain."""

from typing import Literal

from pydantic import Field, JsonValue

from gitops_auditor.errors import InvalidRequest, NotFound
from gitops_auditor.formats.written import Written
from gitops_auditor.operations import LONGEST_WAIT, Context, Params
from gitops_auditor.pages import Page, PageParams
from gitops_auditor.pipelines.explanation import FailureExplanation
from gitops_auditor.pipelines.launching import Order
from gitops_auditor.pipelines.log_reading import LogText
from gitops_auditor.pipelines.records import ArtifactInfo, Record, Run, RunProgress, RunSummary
from gitops_auditor.pipelines.reruns import Everything, FromJob, OnlyFailed, RerunScope
from gitops_auditor.pipelines.retention import Cleanup
from gitops_auditor.pipelines.states import RunStatus
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.pipelines.views import progress_of
from gitops_auditor.repositories.models import ID_PATTERN
from gitops_auditor.tools.pipelines import PipelineRef, Ref, toolset

Wait = Field(0.0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for the end of the run.")
JobName = Field(description="Job of the run, as stage/job.", min_length=1, max_length=500)


class RunRef(Params):
    """One run."""

    run_id: str = Field(description="Id of a run.", min_length=1, max_length=64)


class RunWait(RunRef):
    """One run, and how long to wait for its end."""

    wait_seconds: float = Wait


class RunRequest(PipelineRef):
    """A start of a pipeline."""

    ref: str = Ref
    inputs: dict[str, Written] = Field(default_factory=dict, description="Inputs by name.")
    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="A repeated call with the same key answers with the first run.",
    )
    wait_seconds: float = Wait


class RunFilter(PageParams):
    """Which runs to list."""

    pipeline_id: str | None = Field(None, max_length=300, description="Only of this pipeline.")
    repository_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Only of this repository."
    )
    status: RunStatus | None = Field(None, description="Only runs in this state.")


class PipelineRuns(PageParams, PipelineRef):
    """Runs of one pipeline."""

    status: RunStatus | None = Field(None, description="Only runs in this state.")


class PipelineRun(PipelineRef, RunRef):
    """One run of one pipeline."""


class RerunRequest(RunRef):
    """Which part of a run to repeat."""

    scope: Literal["all", "failed", "from_job"] = Field(
        "all", description="All jobs, those that did not succeed, or a job and what follows it."
    )
    job: str | None = Field(None, max_length=500, description="The job for from_job.")
    wait_seconds: float = Wait


class Decision(RunRef):
    """An answer to a job that waits for approval."""

    job: str = JobName
    approve: bool = Field(description="True lets the run go on, false fails the job.")
    comment: str = Field("", max_length=2000, description="Why.")
    answers: dict[str, JsonValue] = Field(
        default_factory=dict, description="Values for the form of the approval, if it has one."
    )


class LogRequest(RunRef):
    """Which part of which log to read."""

    job: str | None = Field(
        None, max_length=500, description="Job as stage/job; the first that failed when left out."
    )
    attempt: int | None = Field(None, ge=1, description="Attempt; the last when left out.")
    offset: int | None = Field(
        None, ge=0, description="First byte; the end of the log when left out."
    )
    limit: int = Field(16_000, ge=4, le=60_000, description="Most bytes to answer with.")


class FailureRequest(RunRef):
    """Which failure to explain, and in how much text."""

    job: str | None = Field(
        None, max_length=500, description="Job as stage/job; the first that failed when left out."
    )
    token_budget: int = Field(
        1000, ge=100, le=20_000, description="Most tokens of the excerpt, of about 4 characters."
    )


class ArtifactRequest(RunRef):
    """One kept file."""

    job: str = JobName
    path: str = Field(description="Path as listed.", min_length=1, max_length=1000)
    max_bytes: int = Field(
        1_000_000, ge=1, le=10_000_000, description="Refuse what is larger, in bytes."
    )


class ArtifactContent(Record):
    """A kept file; `content` is text, or Base64 (RFC 4648) when it is not valid UTF-8."""

    path: str
    size: int
    encoding: Literal["utf-8", "base64"]
    content: str


class Artifacts(Record):
    """The files that the jobs of a run kept."""

    items: list[ArtifactInfo]


class CleanupRequest(Params):
    """Which finished runs to forget."""

    days: int = Field(ge=0, le=36_500, description="Only runs that ended this many days ago.")
    keep: int = Field(10, ge=0, le=10_000, description="Newest runs to keep of each pipeline.")
    dry_run: bool = Field(False, description="Only say what is to go.")


@toolset.operation(
    "POST /api/pipelines/{pipeline_id}/execute",
    effect="write",
    open_world=True,
    status=202,
    location="/api/runs",
)
async def run_pipeline(ctx: Context, params: RunRequest) -> RunProgress:
    """Run a pipeline at a branch, tag, commit or the working tree. Answers at once with the run."""
    pipeline = await ctx.services.pipelines.registry.find(params.pipeline_id)
    order = Order(pipeline.id, params.ref, params.inputs, params.idempotency_key)
    run = await ctx.services.pipelines.launcher.start(order, ctx.principal.name)
    return await _progress(ctx, run.id, params.wait_seconds)


@toolset.operation("GET /api/runs", surface="toolset")
async def list_runs(ctx: Context, params: RunFilter) -> Page[RunSummary]:
    """List runs, newest first."""
    pipeline_id = params.pipeline_id
    if pipeline_id is not None:
        pipeline_id = (await ctx.services.pipelines.registry.find(pipeline_id)).id
    wanted = Filter(pipeline_id, params.repository_id, params.status)
    return await ctx.services.pipelines.runs.list(wanted, params)


@toolset.operation("GET /api/pipelines/{pipeline_id}/runs", surface="rest")
async def list_pipeline_runs(ctx: Context, params: PipelineRuns) -> Page[RunSummary]:
    """List the runs of one pipeline, newest first."""
    found = await ctx.services.pipelines.registry.find(params.pipeline_id)
    return await ctx.services.pipelines.runs.list(Filter(found.id, None, params.status), params)


@toolset.operation("GET /api/runs/{run_id}")
async def get_run(ctx: Context, params: RunWait) -> Run:
    """Get a run: status, stages, jobs, artifacts. Waits for its end when told to."""
    return await ctx.services.pipelines.runs.wait(params.run_id, params.wait_seconds, ctx.progress)


@toolset.operation("GET /api/pipelines/{pipeline_id}/runs/{run_id}", surface="rest")
async def get_pipeline_run(ctx: Context, params: PipelineRun) -> Run:
    """Get one run of one pipeline."""
    return await _of_pipeline(ctx, params)


@toolset.operation(
    "POST /api/runs/{run_id}/cancel", effect="write", idempotent=True, surface="toolset"
)
async def cancel_run(ctx: Context, params: RunWait) -> RunProgress:
    """Cancel a run and end every process of it. One that is over stays as it is."""
    await ctx.services.pipelines.runs.cancel(params.run_id)
    return await _progress(ctx, params.run_id, params.wait_seconds)


@toolset.operation(
    "POST /api/pipelines/{pipeline_id}/runs/{run_id}/cancel",
    effect="write",
    surface="rest",
    idempotent=True,
)
async def cancel_pipeline_run(ctx: Context, params: PipelineRun) -> RunProgress:
    """Cancel one run of one pipeline."""
    run = await _of_pipeline(ctx, params)
    await ctx.services.pipelines.runs.cancel(run.id)
    return await _progress(ctx, run.id)


@toolset.operation(
    "POST /api/runs/{run_id}/rerun",
    effect="write",
    surface="toolset",
    open_world=True,
    status=202,
    location="/api/runs",
)
async def rerun_pipeline(ctx: Context, params: RerunRequest) -> RunProgress:
    """Repeat a finished run at its commit: all of it, what failed, or from a job on."""
    scope = _scope(params)
    run = await ctx.services.pipelines.repeater.rerun(params.run_id, scope, ctx.principal.name)
    return await _progress(ctx, run.id, params.wait_seconds)


@toolset.operation("POST /api/runs/{run_id}/approve", effect="write", surface="toolset")
async def decide_approval(ctx: Context, params: Decision) -> RunProgress:
    """Approve or reject a job that waits for it."""
    await ctx.services.pipelines.runs.decide(
        params.run_id,
        params.job,
        ctx.principal,
        approve=params.approve,
        comment=params.comment,
        answers=params.answers,
    )
    return await _progress(ctx, params.run_id)


@toolset.operation("GET /api/runs/{run_id}/log")
async def read_run_log(ctx: Context, params: LogRequest) -> LogText:
    """Read a job's log: its end, or from a byte on. next_offset goes on where this ends."""
    return await ctx.services.pipelines.log_reader.read(
        params.run_id, params.job, params.attempt, params.offset, params.limit
    )


@toolset.operation("GET /api/runs/{run_id}/failure")
async def explain_failure(ctx: Context, params: FailureRequest) -> FailureExplanation:
    """Explain why a run failed: job, cause, file:line, the lines that matter, the next call."""
    return await ctx.services.pipelines.explainer.explain(
        params.run_id, params.job, params.token_budget
    )


@toolset.operation("GET /api/runs/{run_id}/artifacts", surface="toolset")
async def list_artifacts(ctx: Context, params: RunRef) -> Artifacts:
    """List the files that the jobs of a run kept."""
    run = await ctx.services.pipelines.runs.get(params.run_id)
    return Artifacts(items=run.artifacts)


@toolset.operation("GET /api/runs/{run_id}/artifacts/content", surface="toolset")
async def read_artifact(ctx: Context, params: ArtifactRequest) -> ArtifactContent:
    """Read a kept file."""
    await ctx.services.pipelines.runs.summary(params.run_id)
    content = await ctx.services.pipelines.artifacts.read(
        params.run_id, params.job, params.path, max_bytes=params.max_bytes
    )
    return _content(params.path, content)


@toolset.operation("DELETE /api/runs", effect="destroy", role=None, surface="rest")
async def cleanup_runs(ctx: Context, params: CleanupRequest) -> Cleanup:
    """Forget finished runs with their logs and artifacts."""
    return await ctx.services.pipelines.retention.cleanup(
        params.days, params.keep, dry_run=params.dry_run
    )


async def _progress(ctx: Context, run_id: str, wait_seconds: float = 0.0) -> RunProgress:
    run = await ctx.services.pipelines.runs.wait(run_id, wait_seconds, ctx.progress)
    return progress_of(run)


async def _of_pipeline(ctx: Context, params: PipelineRun) -> Run:
    found = await ctx.services.pipelines.registry.find(params.pipeline_id)
    run = await ctx.services.pipelines.runs.get(params.run_id)
    if run.pipeline_id != found.id:
        raise NotFound(
            f"Run {run.id} is not one of {found.name}.", hint="List the runs of the pipeline."
        )
    return run


def _scope(params: RerunRequest) -> RerunScope:
    if (params.job is not None) != (params.scope == "from_job"):
        raise InvalidRequest(
            "A job belongs to the scope from_job, and only to it.", hint="Give both or neither."
        )
    if params.job is not None:
        return FromJob(params.job)
    return OnlyFailed() if params.scope == "failed" else Everything()


def _content(path: str, content: bytes) -> ArtifactContent:
    import base64  # noqa: PLC0415 - only for what is not text

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        encoded = base64.b64encode(content).decode()
        return ArtifactContent(path=path, size=len(content), encoding="base64", content=encoded)
    return ArtifactContent(path=path, size=len(content), encoding="utf-8", content=text)
