"""Whole plans over the family: made, carried out by the executor's driver, undone."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gitops_auditor.identity import Principal, Role
from gitops_auditor.orchestrator.changes import BumpDependency, Change
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.services import Services
from tests.factories.family import ACTOR, NEEDS, Family, Snapshot, open_family
from tests.factories.git import git
from tests.factories.runs import runs_carried_out

SECONDS: Final = 40.0
BUMP: Final = BumpDependency(name="left-pad", version="2.0.0")
APPROVER: Final = Principal("ann", Role.OPERATOR, "token")
RED: Final = (
    '{"quality_gates": {"post_phase": [{"name": "Changelog", "check": "CHANGELOG.md exists"}]}}'
)
"""A gate that a repository fails for want of a file."""


@dataclass(frozen=True)
class Coordination:
    """Plans over a family, which are carried out as soon as they are told to be."""

    services: Services
    family: Family

    async def plan(self, change: Change = BUMP, actor: str = ACTOR, **request: Any) -> Plan:
        """A plan of all members, made without a look at gates, and approved by somebody else."""
        plan = await self.unapproved(change, actor, **request)
        await self.approve(plan)
        return plan

    async def unapproved(self, change: Change = BUMP, actor: str = ACTOR, **request: Any) -> Plan:
        """The same before anybody approves it."""
        members = None if isinstance(change, BumpDependency) else tuple(map(id_of, NEEDS))
        wanted = {"delivery": "merge", "check_gates": False, "repositories": members, **request}
        async with self.services.audit.operation(actor, "create_execution_plan", {}):
            planner = self.services.plans.planner
            return await planner.plan(PlanRequest(change=change, **wanted), actor, untold)

    async def approve(self, plan: Plan, principal: Principal = APPROVER) -> None:
        """Agree to it as it is."""
        async with self.services.audit.operation(principal.name, "approve_plan", {}):
            await self.services.plans.approvals.approve(plan.id, plan.hash, principal)

    async def execute(self, plan: Plan) -> Plan:
        """Execute it; how it is at its end."""
        return await self.ended(await self.services.plans.runs.execute(plan.id, ACTOR))

    async def roll_back(self, plan: Plan, first: int, last: int | None = None) -> Plan:
        """Undo phases; how it is then."""
        runs = self.services.plans.runs
        return await self.ended(await runs.rollback(plan.id, first, ACTOR, last))

    async def resume(self, plan: Plan) -> Plan:
        """Go on with a held plan; how it is at its end."""
        return await self.ended(await self.services.plans.runs.resume(plan.id, ACTOR))

    async def ended(self, plan: Plan) -> Plan:
        """The plan once it has nothing to do."""
        found = await self.services.plans.runs.wait(plan.id, SECONDS)
        assert found.goal is None, found.status
        return found

    async def push(self, name: str, branch: str = "main") -> str:
        """Somebody else pushes a commit onto a branch of a member; its id."""
        remote = self.family.remote(name)
        arguments = ["-p", branch, "-m", "Not by the plan", f"{branch}^{{tree}}"]
        made = await git(remote, "commit-tree", *arguments)
        await git(remote, "update-ref", f"refs/heads/{branch}", made)
        return made


def id_of(name: str) -> str:
    """What a member is registered as."""
    return f"acme/{name}"


def merged(plan: Plan, before: Snapshot, *phases: int) -> Snapshot:
    """The references there should be when these phases are merged, and nothing else happened."""
    made = {
        f"{_short(one.repository_id)} refs/heads/main": one.commit
        for one in plan.renderings
        if one.phase in phases
    }
    return {**before, **made}


def branched(plan: Plan, before: Snapshot) -> Snapshot:
    """The references there should be when each member has the branch of the plan."""
    reference = f"refs/heads/{branch_of(plan.id)}"
    made = {f"{_short(one.repository_id)} {reference}": one.commit for one in plan.renderings}
    return {**before, **made}


def phases_of(plan: Plan) -> list[str]:
    """How each phase stands."""
    return [one.status for one in plan.phases]


async def untold(_done: float, _total: float | None, _message: str) -> None:
    """Nobody listens."""


@asynccontextmanager
async def open_coordination(
    services: Services,
    folder: Path,
    files: Mapping[str, Mapping[str, str]] | None = None,
    host: str = "https://example.org",
) -> AsyncIterator[Coordination]:
    """The family under `folder`; plans are carried out by this process during the block."""
    family = await open_family(services, folder, files, host)
    async with runs_carried_out(services):
        yield Coordination(services, family)


def _short(repository_id: str) -> str:
    return repository_id.partition("/")[2]
