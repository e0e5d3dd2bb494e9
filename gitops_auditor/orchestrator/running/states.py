"""What a plan does next, from how it stands. Pure: nothing is asked or changed."""

from typing import Final, Literal, NamedTuple

from gitops_auditor.orchestrator.fields import PhaseStatus, PlanStatus
from gitops_auditor.orchestrator.records import Goal, Phase, Plan, Step

APPLIED: Final[frozenset[PhaseStatus]] = frozenset(
    {"executing", "executed", "validating", "completed", "failed", "errored", "rolling_back"}
)
"""Phases that have left something behind, as far as is known."""

CANCELLED: Final = "It was stopped on request."


class IllegalTransition(ValueError):
    """A plan was to go where it cannot: a fault of ours."""


class Begin(NamedTuple):
    """Let a phase begin, once what it needs of earlier phases can be had."""

    phase: int


class Perform(NamedTuple):
    """Perform these steps, which may go at once: the next one of each repository."""

    phase: int
    steps: tuple[int, ...]


class Validate(NamedTuple):
    """Ask the gates of a phase; it is completed, failed or errored then."""

    phase: int


class RollBack(NamedTuple):
    """Begin to undo a phase."""

    phase: int


class Undo(NamedTuple):
    """Undo these steps, which may go at once: the last one of each repository."""

    phase: int
    steps: tuple[int, ...]


class Settle(NamedTuple):
    """End a phase for now."""

    phase: int
    status: Literal["executed", "failed", "errored", "rolled_back", "partly_rolled_back"]
    reason: str


class Conclude(NamedTuple):
    """The goal is reached, or cannot be."""

    status: PlanStatus
    reason: str


Move = Begin | Perform | Validate | RollBack | Undo | Settle | Conclude


def next_move(plan: Plan, tries: int) -> Move | None:
    """What comes next; None when the plan has no goal.

    A step that errored is performed again until it was tried `tries` times. Raises
    IllegalTransition for a plan that no sequence of moves leads to.
    """
    goal = plan.goal
    if goal is None:
        return None
    if plan.status == "rolling_back":
        return _undoing(plan, goal)
    if plan.status != "executing" or goal.action == "rollback":
        raise IllegalTransition(f"A plan that is {plan.status} was to {goal.action}.")
    return _executing(plan, goal, tries)


def to_perform(plan: Plan, phase: Phase, tries: int) -> tuple[int, ...]:
    """The steps of a phase that may be performed at once, the next one of each repository.

    What runs already is among them: it is finished whatever else happens.
    """
    steps = plan.steps_of(phase.number)
    is_halted = plan.cancel_requested or any(_is_given_up(one, tries) for one in steps)
    following = [
        one.position
        for one in _firsts([one for one in steps if one.status != "done"])
        if one.status == "running" or not is_halted
    ]
    return tuple(following if _is_parallel(plan, phase) else following[:1])


def to_undo(plan: Plan, phase: Phase) -> tuple[int, ...]:
    """The steps of a phase that may be undone at once, the last one of each repository."""
    following = [
        one.position
        for one in _firsts([one for one in reversed(plan.steps_of(phase.number)) if left(one)])
    ]
    return tuple(following if _is_parallel(plan, phase) else following[:1])


def left(step: Step) -> bool:
    """Whether a step may have changed something that is not undone yet."""
    return step.pre_image is not None and step.status in ("running", "done", "failed", "errored")


def by_hand(plan: Plan) -> list[str]:
    """What could not be undone, a sentence each."""
    return [one.reason for one in plan.steps if one.status == "not_undone"]


def _executing(plan: Plan, goal: Goal, tries: int) -> Move:
    for phase in _in_goal(plan, goal):
        if phase.status != "completed":
            return _in_phase(plan, goal, phase, tries)
    is_over = all(one.status == "completed" for one in plan.phases)
    return Conclude("completed" if is_over else "paused", "")


