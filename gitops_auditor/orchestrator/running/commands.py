"""Tells plans what to do, and waits until it is done. Other processes do it."""

import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Refused
from gitops_auditor.orchestrator.fields import ENDED
from gitops_auditor.orchestrator.records import Goal, Plan
from gitops_auditor.orchestrator.running import goals
from gitops_auditor.orchestrator.running.ports import CarryOut, Dispatcher, Freshness
from gitops_auditor.orchestrator.store.driving import PlanJournal

LOOK_SECONDS: Final = 1.0
"""How often somebody who waits looks again, though nothing was committed."""
TELL_SECONDS: Final = 0.25
"""How often somebody who waits is told how far a plan is."""

Progress = Callable[[float, float | None, str], Awaitable[None]]
Decide = Callable[[Plan], Plan]
Drive = Callable[[str], Awaitable[None]]


class PlanRuns:
    """Writes what a plan is to do, and sees to it that some process takes it.

    All raise NotFound for a plan that there is not and Conflict when it cannot do that now; the
    same once more, while the plan does it, is fine. Who executes what somebody has to approve is
    Refused, and a plan whose inputs have changed is Stale: `details` has the differences.
    """

    def __init__(
        self,
        journal: PlanJournal,
        audit: Audit,
        freshness: Freshness,
        dispatcher: Dispatcher,
        servers: Collection[str],
        drive: Drive,
    ) -> None:
        """`servers` are the names of the configured MCP servers; `drive` carries a plan out in this
        process, where the dispatcher wants that.
        """
        self._journal = journal
        self._audit = audit
        self._freshness = freshness
        self._dispatcher = dispatcher
        self._servers = servers
        self._drive = drive

    async def execute(self, plan_id: str, actor: str) -> Plan:
        """Execute all phases that are not completed, gates after each."""
        plan = await self._executable(plan_id)
        servers = [*plan.request.servers]
        self._require_servers(servers)
        goal = Goal(
            action="execute",
            first=1,
            last=len(plan.phases),
            parallel=plan.request.allow_parallel,
            servers=servers,
        )
        return await self._tell(plan, actor, "execute_plan", goal, goals.with_execution)

    async def execute_phase(
        self,
        plan_id: str,
        phase: int,
        actor: str,
        *,
        parallel: bool = True,
        servers: Collection[str] = (),
    ) -> Plan:
        """Execute one phase and ask no gates; the ones before it have to be completed.

        Raises NotFound for MCP servers that are not configured.
        """
        plan = await self._executable(plan_id)
        _require_phase(plan, phase)
        wanted = [*(servers or plan.request.servers)]
        self._require_servers(wanted)
        goal = Goal(
            action="execute",
            first=phase,
            last=phase,
            validate_phases=False,
            parallel=parallel,
            servers=wanted,
        )
        return await self._tell(plan, actor, "execute_phase", goal, goals.with_execution)

    async def validate(
        self, plan_id: str, phase: int, actor: str, quality_gates: Collection[str] | None = None
    ) -> Plan:
        """Ask the gates about an executed phase: those of the phase, or others in their place."""
        plan = await self._journal.get(plan_id)
        _require_phase(plan, phase)
        goal = Goal(
            action="validate",
            first=phase,
            last=phase,
            validate_phases=False,
            quality_gates=None if quality_gates is None else [*quality_gates],
        )
        return await self._tell(plan, actor, "validate_phase", goal, goals.with_validation)

    async def rollback(self, plan_id: str, first: int, actor: str, last: int | None = None) -> Plan:
        """Undo phases, the last one first; later ones must not be applied."""
        plan = await self._journal.get(plan_id)
        final = first if last is None else last
        _require_phase(plan, first)
        _require_phase(plan, final)
        # Whatever made it may be used to undo it.
        goal = Goal(action="rollback", first=first, last=final)
        return await self._tell(plan, actor, "rollback_plan", goal, goals.with_rollback)

    async def resume(self, plan_id: str, actor: str) -> Plan:
        """Let a held plan go on where it stopped; what errored or failed is tried again."""
        plan = await self._executable(plan_id)
        return await self._decide(plan, actor, "resume_plan", _approved(goals.with_resumption))

    async def cancel(self, plan_id: str, actor: str) -> Plan:
        """Give a plan up; one that executes stops after its present steps and is held."""
        plan = await self._journal.get(plan_id)
        return await self._decide(plan, actor, "cancel_plan", goals.with_cancellation)

    async def wait(self, plan_id: str, seconds: float, progress: Progress | None = None) -> Plan:
        """The plan as soon as it has nothing to do, or as it is after so many seconds."""
        deadline = time.monotonic() + seconds
        told: object = None
        while True:
            seen = self._journal.version
            plan = await self._journal.get(plan_id)
            steps = _progress_of(plan)
            if progress is not None and steps != told:
                told = steps
                await progress(*steps)
            left = deadline - time.monotonic()
            if plan.goal is None or left <= 0:
                return plan
            most = LOOK_SECONDS if progress is None else TELL_SECONDS
            await self._has_ended(plan_id, seen, min(left, most))

    async def _has_ended(self, plan_id: str, seen: int, seconds: float) -> None:
        """Wait until the plan has nothing to do, or so long.

        Every step of every plan is a few commits. To read the whole plan after each of them makes
        whoever waits for a large one busier than those who carry it out.
        """
        deadline = time.monotonic() + seconds
        while await self._journal.owner(plan_id) is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            await self._journal.changed(seen, left)
            seen = self._journal.version

    async def _executable(self, plan_id: str) -> Plan:
        plan = await self._journal.get(plan_id)
        if plan.status in ENDED or plan.goal is not None:
            return plan
        _require_rendered(plan)
        _require_approval(plan)
        await self._freshness.require(plan)
        return plan

    async def _tell(
        self,
        plan: Plan,
        actor: str,
        operation: str,
        goal: Goal,
        decided: Callable[[Plan, Goal], Plan],
    ) -> Plan:
        def with_goal(present: Plan) -> Plan:
            return decided(present, goal)

        decide = _approved(with_goal) if goal.action == "execute" else with_goal
        return await self._decide(plan, actor, operation, decide, goal)

    async def _decide(
        self, plan: Plan, actor: str, operation: str, decide: Decide, goal: Goal | None = None
    ) -> Plan:
        facts: dict[str, object] = {"plan_id": plan.id, "hash": plan.hash}
        if goal is not None:
            facts["goal"] = goal.model_dump(mode="json")
        async with self._audit.operation(actor, operation, facts):
            after = await self._journal.decide(plan.id, decide)
        if after.goal is not None:
            await self._dispatcher.waiting(self._carry_out(plan.id))
        return after

    def _carry_out(self, plan_id: str) -> CarryOut:
        async def carry_out() -> None:
            await self._drive(plan_id)

        return carry_out

    def _require_servers(self, wanted: Collection[str]) -> None:
        unknown = [one for one in wanted if one not in self._servers]
        if unknown:
            known = ", ".join(sorted(self._servers)) or "none"
            raise NotFound(
                f"No MCP server is configured as {unknown[0][:100]!r}.",
                hint=f"Configured are: {known}.",
            )


