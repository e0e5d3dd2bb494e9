"""What may be asked of a plan, and how it stands once it was. Pure."""

from typing import Any

from gitops_auditor.errors import Conflict
from gitops_auditor.orchestrator.fields import ACTIVE, ENDED
from gitops_auditor.orchestrator.records import Goal, Phase, Plan, Step
from gitops_auditor.orchestrator.running.states import APPLIED


def with_execution(plan: Plan, goal: Goal) -> Plan:
    """The plan, told to execute phases.

    The same again while it does is fine. Raises Conflict out of order, when something was undone,
    when the plan is over, or does something else.
    """
    if (plan.goal == goal and plan.status == "executing") or plan.status == "completed":
        return plan
    _require_idle(plan)
    if plan.status == "held":
        raise Conflict(
            f"The plan {plan.id} is held: {plan.reason}",
            hint="Resume it, roll it back or give it up.",
        )
    for number in range(1, goal.first):
        _require_completed(plan.phase(number))
    if not goal.validate_phases and plan.phase(goal.first).status in ("executed", "completed"):
        return plan
    return plan.model_copy(update={"status": "executing", "goal": goal, "reason": ""})


def with_validation(plan: Plan, goal: Goal) -> Plan:
    """The plan, told to ask the gates of one executed phase, perhaps once more.

    Raises Conflict when the phase is not executed, or the plan does something else.
    """
    if plan.goal == goal:
        return plan
    _require_idle(plan)
    phase = plan.phase(goal.first)
    is_done = all(one.status == "done" for one in plan.steps_of(phase.number))
    is_last = not any(one.status in APPLIED for one in plan.phases if one.number > phase.number)
    if phase.status not in APPLIED or not is_done or not is_last:
        raise Conflict(
            f"Phase {phase.number} is {phase.status}: there is nothing to validate.",
            hint=f"Execute phase {phase.number} first; a later one must not have begun.",
        )
    asked = _phases(plan, lambda one: one.number == phase.number, status="validating", reason="")
    return asked.model_copy(update={"status": "executing", "goal": goal, "reason": ""})


def with_rollback(plan: Plan, goal: Goal) -> Plan:
    """The plan, told to undo phases; what could not be undone before is tried again.

    What is undone stays so. Raises Conflict while a later phase is applied, or while the plan does
    something else.
    """
    if plan.goal == goal or plan.status == "rolled_back":
        return plan
    _require_inactive(plan)
    for later in plan.phases[goal.last :]:
        if later.status in APPLIED:
            raise Conflict(
                f"Phase {later.number} is {later.status}, and builds on phase {goal.last}.",
                hint=f"Roll back phase {later.number} first.",
            )
    remaining = [one for one in plan.phases if one.status in (*APPLIED, "partly_rolled_back")]
    is_undone = plan.status == "held" and not remaining
    if is_undone or any(goal.first <= one.number <= goal.last for one in remaining):
        return _to_be_undone(plan, goal)
    return plan


def with_resumption(plan: Plan) -> Plan:
    """A held plan, told to go on where it stopped; what failed or errored is tried anew.

    Raises Conflict when it is not held, or when some of it was undone already.
    """
    if plan.goal is not None:
        return plan
    if plan.status != "held":
        raise Conflict(
            f"The plan {plan.id} is {plan.status}, not held.", hint="Only held plans are resumed."
        )
    undone = [one for one in plan.steps if one.status in ("undone", "not_undone")]
    if undone:
        raise Conflict(
            f"The plan {plan.id} cannot go on: it has been undone in part.",
            hint="Make a new plan of the same request, or roll back what is left of this one.",
        )
    goal = Goal(
        action="execute",
        first=1,
        last=len(plan.phases),
        parallel=plan.request.allow_parallel,
        servers=[*plan.request.servers],
    )
    return _anew(plan).model_copy(update={"status": "executing", "goal": goal, "reason": ""})


def with_cancellation(plan: Plan) -> Plan:
    """The plan, given up as it is; one that executes is asked to stop after its present steps.

    Raises Conflict while it is being undone, and when it is over.
    """
    if plan.status == "cancelled" or plan.cancel_requested:
        return plan
    if plan.status == "executing":
        return plan.model_copy(update={"cancel_requested": True})
    if plan.status == "rolling_back":
        raise Conflict(
            f"The plan {plan.id} is being undone, which is not stopped half-way.",
            hint="Wait until it is undone.",
        )
    if plan.status in ENDED:
        raise _over(plan)
    stays = [str(one.number) for one in plan.phases if one.status in APPLIED]
    reason = f"Given up; of phases {', '.join(stays)} something is applied." if stays else ""
    return plan.model_copy(update={"status": "cancelled", "reason": reason})


def _anew(plan: Plan) -> Plan:
    steps = [_tried_anew(one) for one in plan.steps]
    phases = [_gone_back(plan, one) for one in plan.phases]
    return plan.model_copy(update={"steps": steps, "phases": phases})


def _tried_anew(step: Step) -> Step:
    if step.status not in ("failed", "errored"):
        return step
    # What it was about to change may be changed by now: the pre-image of the first try counts.
    return step.model_copy(update={"status": "errored", "attempt": 0})


def _gone_back(plan: Plan, phase: Phase) -> Phase:
    if phase.status in ("not_started", "rolled_back"):
        return phase.model_copy(update={"status": "pending", "reason": ""})
    if phase.status not in ("failed", "errored"):
        return phase
    steps = plan.steps_of(phase.number)
    has_begun = phase.started_at is not None
    is_done = has_begun and all(one.status == "done" for one in steps)
    status = "executed" if is_done else "executing" if has_begun else "pending"
    return phase.model_copy(update={"status": status, "reason": ""})


def _to_be_undone(plan: Plan, goal: Goal) -> Plan:
    def is_wanted(phase: int) -> bool:
        return goal.first <= phase <= goal.last

    again = _phases(
        plan,
        lambda one: is_wanted(one.number) and one.status == "partly_rolled_back",
        status="rolling_back",
    )
    steps = [
        one.model_copy(update={"status": "running" if one.result is None else "done"})
        if is_wanted(one.phase) and one.status == "not_undone"
        else one
        for one in again.steps
    ]
    changed = {"status": "rolling_back", "goal": goal, "reason": "", "steps": steps}
    return again.model_copy(update={**changed, "completed_at": None})


def _phases(plan: Plan, wanted: Any, **changed: Any) -> Plan:
    phases = [one.model_copy(update=changed) if wanted(one) else one for one in plan.phases]
    return plan.model_copy(update={"phases": phases})


def _require_idle(plan: Plan) -> None:
    _require_inactive(plan)
    if plan.status in ENDED:
        raise _over(plan)


def _require_inactive(plan: Plan) -> None:
    if plan.goal is not None or plan.status in ACTIVE:
        raise Conflict(
            f"The plan {plan.id} is {plan.status}.", hint="Wait until it stops, or cancel it."
        )


def _require_completed(phase: Phase) -> None:
    if phase.status != "completed":
        raise Conflict(
            f"Phase {phase.number} is {phase.status}, and phases go in order.",
            hint=f"Execute and validate phase {phase.number} first.",
        )


def _over(plan: Plan) -> Conflict:
    return Conflict(
        f"The plan {plan.id} is {plan.status}: it is over.", hint="Make a new plan of the request."
    )
