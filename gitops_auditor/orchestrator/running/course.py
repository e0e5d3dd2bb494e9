"""One claimed plan from where it stands to the end of its goal."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import anyio

from gitops_auditor.orchestrator.fields import PlanStatus
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.running import transitions
from gitops_auditor.orchestrator.running.ledger import Ledger
from gitops_auditor.orchestrator.running.parts import DriverParts
from gitops_auditor.orchestrator.running.phases import PhaseRunner
from gitops_auditor.orchestrator.running.states import (
    Begin,
    Conclude,
    Move,
    Perform,
    RollBack,
    Settle,
    Undo,
    Validate,
    next_move,
    to_perform,
    to_undo,
)
from gitops_auditor.orchestrator.running.steps import StepRunner

Following = Callable[[], tuple[int, ...]]
Act = Callable[[int], Awaitable[None]]


class Course:
    """Makes one move after the other; repositories of a phase go at once where they may."""

    def __init__(self, ledger: Ledger, parts: DriverParts) -> None:
        self._ledger = ledger
        self._parts = parts
        self._phases = PhaseRunner(ledger, parts)
        self._steps = StepRunner(ledger, parts)
        self._places = anyio.CapacityLimiter(parts.workers)

    async def drive(self) -> PlanStatus:
        """Go on until there is no move. Raises Fenced, Unavailable, alone or in a group."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._ledger.watch)
            while (move := self._next()) is not None:
                await self._make(move)
            tasks.cancel_scope.cancel()
        return self._ledger.plan.status

    def _next(self) -> Move | None:
        return next_move(self._ledger.plan, self._parts.patience.tries)

    async def _make(self, move: Move) -> None:
        match move:
            case Begin(number):
                await self._phases.begin(number)
            case Perform(number):
                await self._along(lambda: self._to_perform(number), self._steps.perform)
            case Validate(number):
                await self._phases.validate(number)
            case Undo(number):
                await self._along(lambda: self._to_undo(number), self._steps.undo)
            case RollBack() | Settle() | Conclude():
                await self._ledger.save(lambda plan: _changed(plan, move))

    def _to_perform(self, number: int) -> tuple[int, ...]:
        plan = self._ledger.plan
        return to_perform(plan, plan.phase(number), self._parts.patience.tries)

    def _to_undo(self, number: int) -> tuple[int, ...]:
        plan = self._ledger.plan
        return to_undo(plan, plan.phase(number))

    async def _along(self, following: Following, act: Act) -> None:
        """Go through the steps of each repository that may go now, one after the other."""
        async with anyio.create_task_group() as tasks:
            for position in following():
                repository_id = self._ledger.step(position).repository_id
                tasks.start_soon(self._through, repository_id, following, act)

    async def _through(self, repository_id: str, following: Following, act: Act) -> None:
        async with self._places:
            while (position := self._own(repository_id, following())) is not None:
                await act(position)

    def _own(self, repository_id: str, positions: tuple[int, ...]) -> int | None:
        own = (one for one in positions if self._ledger.step(one).repository_id == repository_id)
        return next(own, None)


def _changed(plan: Plan, move: RollBack | Settle | Conclude) -> Plan:
    now = datetime.now(UTC)
    match move:
        case RollBack(number):
            return transitions.rolling_back(plan, number)
        case Settle(number, status, reason):
            return transitions.settled(plan, number, status, reason, now)
        case Conclude(status, reason):
            return transitions.concluded(plan, status, reason, now)
