"""How a plan changes by what happens to it. Pure: each gives the plan as it is then.

All of them raise IllegalTransition when the plan cannot go there from where it is.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from gitops_auditor.errors import JsonValue
from gitops_auditor.orchestrator.fields import FailureKind, PhaseStatus, PlanStatus, StepStatus
from gitops_auditor.orchestrator.records import GateEvidence, Phase, Plan, Step
from gitops_auditor.orchestrator.running.states import APPLIED, IllegalTransition, left

Facts = dict[str, JsonValue]

_SETTLED: dict[PhaseStatus, tuple[PhaseStatus, ...]] = {
    "executed": ("executing",),
    "completed": ("validating",),
    "failed": ("pending", "executing", "validating"),
    "errored": ("pending", "executing", "validating"),
    "rolled_back": ("rolling_back",),
    "partly_rolled_back": ("rolling_back",),
}


def begun(plan: Plan, number: int, now: datetime) -> Plan:
    """A phase begins; all earlier ones are completed."""
    phase = plan.phase(number)
    earlier = [one for one in plan.phases if one.number < number]
    _require(phase.status == "pending", phase, "executing")
    _require(all(one.status == "completed" for one in earlier), phase, "executing")
    return _with_phase(plan, phase, status="executing", reason="", started_at=now)


def step_begun(plan: Plan, position: int, pre_image: Facts, now: datetime) -> Plan:
    """A step is about to be performed. The pre-image of the first try stays, and so does the moment
    at which the try before this one stopped, as `completed_at`.
    """
    step = _step(plan, position)
    _require_step(step, "running", ("pending", "running", "errored"))
    _require(plan.phase(step.phase).status == "executing", plan.phase(step.phase), "executing")
    again = step.status == "running"
    return _with_step(
        plan,
        step,
        status="running",
        attempt=step.attempt if again else step.attempt + 1,
        pre_image=pre_image if step.pre_image is None else step.pre_image,
        started_at=step.started_at or now,
        failure_kind=None,
        reason="",
    )


def step_done(plan: Plan, position: int, result: Facts, now: datetime) -> Plan:
    """A step was performed."""
    step = _step(plan, position)
    _require_step(step, "done", ("running",))
    return _with_step(plan, step, status="done", result=result, completed_at=now)


def step_stopped(plan: Plan, position: int, kind: FailureKind, reason: str, now: datetime) -> Plan:
    """A step failed or errored, perhaps before it changed anything."""
    step = _step(plan, position)
    _require_step(step, kind, ("pending", "running", "errored"))
    tried = 0 if step.status == "running" else 1
    return _with_step(
        plan,
        step,
        status=kind,
        failure_kind=kind,
        attempt=step.attempt + tried,
        reason=reason,
        completed_at=now,
    )


def step_undone(
    plan: Plan,
    position: int,
    status: Literal["undone", "not_undone"],
    sentence: str,
    now: datetime,
) -> Plan:
    """A step was undone, or could not be: the sentence then says what somebody has to do."""
    step = _step(plan, position)
    if plan.phase(step.phase).status != "rolling_back" or not left(step):
        raise IllegalTransition(f"Step {position} was to be undone, and is {step.status}.")
    reason = sentence if status == "not_undone" else step.reason
    return _with_step(plan, step, status=status, reason=reason, completed_at=now)


def validating(plan: Plan, number: int) -> Plan:
    """The gates of a phase are being asked."""
    phase = plan.phase(number)
    _require(phase.status in ("executed", "validating"), phase, "validating")
    return _with_phase(plan, phase, status="validating")


def judged(
    plan: Plan,
    number: int,
    status: Literal["completed", "failed", "errored"],
    reason: str,
    evidence: Sequence[GateEvidence],
    now: datetime,
) -> Plan:
    """The gates of a phase have spoken."""
    after = settled(plan, number, status, reason, now)
    return _with_phase(after, after.phase(number), evidence=[*evidence])


def settled(plan: Plan, number: int, status: PhaseStatus, reason: str, now: datetime) -> Plan:
    """A phase ends for now; the phases after one that failed or errored do not start."""
    phase = plan.phase(number)
    _require(phase.status in _SETTLED.get(status, ()), phase, status)
    after = _with_phase(plan, phase, status=status, reason=reason, completed_at=now)
    if status not in ("failed", "errored"):
        return after
    for later in after.phases:
        if later.number > number and later.status == "pending":
            after = _with_phase(after, later, status="not_started")
    return after


def rolling_back(plan: Plan, number: int) -> Plan:
    """A phase is about to be undone; no later one is applied."""
    phase = plan.phase(number)
    later = [one for one in plan.phases if one.number > number]
    _require(phase.status in APPLIED, phase, "rolling_back")
    _require(all(one.status not in APPLIED for one in later), phase, "rolling_back")
    after = _with_phase(plan, phase, status="rolling_back")
    return after.model_copy(update={"status": "rolling_back"})


def concluded(plan: Plan, status: PlanStatus, reason: str, now: datetime) -> Plan:
    """The plan has no goal any more."""
    if plan.goal is None:
        raise IllegalTransition(f"The plan {plan.id} was to end, and has no goal.")
    is_over = status in ("completed", "rolled_back")
    return plan.model_copy(
        update={
            "status": status,
            "reason": reason,
            "goal": None,
            "cancel_requested": False,
            "completed_at": now if is_over else None,
        }
    )


def _step(plan: Plan, position: int) -> Step:
    return next(one for one in plan.steps if one.position == position)


def _with_step(plan: Plan, step: Step, **changed: Any) -> Plan:
    new = step.model_copy(update=changed)
    steps = [new if one.position == step.position else one for one in plan.steps]
    return plan.model_copy(update={"steps": steps})


def _with_phase(plan: Plan, phase: Phase, **changed: Any) -> Plan:
    new = phase.model_copy(update=changed)
    phases = [new if one.number == phase.number else one for one in plan.phases]
    return plan.model_copy(update={"phases": phases})


def _require(holds: bool, phase: Phase, wanted: str) -> None:  # noqa: FBT001 - what must hold
    if not holds:
        raise IllegalTransition(f"Phase {phase.number} is {phase.status}: it cannot be {wanted}.")


def _require_step(step: Step, wanted: str, allowed: tuple[StepStatus, ...]) -> None:
    if step.status not in allowed:
        raise IllegalTransition(f"Step {step.position} is {step.status}: it cannot be {wanted}.")
