"""Templates of pipelines, and workflows of GitHub Actions: apply, import, export."""

from typing import Literal

from pydantic import Field, JsonValue

from gitops_auditor.operations import Context, Params
from gitops_auditor.pipelines.records import Record
from gitops_auditor.pipelines.templating import TemplateApplication
from gitops_auditor.tools.pipelines import PipelineRef, RepositoryId, toolset


class TemplateVariable(Record):
    """A value that a template takes."""

    name: str
    type: str
    description: str
    default: str | float | list[str]


class PipelineTemplate(Record):
    """A pipeline to start from: `text` has every default, `suits` says why it may suit."""

    name: str
    title: str
    description: str
    variables: list[TemplateVariable]
    text: str
    suits: str | None = None


class PipelineTemplates(Record):
    """The catalogue."""

    items: list[PipelineTemplate]


class TemplateListing(Params):
    """Which repository to suggest templates for."""

    repository_id: str | None = Field(
        None, description="Only templates that suit the files of this repository."
    )


class TemplateRequest(Params):
    """A template, a repository, and whether to write."""

    template: str = Field(description="Name of the template.", min_length=1, max_length=100)
    repository_id: str = RepositoryId
    values: dict[str, JsonValue] = Field(
        default_factory=dict, description="Values of the template's variables."
    )
    path: str = Field(
        ".gitops/pipeline.yaml", min_length=1, max_length=300, description="File to write."
    )
    branch: str | None = Field(
        None, min_length=1, max_length=200, description="Branch to create; else gitops/TEMPLATE."
    )
    digest: str | None = Field(
        None, max_length=64, description="Digest of the preview that is to be applied."
    )
    dry_run: bool = Field(True, description="Only show the diff; false commits it on a branch.")


class WorkflowImport(Params):
    """A workflow of GitHub Actions."""

    workflow: str = Field(
        description="Text of the workflow file.", min_length=1, max_length=512 * 1024
    )


class Remark(Record):
    """Something that could not be carried over, and why. Line and column are 1-based, 0 unknown."""

    path: str
    reason: str
    line: int = 0
    column: int = 0


class ImportedWorkflow(Record):
    """The definition that a workflow comes to. `tools` have to be on the machine that runs it."""

    source: str
    not_mapped: list[Remark]
    tools: list[str]


class WorkflowExport(PipelineRef):
    """How to write a pipeline as a workflow."""

    shape: Literal["native", "managed"] = Field(
        "native",
        description="native: the jobs themselves; managed: run and report to this server.",
    )
    runs_on: list[str] = Field(
        ["ubuntu-latest"], min_length=1, max_length=10, description="Labels of the runner."
    )


class ExportedWorkflow(Record):
    """A workflow file for .github/workflows, and what it does not say."""

    file_name: str
    text: str
    not_mapped: list[Remark]


@toolset.operation("GET /api/pipeline-templates", surface="toolset")
async def list_pipeline_templates(ctx: Context, params: TemplateListing) -> PipelineTemplates:
    """List the templates of pipelines, or those that suit a repository."""
    from gitops_auditor.pipelines.catalog import templates  # noqa: PLC0415 - it reads its files

    shown = {
        one.name: PipelineTemplate.model_validate(one, from_attributes=True) for one in templates()
    }
    if params.repository_id is None:
        return PipelineTemplates(items=list(shown.values()))
    suited = await ctx.services.pipelines.templating.suited(params.repository_id)
    return PipelineTemplates(
        items=[shown[name].model_copy(update={"suits": why}) for name, why in suited.items()]
    )


@toolset.operation(
    "POST /api/pipeline-templates/apply", effect="write", surface="toolset", idempotent=False
)
async def apply_pipeline_template(ctx: Context, params: TemplateRequest) -> TemplateApplication:
    """Apply a template to a repository: the diff first, then as a commit on a new branch."""
    templating = ctx.services.pipelines.templating
    given = (params.template, params.repository_id, params.path, params.values)
    if params.dry_run:
        return await templating.preview(*given)
    return await templating.apply(*given, params.branch, params.digest)


@toolset.operation("POST /api/pipelines/import", effect="read", surface="toolset")
async def import_workflow(ctx: Context, params: WorkflowImport) -> ImportedWorkflow:  # noqa: ARG001
    """Turn a workflow of GitHub Actions into a definition; what is not carried over is listed."""
    from gitops_auditor.pipelines import github_actions  # noqa: PLC0415 - asked for rarely

    found = github_actions.import_workflow(params.workflow)
    remarks = [
        Remark(path=one.path, reason=one.reason, line=one.line, column=one.column)
        for one in found.not_carried_over
    ]
    return ImportedWorkflow(
        source=found.definition_text, not_mapped=remarks, tools=list(found.tools)
    )


@toolset.operation("GET /api/pipelines/{pipeline_id}/workflow", surface="toolset")
async def export_workflow(ctx: Context, params: WorkflowExport) -> ExportedWorkflow:
    """Write a pipeline as a workflow of GitHub Actions; what it does not say is listed."""
    from gitops_auditor.pipelines import github_actions  # noqa: PLC0415 - asked for rarely

    pipeline = await ctx.services.pipelines.registry.find(params.pipeline_id)
    options = github_actions.ExportOptions(
        shape=params.shape,
        prefix=ctx.services.settings.github_workflow_prefix,
        runs_on=tuple(params.runs_on),
        definition_path=pipeline.path or "",
    )
    definition = await ctx.services.pipelines.registry.definition(pipeline.id)
    made = github_actions.export_workflow(definition, options)
    remarks = [Remark(path=one.path, reason=one.reason) for one in made.not_mapped]
    return ExportedWorkflow(file_name=made.file_name, text=made.text, not_mapped=remarks)
