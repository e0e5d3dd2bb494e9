"""Quality: validate commits, look at what gates said, explain it."""

from pathlib import Path

from pydantic import Field

from gitops_auditor.operations import Context, Params, Toolset
from gitops_auditor.pages import Page, PageParams
from gitops_auditor.quality.explanation import GateExplanation
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.requests import ValidationRequest
from gitops_auditor.quality.results import GateResult, GateStatus, QualityReport
from gitops_auditor.quality.store.results import Filter
from gitops_auditor.quality.views import QualityVerdict, verdict_of
from gitops_auditor.repositories.revisions import WORKTREE
from gitops_auditor.tools.repositories import RepositoryRef

toolset = Toolset(
    "quality",
    "Quality gates",
    "Whether a commit may go on, with evidence.",
    phase2=True,
)

Shown = Field(5, ge=0, le=1_000, description="Most findings a gate.")


class QualityRequest(RepositoryRef):
    """What to validate."""

    gate_type: GateType = Field("pre_merge", description="When gates are asked.")
    ref: str = Field(
        "",
        max_length=250,
        description="Branch, tag, commit, WORKTREE, STAGED; else the default branch.",
    )
    gate: str | None = Field(None, max_length=200, description="Only this gate, by name.")
    files: list[str] | None = Field(
        None, max_length=10_000, description="Only these files of the repository."
    )
    changed_only: bool = Field(False, description="Only files changed since the base.")
    base: str | None = Field(None, max_length=250, description="Ref to compare with.")
    fresh: bool = Field(False, description="Reuse no earlier answer.")
    index: str = Field("", description="GIT_INDEX_FILE of a hook.")
    findings: int = Shown


class ValidationRef(Params):
    """One validation."""

    validation_id: str = Field(description="Id of a validation.", min_length=1, max_length=64)
    findings: int = Shown


class ValidationFilter(PageParams):
    """Which validations to list."""

    repository_id: str | None = Field(None, max_length=600, description="Only of this repository.")
    gate_type: GateType | None = Field(None, description="Only of this type.")


class ResultRef(Params):
    """One answer of a gate."""

    result_id: str = Field(description="Id of a result.", min_length=1, max_length=64)


class ResultFilter(PageParams, RepositoryRef):
    """Which answers to list."""

    gate_type: GateType | None = Field(None, description="Only of gates of this type.")
    status: GateStatus | None = Field(None, description="Only with this status.")
    gate_id: str | None = Field(None, max_length=200, description="Only of this gate.")


class ExplanationRequest(ResultRef):
    """Which answer to explain, and in how much text."""

    token_budget: int = Field(
        1000, ge=100, le=20_000, description="Most tokens of findings, of about 4 characters."
    )


class PreCommitRequest(RepositoryRef):
    """Files that are about to be committed."""

    files: list[str] = Field(
        min_length=1, max_length=10_000, description="Files, relative to the repository."
    )
    findings: int = Shown


@toolset.operation("POST /api/quality/validate", effect="write", long=True, idempotent=True)
async def validate_quality(ctx: Context, params: QualityRequest) -> QualityVerdict:
    """Ask the quality gates whether a commit may go on: which fail, where, and how to fix it."""
    request = ValidationRequest(
        params.repository_id,
        params.gate_type,
        params.ref,
        params.gate,
        params.base,
        None if params.files is None else tuple(params.files),
        params.changed_only,
        reuse=not params.fresh,
        index=Path(params.index) if params.index else None,
    )
    return await _validated(ctx, request, params.findings)


@toolset.operation(
    "POST /api/quality/pre-commit", effect="write", surface="toolset", long=True, idempotent=True
)
async def enforce_pre_commit(ctx: Context, params: PreCommitRequest) -> QualityVerdict:
    """Ask the pre_commit gates about files of the working tree, as they are now."""
    request = ValidationRequest(
        params.repository_id, "pre_commit", WORKTREE, files=tuple(params.files)
    )
    return await _validated(ctx, request, params.findings)


@toolset.operation("GET /api/quality/validations", surface="toolset")
async def list_validations(ctx: Context, params: ValidationFilter) -> Page[QualityReport]:
    """List validations, newest first, without the answers of their gates."""
    return await ctx.services.quality.answers.reports(
        params.repository_id, params.gate_type, params
    )


@toolset.operation("GET /api/quality/validations/{validation_id}", surface="toolset")
async def get_validation(ctx: Context, params: ValidationRef) -> QualityReport:
    """Get a validation with the answer of each gate."""
    return await ctx.services.quality.answers.report(params.validation_id, findings=params.findings)


@toolset.operation("GET /api/quality/results/{repository_id:path}", surface="toolset")
async def list_quality_results(ctx: Context, params: ResultFilter) -> Page[GateResult]:
    """List the answers of gates about a repository, newest first."""
    repository = await ctx.services.repositories.get(params.repository_id)
    wanted = Filter(repository.id, params.gate_type, params.status, params.gate_id)
    return await ctx.services.quality.answers.results(wanted, params)


@toolset.operation("GET /api/quality/explain/{result_id}", surface="toolset")
async def explain_gate(ctx: Context, params: ExplanationRequest) -> GateExplanation:
    """Explain what a gate said: cause, file:line, rule, how to fix each, the next call."""
    return await ctx.services.quality.explainer.explain(params.result_id, params.token_budget)


async def _validated(ctx: Context, request: ValidationRequest, findings: int) -> QualityVerdict:
    validator = ctx.services.quality.validator
    report = await validator.validate(request, ctx.principal.name, ctx.progress)
    return verdict_of(report, findings)
