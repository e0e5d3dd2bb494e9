"""What stands before and after the steps of a phase: the barrier, and the gates."""

from datetime import UTC, datetime
from typing import Literal

import anyio

from gitops_auditor.orchestrator.records import GateEvidence, Phase
from gitops_auditor.orchestrator.running import transitions
from gitops_auditor.orchestrator.running.ledger import Ledger
from gitops_auditor.orchestrator.running.parts import DriverParts
from gitops_auditor.orchestrator.running.steps import actor_of
from gitops_auditor.orchestrator.running.trying import Stopped, tried, tried_often


class PhaseRunner:
    """The phases of one claimed plan. What it waits for is left when somebody cancels the plan."""

    def __init__(self, ledger: Ledger, parts: DriverParts) -> None:
        self._ledger = ledger
        self._parts = parts

    async def begin(self, number: int) -> None:
        """Let a phase begin once it can, or fail."""
        phase = self._ledger.plan.phase(number)
        with self._ledger.stoppable():
            stopped = await self._pass(phase)
            if stopped is None:
                await self._ledger.save(lambda plan: transitions.begun(plan, number, _now()))
            else:
                kind, reason = stopped
                await self._ledger.save(
                    lambda plan: transitions.settled(plan, number, kind, reason, _now())
                )

    async def validate(self, number: int) -> None:
        """Ask the gates about each repository that the phase changed."""
        await self._ledger.save(lambda plan: transitions.validating(plan, number))
        with self._ledger.stoppable():
            self._parts.fault("gates.before")
            evidence = await tried_often(lambda: self._evidence(number), self._parts.patience)
            self._parts.fault("gates.after")
            if isinstance(evidence, Stopped):
                kind, reason = evidence
                await self._ledger.save(
                    lambda plan: transitions.judged(plan, number, kind, reason, [], _now())
                )
            else:
                await self._judge(number, evidence)

    async def _pass(self, phase: Phase) -> Stopped | None:
        plan, freshness = self._ledger.plan, self._parts.freshness
        stopped = await tried_often(lambda: freshness.require(plan), self._parts.patience)
        return await tried(self._wait(phase)) if stopped is None else stopped

    async def _wait(self, phase: Phase) -> None:
        tell = self._ledger.teller()
        for note in await self._parts.barrier.wait(self._ledger.plan, phase, tell):
            await tell(note)

    async def _evidence(self, number: int) -> list[GateEvidence]:
        plan = self._ledger.plan
        changed = {one.repository_id for one in plan.steps_of(number)}
        found: dict[str, list[GateEvidence]] = {name: [] for name in sorted(changed)}
        places = anyio.CapacityLimiter(self._parts.workers)

        async def ask(repository_id: str) -> None:
            async with places:
                found[repository_id] = await self._asked(number, repository_id)

        async with anyio.create_task_group() as tasks:
            for repository_id in changed:
                tasks.start_soon(ask, repository_id)
        return [one for of_repository in found.values() for one in of_repository]

    async def _asked(self, number: int, repository_id: str) -> list[GateEvidence]:
        plan = self._ledger.plan
        rendering = plan.rendering(repository_id)
        return await self._parts.gates.ask(
            plan,
            plan.phase(number),
            repository_id,
            rendering.commit or rendering.base_commit,
            plan.goal.quality_gates if plan.goal else None,
            actor_of(plan.id),
        )

    async def _judge(self, number: int, evidence: list[GateEvidence]) -> None:
        red = [one for one in evidence if not one.passed]
        reason = f"{red[0].repository_id}: {red[0].reason}" if red else ""
        if len(red) > 1:
            reason += f" So said {len(red) - 1} more."
        status = _status(red)
        await self._ledger.save(
            lambda plan: transitions.judged(plan, number, status, reason, evidence, _now())
        )


def _status(red: list[GateEvidence]) -> Literal["completed", "failed", "errored"]:
    """A gate that could not look has not said no: the phase is looked at, not undone."""
    if not red:
        return "completed"
    return "errored" if all(one.status == "error" for one in red) else "failed"


def _now() -> datetime:
    return datetime.now(UTC)