def _approved(decide: Decide) -> Decide:
    """Decides in the same transaction that the plan is approved as it stands there."""

    def decided(plan: Plan) -> Plan:
        after = decide(plan)
        if after != plan:
            _require_approval(plan)
        return after

    return decided


def _require_approval(plan: Plan) -> None:
    if plan.needs_approval and not plan.approved:
        raise Refused(
            f"The plan {plan.id} needs the approval of somebody other than {plan.requested_by}.",
            hint=f"They run: gitops-auditor plan approve {plan.id} {plan.hash[:12]}",
            details={"hash": plan.hash},
        )


def _require_rendered(plan: Plan) -> None:
    failed = [one for one in plan.renderings if one.status == "failed"]
    if failed:
        first = failed[0]
        raise Conflict(
            f"In {len(failed)} repositories the change could not be made, first in"
            f" {first.repository_id}: {first.reason}",
            hint="Correct the request, or leave these repositories out, and plan again.",
        )


def _require_phase(plan: Plan, number: int) -> None:
    if not 1 <= number <= len(plan.phases):
        raise InvalidRequest(
            f"The plan {plan.id} has no phase {number}.",
            hint=f"Name one from 1 to {len(plan.phases)}.",
        )


def _progress_of(plan: Plan) -> tuple[float, float | None, str]:
    over = sum(one.status in ("done", "undone", "not_undone") for one in plan.steps)
    running = [one.title for one in plan.steps if one.status == "running"]
    message = f"{plan.status}: {running[0]}" if running else plan.status
    return float(over), float(len(plan.steps)), message
