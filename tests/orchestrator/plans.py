"""Plans as records, for tests that need one and no repositories behind it."""

from datetime import UTC, datetime

from gitops_auditor.identity import new_id
from gitops_auditor.orchestrator.changes import RunScript
from gitops_auditor.orchestrator.records import Inputs, Phase, PhaseRisk, Plan, Rendering, Step
from gitops_auditor.orchestrator.requests import PlanRequest

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def phase(number: int, *repositories: str) -> Phase:
    return Phase(
        number=number,
        repositories=[*repositories],
        allow_parallel=True,
        quality_gates=["post_phase"],
        risk=PhaseRisk(),
    )


def rendering(repository_id: str, number: int) -> Rendering:
    return Rendering(
        repository_id=repository_id,
        phase=number,
        branch="main",
        base_commit="1" * 40,
        base_tree="2" * 40,
        commit="3" * 40,
        tree="4" * 40,
        status="rendered",
    )


def step(position: int, number: int, repository_id: str) -> Step:
    return Step(
        position=position,
        phase=number,
        repository_id=repository_id,
        kind="branch",
        title=f"Create a branch in {repository_id}",
        marker=f"plan/{position}",
        reversible=True,
        undo="Delete the branch.",
    )


def plan_of(*phases: tuple[str, ...]) -> Plan:
    """A plan with these repositories in each phase and one step for each repository."""
    numbered = [(number, name) for number, names in enumerate(phases, 1) for name in names]
    return Plan(
        id=new_id(),
        title="Touch everything",
        request=PlanRequest(change=RunScript(script="date > now")),
        requested_by="agent",
        status="planned",
        hash="5" * 64,
        inputs=Inputs(request="6" * 64, commits={}, trees={}, graph="7" * 64, gates={}),
        needs_approval=True,
        phases=[phase(number, *names) for number, names in enumerate(phases, 1)],
        renderings=[rendering(name, number) for number, name in numbered],
        steps=[step(at, number, name) for at, (number, name) in enumerate(numbered, 1)],
        created_at=NOW,
        updated_at=NOW,
    )
