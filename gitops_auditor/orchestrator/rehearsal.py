"""What a failure of a phase comes to, told before it happens. Pure."""

from pydantic import Field

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.fields import RollbackPolicy, StepKind
from gitops_auditor.orchestrator.records import Plan, Record, Step


class RehearsedStep(Record):
    """A step, and what undoing it means."""

    position: int
    phase: int
    repository_id: str
    kind: StepKind
    title: str
    undo: str


class Rehearsal(Record):
    """The worst case of a failure in `phase`: all of its steps are done, and then it fails.

    `undone` are in the order in which they are undone. Those of `by_hand` cannot be undone by the
    platform: `undo` says what somebody has to do. `stays` is what remains applied.
    """

    phase: int
    policy: RollbackPolicy
    done: list[RehearsedStep]
    undone: list[RehearsedStep]
    by_hand: list[RehearsedStep]
    stays: list[RehearsedStep]
    not_started: list[int] = Field(description="Phases that never begin.")
    sentence: str


def rehearse(plan: Plan, phase: int) -> Rehearsal:
    """What is done, undone and left when a phase fails. Raises InvalidRequest for no such phase."""
    numbers = [one.number for one in plan.phases]
    if phase not in numbers:
        raise InvalidRequest(
            f"The plan {plan.id} has no phase {phase}.",
            hint=f"Name one from 1 to {len(numbers)}.",
        )
    done = [one for one in plan.steps if one.phase <= phase]
    touched = _touched(plan.request.rollback, done, phase)
    undone = [one for one in reversed(touched) if one.reversible]
    by_hand = [one for one in touched if not one.reversible]
    stays = [one for one in done if one not in touched]
    return Rehearsal(
        phase=phase,
        policy=plan.request.rollback,
        done=_told(done),
        undone=_told(undone),
        by_hand=_told(by_hand),
        stays=_told(stays),
        not_started=[number for number in numbers if number > phase],
        sentence=_sentence(phase, len(undone), len(by_hand), len(stays)),
    )


def _touched(policy: RollbackPolicy, done: list[Step], phase: int) -> list[Step]:
    if policy == "none":
        return []
    return done if policy == "all" else [one for one in done if one.phase == phase]


def _told(steps: list[Step]) -> list[RehearsedStep]:
    return [RehearsedStep.model_validate(one, from_attributes=True) for one in steps]


def _sentence(phase: int, undone: int, by_hand: int, stays: int) -> str:
    return (
        f"When phase {phase} fails: steps undone {undone}, to be taken back by hand {by_hand},"
        f" staying applied {stays}; then the plan is held."
    )
