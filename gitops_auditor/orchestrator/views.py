"""Plans as short as whoever asked can use them."""

from gitops_auditor.dependencies.models import ImpactLevel
from gitops_auditor.orchestrator.fields import ENDED, PhaseStatus, PlanStatus
from gitops_auditor.orchestrator.records import FileChange, GateEvidence, Phase, Plan, Record, Step

MOST_NAMED = 50
"""Repositories of a phase that an outline names."""


class PhaseOutline(Record):
    """A phase in short; `repositories` are at most fifty of `total`."""

    number: int
    status: PhaseStatus
    repositories: list[str]
    total: int
    allow_parallel: bool
    quality_gates: list[str]
    risk: ImpactLevel
    reason: str


class PlanOutline(Record):
    """A plan in short. `next` says what to call, or whom to ask, for it to go on."""

    id: str
    title: str
    status: PlanStatus
    hash: str
    needs_approval: bool
    approved: bool
    point_of_no_return: int | None
    reason: str
    phases: list[PhaseOutline]
    next: str


class RepositoryProgress(Record):
    """What a plan comes to in one repository, and how far it is there.

    Sentences: `files` such as "M package.json +1 -1", `gates` such as "passed: post_phase: ...",
    `steps` such as "done: Create the branch"; `by_hand` says what somebody has to undo.
    """

    repository_id: str
    phase: int
    status: str
    base_commit: str
    commit: str
    verified: bool
    files: list[str]
    gates: list[str]
    steps: list[str]
    links: list[str]
    by_hand: list[str]
    notes: list[str]


class PlanDetails(PlanOutline):
    """A plan with each repository. `risk_reasons` are by phase; `diff` is of the one asked for."""

    requested_by: str
    estimated_seconds: float | None
    risk_reasons: list[str]
    notes: list[str]
    repositories: list[RepositoryProgress]
    diff: str | None
    diff_truncated: bool


def outline_of(plan: Plan) -> PlanOutline:
    """The plan in short."""
    return PlanOutline(
        id=plan.id,
        title=plan.title,
        status=plan.status,
        hash=plan.hash,
        needs_approval=plan.needs_approval,
        approved=plan.approved,
        point_of_no_return=plan.point_of_no_return,
        reason=plan.reason,
        phases=[_phase(one) for one in plan.phases],
        next=next_of(plan),
    )


def details_of(
    plan: Plan, wanted: str | None, diff: str | None = None, *, truncated: bool = False
) -> PlanDetails:
    """The plan with each repository, or with the wanted one only."""
    shown = [one for one in plan.renderings if wanted in (None, one.repository_id)]
    return PlanDetails(
        **dict(outline_of(plan)),
        requested_by=plan.requested_by,
        estimated_seconds=plan.estimated_seconds,
        risk_reasons=[
            f"phase {phase.number}: {factor.reason}"
            for phase in plan.phases
            for factor in phase.risk.factors
        ],
        notes=plan.notes,
        repositories=[_progress(plan, one.repository_id) for one in shown],
        diff=diff,
        diff_truncated=truncated,
    )


def next_of(plan: Plan) -> str:
    """A sentence on what makes the plan go on."""
    if plan.status in ENDED:
        return "Nothing: it is over."
    if plan.goal is not None:
        return "Wait: get_execution_plan with wait_seconds tells when it stops."
    if plan.status == "held":
        return "Look at the reason; then resume_plan, rollback_phase or cancel_plan."
    if any(one.status == "failed" for one in plan.renderings):
        return "Correct the request, or leave out where it fails, and call create_execution_plan."
    if plan.needs_approval and not plan.approved:
        return (
            "Somebody other than who asked has to approve it. They run:"
            f" gitops-auditor plan approve {plan.id} {plan.hash[:12]}"
        )
    return _next_call(plan)


def _next_call(plan: Plan) -> str:
    for phase in plan.phases:
        if phase.status == "executed":
            return f"validate_results for phase {phase.number}."
        if phase.status in ("pending", "not_started"):
            return f"execute_plan, or execute_phase for phase {phase.number}."
    return "rollback_phase or cancel_plan."


def _phase(phase: Phase) -> PhaseOutline:
    return PhaseOutline(
        number=phase.number,
        status=phase.status,
        repositories=phase.repositories[:MOST_NAMED],
        total=len(phase.repositories),
        allow_parallel=phase.allow_parallel,
        quality_gates=phase.quality_gates,
        risk=phase.risk.level,
        reason=phase.reason or phase.warning or "",
    )


def _progress(plan: Plan, repository_id: str) -> RepositoryProgress:
    rendering = plan.rendering(repository_id)
    steps = [one for one in plan.steps if one.repository_id == repository_id]
    asked = [
        found
        for phase in plan.phases
        for found in phase.evidence
        if found.repository_id == repository_id
    ]
    return RepositoryProgress(
        repository_id=repository_id,
        phase=rendering.phase,
        status=rendering.status,
        base_commit=rendering.base_commit,
        commit=rendering.commit,
        verified=rendering.verification == "resolved",
        files=[_file(one) for one in rendering.files],
        gates=[_gate(one) for one in asked or rendering.gates],
        steps=[_sentence(one) for one in steps],
        links=[str(one.result["url"]) for one in steps if one.result and one.result.get("url")],
        by_hand=[one.reason for one in steps if one.status == "not_undone"],
        notes=[one for one in (rendering.reason, *rendering.notes, *rendering.unverified) if one],
    )


def _file(change: FileChange) -> str:
    counted = "binary" if change.added is None else f"+{change.added} -{change.removed}"
    return f"{change.status} {change.path} {counted}"


def _gate(evidence: GateEvidence) -> str:
    looked_at = "" if evidence.passed or not evidence.validation_id else evidence.validation_id
    more = f" Validation {looked_at} has the details." if looked_at else ""
    return f"{evidence.status}: {evidence.gate or evidence.gate_type}: {evidence.reason}{more}"


def _sentence(step: Step) -> str:
    reason = f" - {step.reason}" if step.reason else ""
    return f"{step.status}: {step.title}{reason}"
