"""Pipelines: define, validate, look at, change and remove."""

from pydantic import Field

from gitops_auditor.formats.written import Written
from gitops_auditor.operations import Context, Params, Toolset
from gitops_auditor.pages import Page, PageParams
from gitops_auditor.pipelines.records import Pipeline, PipelineStatus, PipelineSummary, Record
from gitops_auditor.pipelines.store.definitions import Filter
from gitops_auditor.pipelines.trigger_models import Event, EventType
from gitops_auditor.pipelines.validation import Validation
from gitops_auditor.repositories.models import ID_PATTERN

toolset = Toolset(
    "pipelines",
    "Pipelines",
    "Pipelines of repositories: define, run, watch, cancel, explain.",
    phase2=True,
)

PipelineId = Field(
    description="Id of a pipeline, or its name when only one has it.", min_length=1, max_length=300
)
Source = Field(
    description="The definition in YAML or JSON: name, stages with jobs.",
    min_length=1,
    max_length=512 * 1024,
)
Ref = Field(
    "",
    max_length=300,
    description="Branch, tag or commit; WORKTREE for uncommitted files; else the default branch.",
)
RepositoryId = Field(
    description="Id of a registered repository, such as owner/name.", pattern=ID_PATTERN
)
Version = Field(None, ge=1, description="Version the change is based on; else the current one.")


class PipelineRef(Params):
    """One pipeline."""

    pipeline_id: str = PipelineId


class VersionedPipeline(PipelineRef):
    """One pipeline at a version."""

    expected_version: int | None = Version


class PipelineFilter(PageParams):
    """Which pipelines to list."""

    repository_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Only pipelines of this repository."
    )
    status: PipelineStatus | None = Field(None, description="Only pipelines in this state.")


class NewPipeline(Params):
    """A pipeline to be kept by the platform."""

    repository_id: str = RepositoryId
    source: str = Source
    name: str | None = Field(
        None, min_length=1, max_length=200, description="Name to show; else the definition's own."
    )


class PipelineUpdate(VersionedPipeline):
    """A change of a pipeline; what is left out stays."""

    source: str | None = Field(
        None, min_length=1, max_length=512 * 1024, description="The new definition."
    )
    status: PipelineStatus | None = Field(
        None, description="Only active pipelines start; triggers ignore the others."
    )


class ValidationRequest(Params):
    """A definition and the event to resolve it for."""

    source: str = Source
    repository_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Repository whose files `exists()` asks about."
    )
    ref: str = Ref
    event: EventType = Field("manual", description="Kind of event to resolve conditions for.")
    branch: str = Field("", max_length=300, description="Branch of the event.")
    tag: str = Field("", max_length=300, description="Tag of the event.")
    base_branch: str = Field("", max_length=300, description="Target of a pull request.")
    action: str = Field("", max_length=100, description="Action of a pull request, e.g. opened.")
    changed_paths: list[str] | None = Field(
        None, max_length=10_000, description="Changed files, for path filters."
    )
    inputs: dict[str, Written] = Field(default_factory=dict, description="Inputs by name.")


class Simulation(PipelineRef):
    """A start that is only to be looked at."""

    ref: str = Ref
    inputs: dict[str, Written] = Field(default_factory=dict, description="Inputs by name.")


class SyncRequest(Params):
    """Whose files to read, and at which ref."""

    repository_id: str = RepositoryId
    ref: str = Ref


class Problem(Record):
    """A file that defines no pipeline, and why."""

    path: str
    reason: str


class SyncedFiles(Record):
    """The files that define pipelines, and those that could not be read."""

    files: list[str]
    problems: list[Problem]


@toolset.operation("GET /api/pipelines")
async def list_pipelines(ctx: Context, params: PipelineFilter) -> Page[PipelineSummary]:
    """List pipelines by repository and name."""
    wanted = Filter(params.repository_id, params.status)
    return await ctx.services.pipelines.registry.list(wanted, params)


@toolset.operation("POST /api/pipelines", effect="write", surface="toolset", status=201)
async def create_pipeline(ctx: Context, params: NewPipeline) -> Pipeline:
    """Create a pipeline from a definition. Files under .gitops/pipelines need no creating."""
    actor = ctx.principal.name
    return await ctx.services.pipelines.registry.create(
        params.repository_id, params.source, actor, params.name
    )


@toolset.operation("GET /api/pipelines/{pipeline_id}", surface="toolset")
async def get_pipeline(ctx: Context, params: PipelineRef) -> Pipeline:
    """Get a pipeline with its definition and last run."""
    found = await ctx.services.pipelines.registry.find(params.pipeline_id)
    return await ctx.services.pipelines.registry.get(found.id)


@toolset.operation(
    "PUT /api/pipelines/{pipeline_id}", effect="write", surface="toolset", idempotent=True
)
async def update_pipeline(ctx: Context, params: PipelineUpdate) -> Pipeline:
    """Update the definition or the status of a pipeline. Runs under way keep their definition."""
    found = await ctx.services.pipelines.registry.find(params.pipeline_id)
    return await ctx.services.pipelines.registry.update(
        found.id,
        ctx.principal.name,
        params.source,
        params.status,
        params.expected_version,
    )


@toolset.operation(
    "DELETE /api/pipelines/{pipeline_id}", effect="destroy", surface="toolset", idempotent=True
)
async def delete_pipeline(ctx: Context, params: VersionedPipeline) -> PipelineSummary:
    """Delete a pipeline with no run under way; its history stays. Pause one that a file defines."""
    found = await ctx.services.pipelines.registry.find(params.pipeline_id)
    return await ctx.services.pipelines.registry.remove(found.id, params.expected_version)


@toolset.operation("POST /api/pipelines/validate", effect="read", surface="toolset")
async def validate_pipeline(ctx: Context, params: ValidationRequest) -> Validation:
    """Validate a definition: every mistake with line and column, or why each job runs or not."""
    event = Event(
        type=params.event,
        branch=params.branch,
        tag=params.tag,
        base_branch=params.base_branch,
        action=params.action,
        changed_paths=None if params.changed_paths is None else tuple(params.changed_paths),
        inputs=params.inputs,
    )
    return await ctx.services.pipelines.validator.validate(
        params.source, event, params.repository_id, params.ref
    )


@toolset.operation("POST /api/pipelines/{pipeline_id}/simulate", effect="read", surface="toolset")
async def simulate_pipeline(ctx: Context, params: Simulation) -> Validation:
    """Show what a start of the pipeline comes to, job by job, without running anything."""
    found = await ctx.services.pipelines.registry.find(params.pipeline_id)
    return await ctx.services.pipelines.validator.simulate(found.id, params.ref, params.inputs)


@toolset.operation("POST /api/pipelines/sync", effect="write", surface="toolset", idempotent=True)
async def sync_pipelines(ctx: Context, params: SyncRequest) -> SyncedFiles:
    """Read the pipeline files of a repository now rather than at the next push."""
    report = await ctx.services.pipelines.firing.sync(
        params.repository_id, ctx.principal.name, params.ref
    )
    problems = [Problem(path=path, reason=why) for path, why in report.problems.items()]
    return SyncedFiles(files=report.pipelines, problems=problems)