def _in_phase(plan: Plan, goal: Goal, phase: Phase, tries: int) -> Move:
    move: Move
    match phase.status:
        case "executing":
            move = _among_steps(plan, phase, tries)
        case "failed":
            move = _after_failure(plan, goal, phase)
        case "errored":
            move = Conclude("held", phase.reason)
        case "executed" if not goal.validate_phases:
            move = Conclude("paused", "")
        case "pending" | "executed" | "validating" if plan.cancel_requested:
            move = Conclude("held", CANCELLED)
        case "pending":
            move = Begin(phase.number)
        case "executed" | "validating":
            move = Validate(phase.number)
        case _:
            raise IllegalTransition(f"Phase {phase.number} was to go on, and is {phase.status}.")
    return move


def _among_steps(plan: Plan, phase: Phase, tries: int) -> Move:
    following = to_perform(plan, phase, tries)
    if following:
        return Perform(phase.number, following)
    steps = plan.steps_of(phase.number)
    failed = [one for one in steps if one.status == "failed"]
    errored = [one for one in steps if one.status == "errored" and one.attempt >= tries]
    if failed:
        return Settle(phase.number, "failed", _first_reason(failed))
    if errored:
        return Settle(phase.number, "errored", _first_reason(errored))
    if any(one.status != "done" for one in steps):
        return Conclude("held", CANCELLED)
    return Settle(phase.number, "executed", "")


def _after_failure(plan: Plan, goal: Goal, phase: Phase) -> Move:
    if plan.request.rollback == "none" or not goal.validate_phases:
        return Conclude("held", phase.reason)
    return RollBack(phase.number)


def _undoing(plan: Plan, goal: Goal) -> Move:
    remaining = [one for one in _to_roll_back(plan, goal) if one.status in APPLIED]
    if not remaining:
        return _rolled_back(plan, goal)
    phase = remaining[-1]
    if phase.status != "rolling_back":
        return RollBack(phase.number)
    following = to_undo(plan, phase)
    if following:
        return Undo(phase.number, following)
    is_partly = any(one.status == "not_undone" for one in plan.steps_of(phase.number))
    status: Literal["partly_rolled_back", "rolled_back"] = (
        "partly_rolled_back" if is_partly else "rolled_back"
    )
    return Settle(phase.number, status, phase.reason)


def _to_roll_back(plan: Plan, goal: Goal) -> list[Phase]:
    if goal.action == "rollback":
        return _in_goal(plan, goal)
    if plan.request.rollback == "all":
        return plan.phases
    return [one for one in plan.phases if one.status in ("failed", "rolling_back")]


def _rolled_back(plan: Plan, goal: Goal) -> Conclude:
    undone = [one for one in plan.phases if one.status in ("rolled_back", "partly_rolled_back")]
    if goal.action == "rollback":
        remains = any(one.status in (*APPLIED, "partly_rolled_back") for one in plan.phases)
        return Conclude("held" if remains else "rolled_back", " ".join(by_hand(plan)))
    return Conclude("held", " ".join([undone[-1].reason, *by_hand(plan)]))


def _in_goal(plan: Plan, goal: Goal) -> list[Phase]:
    return [one for one in plan.phases if goal.first <= one.number <= goal.last]


def _firsts(steps: list[Step]) -> list[Step]:
    """The first step of each repository."""
    found: dict[str, Step] = {}
    for step in steps:
        found.setdefault(step.repository_id, step)
    return [*found.values()]


def _is_given_up(step: Step, tries: int) -> bool:
    return step.status == "failed" or (step.status == "errored" and step.attempt >= tries)


def _is_parallel(plan: Plan, phase: Phase) -> bool:
    return phase.allow_parallel and plan.goal is not None and plan.goal.parallel


def _first_reason(steps: list[Step]) -> str:
    first, others = steps[0], len(steps) - 1
    more = f" So did {others} other steps." if others else ""
    return f"{first.repository_id}: {first.title}: {first.reason}{more}"
