"""Drives plans: claims one, goes on where its journal ends, and carries its goal out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint_if_cancelled

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.orchestrator.fields import PlanStatus
from gitops_auditor.orchestrator.running import transitions
from gitops_auditor.orchestrator.running.course import Course
from gitops_auditor.orchestrator.running.ledger import Ledger
from gitops_auditor.orchestrator.running.parts import DriverParts
from gitops_auditor.orchestrator.running.trying import first_of
from gitops_auditor.orchestrator.store.driving import Change, Claim, Fenced

LAPSE_SECONDS: Final = 2.0
"""How long effects have to be gone before another process may repeat them."""
LOOK_SECONDS: Final = 1.0
MOST_PLANS: Final = 8
"""Plans that one process carries out at once."""

_log = get_logger("plans")


class PlanDriver:
    """Carries out plans in this process. Several processes may share a database."""

    def __init__(self, parts: DriverParts) -> None:
        self._parts = parts
        self._open: dict[str, anyio.CancelScope] = {}

    @property
    def is_busy(self) -> bool:
        """Whether it carries out some plan now."""
        return bool(self._open)

    async def drive(self, plan_id: str) -> PlanStatus | None:
        """Carry the goal of a plan out and return how the plan stands then.

        None when it has none, when another process that lives has it or took it, or when this
        process may be taken for dead. Told to stop (cancelled), it hands the plan over: the next
        process goes on with it. Raises Unavailable when the database cannot be used; then the plan
        can be claimed again.
        """
        if plan_id in self._open:
            return None
        await checkpoint_if_cancelled()
        with self._opened(plan_id):
            try:
                # What is claimed is carried out or handed over: nothing may come between.
                with anyio.CancelScope(shield=True):
                    claim = await self._claim(plan_id)
                return None if claim is None else await self._carry_out(claim)
            except Fenced as lost:
                _log.warning("a plan was lost to another process", plan=plan_id, reason=str(lost))
        return None

    async def carry_out(self, plan_id: str) -> None:
        """Drive a plan until it has no goal, here or in another process that has it."""
        journal = self._parts.journal
        while True:
            seen = journal.version
            await self.drive(plan_id)
            if await journal.owner(plan_id) is None:
                return
            await journal.changed(seen, LOOK_SECONDS)

    async def take(self, tasks: TaskGroup) -> None:
        """Carry out, in these tasks, the plans that wait and that no process which lives has."""
        alive: dict[str, bool] = {}
        room = MOST_PLANS - len(self._open)
        # Plans of other processes stand among those that wait: ask for more than there is room for.
        for found in await self._parts.journal.waiting(self._open, 10 * MOST_PLANS):
            if room > 0 and await self._is_free(found.owner, alive):
                room -= 1
                tasks.start_soon(self._take, found.plan_id)

    def let_go(self) -> None:
        """End all that runs here, at once: others may take the plans soon."""
        for scope in self._open.values():
            scope.cancel()

    @contextmanager
    def _opened(self, plan_id: str) -> Iterator[None]:
        with anyio.CancelScope() as scope:
            self._open[plan_id] = scope
            try:
                yield
            finally:
                del self._open[plan_id]

    async def _take(self, plan_id: str) -> None:
        try:
            await self.drive(plan_id)
        except Unavailable as error:
            _log.error("a plan is given up for now", plan=plan_id, reason=error.message)
        except Exception as error:  # noqa: BLE001 - the other plans must not end with this one
            _log.error("a plan cannot be carried out", plan=plan_id, exc_info=error)
        # There is room for another one now, or nothing to do any more.
        self._parts.journal.nudge()

    async def _is_free(self, owner: str | None, alive: dict[str, bool]) -> bool:
        if owner is None or owner == self._parts.process.id:
            return True
        if owner not in alive:
            alive[owner] = await self._parts.process.alive(owner)
        return not alive[owner]

    async def _claim(self, plan_id: str) -> Claim | None:
        parts = self._parts
        found = await parts.journal.owner(plan_id)
        if found is None or not await self._is_free(found.owner, {}):
            return None
        if not parts.process.is_certain(LAPSE_SECONDS):
            return None
        parts.fault("claim.before")
        claim = await parts.journal.claim(plan_id, parts.process.id, found.owner)
        parts.fault("claim.after")
        if claim is not None and found.owner not in (None, parts.process.id):
            _log.warning("a plan was taken over", plan=plan_id, owner=found.owner)
        return claim

    async def _carry_out(self, claim: Claim) -> PlanStatus:
        try:
            plan = await self._parts.journal.get(claim.plan_id)
            return await self._follow(Ledger(plan, claim, self._parts.journal, self._parts.fault))
        except (Fenced, Unavailable):
            raise
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._hand_over(claim)
            raise
        except Exception as error:  # noqa: BLE001 - or the plan was claimed again for ever
            _log.error("a plan failed by an internal fault", plan=claim.plan_id, exc_info=error)
            with anyio.CancelScope(shield=True):
                await self._hold(claim, type(error).__name__)
        return "held"

    async def _follow(self, ledger: Ledger) -> PlanStatus:
        try:
            return await Course(ledger, self._parts).drive()
        except BaseExceptionGroup as failures:
            raise first_of(failures, Fenced, Unavailable) from failures

    async def _hand_over(self, claim: Claim) -> None:
        try:
            await self._parts.journal.release(claim)
        except Unavailable as error:
            _log.warning("a plan was not handed over", plan=claim.plan_id, reason=error.message)

    async def _hold(self, claim: Claim, fault: str) -> None:
        plan = await self._parts.journal.get(claim.plan_id)
        reason = f"An internal fault stopped it ({fault}); see the log."
        held = transitions.concluded(plan, "held", reason, datetime.now(UTC))
        await self._parts.journal.save(claim, Change(plan, held))
