"""What a plan does next, whatever happens to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import Conflict
from gitops_auditor.orchestrator.changes import RunScript
from gitops_auditor.orchestrator.records import Goal, Plan, Step
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.orchestrator.running import goals, states, transitions
from gitops_auditor.orchestrator.running.states import (
    Begin,
    Conclude,
    IllegalTransition,
    Perform,
    RollBack,
    Settle,
    Undo,
    Validate,
    next_move,
)
from tests.orchestrator.plans import NOW, plan_of, step

TRIES = 3
MOST_MOVES = 2_000
WHOLE = Goal(action="execute", first=1, last=99)


def with_steps(plan: Plan, each: int, policy: str = "failed_phase", **changed: Any) -> Plan:
    """The plan with so many steps in each repository."""
    found: list[Step] = []
    for one in plan.renderings:
        for _ in range(each):
            found.append(step(len(found) + 1, one.phase, one.repository_id))
    request = PlanRequest(change=RunScript(script="date"), rollback=policy)
    return plan.model_copy(update={"steps": found, "request": request, **changed})


def executing(plan: Plan, **goal: Any) -> Plan:
    """The plan with the goal to be executed whole."""
    facts = {"action": "execute", "first": 1, "last": len(plan.phases), **goal}
    return goals.with_execution(plan, Goal.model_validate(facts))


class World:
    """Carries out moves by chance, and keeps what it did in order."""

    def __init__(self, choose: Callable[[Any], Any]) -> None:
        self.choose = choose
        self.began: list[int] = []
        self.performed: list[int] = []
        self.undone: list[int] = []

    def carry_out(self, plan: Plan, may_cancel: bool = False) -> Plan:
        """Go on until there is nothing to do any more."""
        for _ in range(MOST_MOVES):
            if may_cancel and plan.status == "executing" and self.choose(st.integers(0, 9)) == 0:
                plan = goals.with_cancellation(plan)
            move = next_move(plan, TRIES)
            if move is None:
                return plan
            plan = self.make(plan, move)
        raise AssertionError("It never ends.")

    def make(self, plan: Plan, move: states.Move) -> Plan:  # noqa: PLR0911 - one of each kind
        match move:
            case Begin(number):
                assert all(one.status == "completed" for one in plan.phases[: number - 1])
                self.began.append(number)
                return transitions.begun(plan, number, NOW)
            case Perform(_, positions):
                return self.perform(plan, self.choose(st.sampled_from(positions)))
            case Validate(number):
                plan = transitions.validating(plan, number)
                status = self.choose(st.sampled_from(["completed", "failed", "errored", "killed"]))
                if status == "killed":
                    return plan
                return transitions.judged(plan, number, status, "They said so.", [], NOW)
            case RollBack(number):
                return transitions.rolling_back(plan, number)
            case Undo(_, positions):
                return self.undo(plan, self.choose(st.sampled_from(positions)))
            case Settle(number, status, reason):
                return transitions.settled(plan, number, status, reason, NOW)
            case Conclude(status, reason):
                return transitions.concluded(plan, status, reason, NOW)

    def perform(self, plan: Plan, position: int) -> Plan:
        assert position not in self.undone
        outcome = self.choose(st.sampled_from(["done"] * 6 + ["failed", "errored", "killed", "no"]))
        if outcome == "no" and plan.steps[position - 1].status != "running":
            return transitions.step_stopped(plan, position, "failed", "No.", NOW)
        self.performed.append(position)
        plan = transitions.step_begun(plan, position, {"was": position}, NOW)
        if outcome in ("killed", "no"):
            return plan
        if outcome == "done":
            return transitions.step_done(plan, position, {"is": position}, NOW)
        return transitions.step_stopped(plan, position, outcome, "Something.", NOW)

    def undo(self, plan: Plan, position: int) -> Plan:
        repository_id = plan.steps[position - 1].repository_id
        later = [one for one in plan.steps[position:] if one.repository_id == repository_id]
        assert not any(states.left(one) for one in later)
        assert position in self.performed
        status = self.choose(st.sampled_from(["undone", "undone", "not_undone"]))
        self.undone.append(position)
        return transitions.step_undone(plan, position, status, "Delete it.", NOW)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    phases = [
        tuple(f"r{number}{letter}" for letter in "abc"[:size]) for number, size in enumerate(sizes)
    ]
    policy = draw(st.sampled_from(["failed_phase", "all", "none"]))
    return with_steps(plan_of(*phases), draw(st.integers(0, 3)), policy)


@given(plans(), st.booleans(), st.booleans(), st.data())
def test_a_plan_ends_whatever_happens_and_is_undone_by_its_policy(
    plan: Plan, parallel: bool, may_cancel: bool, data: st.DataObject
) -> None:
    world = World(data.draw)
    end = world.carry_out(executing(plan, parallel=parallel), may_cancel)
    assert end.status in ("completed", "held")
    assert (end.goal, end.cancel_requested) == (None, False)
    assert world.began == sorted(set(world.began))
    assert len(world.undone) == len(set(world.undone))
    touched = set(world.performed)
    if end.status == "completed":
        assert touched == {one.position for one in plan.steps}
        assert world.undone == []
    failed = [one.number for one in end.phases if "rolled_back" in one.status]
    expected = {
        "none": set(),
        "all": touched if failed else set(),
        "failed_phase": {one for one in touched if plan.steps[one - 1].phase in failed},
    }
    assert set(world.undone) == expected[plan.request.rollback]
    later = [one.status for one in end.phases if failed and one.number > max(failed)]
    assert set(later) <= {"not_started"}


@given(plans(), st.data())
def test_whatever_was_left_is_undone_on_request(plan: Plan, data: st.DataObject) -> None:
    world = World(data.draw)
    left = world.carry_out(executing(plan), may_cancel=True)
    goal = Goal(action="rollback", first=1, last=len(plan.phases))
    end = world.carry_out(goals.with_rollback(left, goal))
    assert set(world.undone) == set(world.performed)
    by_hand = [one for one in end.steps if one.status == "not_undone"]
    if world.performed:
        assert end.status == ("held" if by_hand else "rolled_back")
        assert end.reason.count("Delete it.") == len(by_hand)


@given(plans(), st.data())
def test_a_held_plan_goes_on_where_it_stopped_unless_something_was_undone(
    plan: Plan, data: st.DataObject
) -> None:
    world = World(data.draw)
    held = world.carry_out(executing(plan), may_cancel=True)
    if held.status != "held":
        return
    if world.undone:
        with pytest.raises(Conflict):
            goals.with_resumption(held)
        return
    done = {one.position for one in held.steps if one.status == "done"}
    before = len(world.performed)
    end = world.carry_out(goals.with_resumption(held))
    assert end.status in ("completed", "held")
    assert not done & set(world.performed[before:])


def go(
    plan: Plan,
    gates: Literal["completed", "failed"] = "completed",
    step_outcome: Literal["done", "errored"] = "done",
) -> Plan:
    """Carry the goal out with the same outcome everywhere."""
    now = datetime.now(UTC)
    while (move := next_move(plan, TRIES)) is not None:
        match move:
            case Perform(_, positions):
                plan = transitions.step_begun(plan, positions[0], {}, now)
                if step_outcome == "done":
                    plan = transitions.step_done(plan, positions[0], {}, now)
                else:
                    plan = transitions.step_stopped(plan, positions[0], step_outcome, "No.", now)
            case Validate(number):
                plan = transitions.validating(plan, number)
                plan = transitions.judged(plan, number, gates, "Red.", [], now)
            case Undo(_, positions):
                plan = transitions.step_undone(plan, positions[0], "undone", "Gone.", now)
            case _:
                plan = World(lambda _: None).make(plan, move)
    return plan


def phase_goal(number: int) -> Goal:
    return Goal(action="execute", first=number, last=number, validate_phases=False)


def gates_goal(number: int) -> Goal:
    return Goal(action="validate", first=number, last=number, validate_phases=False)


def test_one_phase_is_executed_validated_and_undone_by_three_calls() -> None:
    plan = with_steps(plan_of(("a",), ("b",)), 1)
    executed = go(goals.with_execution(plan, phase_goal(1)))
    assert (executed.status, executed.phase(1).status) == ("paused", "executed")
    failed = go(goals.with_validation(executed, gates_goal(1)), gates="failed")
    assert (failed.status, failed.phase(1).status, failed.reason) == ("held", "failed", "Red.")
    assert failed.phase(2).status == "not_started"
    undone = go(goals.with_rollback(failed, Goal(action="rollback", first=1, last=1)))
    assert (undone.status, undone.phase(1).status) == ("rolled_back", "rolled_back")


def test_the_last_validated_phase_completes_a_plan() -> None:
    plan = with_steps(plan_of(("a",), ("b",)), 1)
    for number in (1, 2):
        plan = go(goals.with_execution(plan, phase_goal(number)))
        plan = go(goals.with_validation(plan, gates_goal(number)))
    assert plan.status == "completed"


def test_a_phase_is_not_executed_before_the_one_before_it_is_validated() -> None:
    plan = with_steps(plan_of(("a",), ("b",)), 1)
    for present in (plan, go(goals.with_execution(plan, phase_goal(1)))):
        with pytest.raises(Conflict, match="phases go in order"):
            goals.with_execution(present, phase_goal(2))
    with pytest.raises(Conflict, match="nothing to validate"):
        goals.with_validation(plan, gates_goal(1))


def test_a_phase_is_not_undone_while_a_later_one_is_applied() -> None:
    completed = go(executing(with_steps(plan_of(("a",), ("b",)), 1)))
    with pytest.raises(Conflict, match="builds on phase 1"):
        goals.with_rollback(completed, Goal(action="rollback", first=1, last=1))
    last = go(goals.with_rollback(completed, Goal(action="rollback", first=2, last=2)))
    assert (last.status, [one.status for one in last.phases]) == (
        "held",
        ["completed", "rolled_back"],
    )


def test_what_could_not_be_undone_is_tried_again_on_request() -> None:
    plan = go(executing(with_steps(plan_of(("a",)), 1)))
    goal = Goal(action="rollback", first=1, last=1)
    began = transitions.rolling_back(goals.with_rollback(plan, goal), 1)
    partly = go(transitions.step_undone(began, 1, "not_undone", "Delete it.", NOW))
    assert (partly.status, partly.phase(1).status) == ("held", "partly_rolled_back")
    assert partly.reason == "Delete it."
    assert go(goals.with_rollback(partly, goal)).status == "rolled_back"


def test_a_step_that_errors_is_tried_again_and_then_the_plan_is_held_as_it_is() -> None:
    held = go(executing(with_steps(plan_of(("a",), ("b",)), 1)), step_outcome="errored")
    assert (held.status, held.phase(1).status, held.steps[0].attempt) == ("held", "errored", TRIES)
    assert go(goals.with_resumption(held)).status == "completed"


def test_only_one_repository_at_a_time_where_a_phase_does_not_allow_more() -> None:
    plan = executing(with_steps(plan_of(("a", "b")), 1))
    phases = [plan.phase(1).model_copy(update={"allow_parallel": False})]
    for present, expected in (
        (plan, (1, 2)),
        (plan.model_copy(update={"phases": phases}), (1,)),
        (executing(with_steps(plan_of(("a", "b")), 1), parallel=False), (1,)),
    ):
        began = transitions.begun(present, 1, NOW)
        assert next_move(began, TRIES) == Perform(1, expected)


def test_the_same_goal_again_changes_nothing_and_another_one_has_to_wait() -> None:
    plan = executing(with_steps(plan_of(("a",)), 1))
    assert executing(plan) == plan
    with pytest.raises(Conflict, match="is executing"):
        goals.with_rollback(plan, Goal(action="rollback", first=1, last=1))


def test_a_plan_is_given_up_before_it_begins_and_asked_to_stop_while_it_runs() -> None:
    plan = with_steps(plan_of(("a",)), 1)
    assert goals.with_cancellation(plan).status == "cancelled"
    asked = goals.with_cancellation(executing(plan))
    assert (go(asked).status, go(asked).reason) == ("held", states.CANCELLED)
    rolling = transitions.rolling_back(transitions.begun(executing(plan), 1, NOW), 1)
    with pytest.raises(Conflict, match="not stopped half-way"):
        goals.with_cancellation(rolling)


def test_impossible_transitions_are_refused() -> None:
    plan = with_steps(plan_of(("a",), ("b",)), 1)
    for illegal in (
        lambda: transitions.begun(plan, 2, NOW),
        lambda: transitions.step_begun(plan, 1, {}, NOW),
        lambda: transitions.step_done(plan, 1, {}, NOW),
        lambda: transitions.step_undone(plan, 1, "undone", "", NOW),
        lambda: transitions.settled(plan, 1, "completed", "", NOW),
        lambda: transitions.rolling_back(plan, 1),
        lambda: transitions.concluded(plan, "completed", "", NOW),
        lambda: next_move(plan.model_copy(update={"goal": WHOLE}), TRIES),
    ):
        with pytest.raises(IllegalTransition):
            illegal()


def test_a_step_that_is_tried_again_keeps_its_pre_image_and_when_it_stopped_before() -> None:
    plan = transitions.begun(executing(with_steps(plan_of(("a",)), 1)), 1, NOW)
    first = transitions.step_begun(plan, 1, {"was": 1}, NOW)
    stopped = transitions.step_stopped(first, 1, "errored", "Away.", NOW)
    again = transitions.step_begun(stopped, 1, {"was": 2}, NOW).steps[0]
    assert (again.pre_image, again.completed_at, again.attempt) == ({"was": 1}, NOW, 2)
    assert again.reason == ""
    assert first.steps[0].completed_at is None
