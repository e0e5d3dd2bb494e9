from pathlib import Path

import pytest

from gitops_auditor.errors import Conflict, Forbidden, InvalidRequest, NotFound, Stale
from gitops_auditor.identity import LOCAL, SYSTEM, Principal, Role
from gitops_auditor.orchestrator.records import Plan, PlanSummary
from gitops_auditor.services import Services
from tests.factories.git import commit
from tests.orchestrator.planning.workspace import Workspace, open_workspace, scripted

ANN = Principal("ann", Role.OPERATOR, "token")


@pytest.fixture
async def workspace(services: Services, tmp_path: Path) -> Workspace:
    return await open_workspace(services, tmp_path / "workspace")


async def planned(workspace: Workspace, actor: str = "agent") -> Plan:
    request = scripted("date", "lib", delivery="merge", check_gates=False)
    return await workspace.plan(request, actor)


async def approve(
    workspace: Workspace,
    plan: Plan,
    principal: Principal = ANN,
    *,
    given: str | None = None,
    local: bool = False,
) -> PlanSummary:
    approvals = workspace.approvals(plan_local_approval=local)
    async with workspace.services.audit.operation(principal.name, "approve_plan", {}):
        return await approvals.approve(plan.id, given or plan.hash, principal, "fine")


async def test_somebody_else_approves_the_plan_as_it_is(workspace: Workspace) -> None:
    plan = await planned(workspace)
    told = await approve(workspace, plan)
    kept = await workspace.plans.get(plan.id)
    assert told.approved
    assert kept.approved
    [approval] = kept.approvals
    assert (approval.hash, approval.approved_by, approval.comment) == (plan.hash, "ann", "fine")
    assert not approval.unprotected
    events = (await workspace.services.events.read(0, channels=["plans"])).events
    assert [one.name for one in events] == ["plan.created", "plan.approved"]
    assert events[-1].data["hash"] == plan.hash


async def test_approving_twice_changes_nothing(workspace: Workspace) -> None:
    plan = await planned(workspace)
    first = await approve(workspace, plan)
    assert await approve(workspace, plan) == first
    assert len((await workspace.plans.get(plan.id)).approvals) == 1
    events = (await workspace.services.events.read(0, channels=["plans"])).events
    assert [one.name for one in events] == ["plan.created", "plan.approved"]


async def test_the_first_twelve_digits_of_the_hash_are_enough_and_fewer_are_not(
    workspace: Workspace,
) -> None:
    plan = await planned(workspace)
    with pytest.raises(InvalidRequest, match="too short"):
        await approve(workspace, plan, given=plan.hash[:11])
    assert (await approve(workspace, plan, given=plan.hash[:12])).approved


async def test_another_hash_is_refused_with_the_present_one(workspace: Workspace) -> None:
    plan = await planned(workspace)
    with pytest.raises(Stale) as refused:
        await approve(workspace, plan, given="0" * 64)
    assert refused.value.details == {"hash": plan.hash}


async def test_who_asked_does_not_approve(workspace: Workspace) -> None:
    plan = await planned(workspace, "ann")
    for local in (False, True):
        with pytest.raises(Forbidden, match="ann asked for the plan"):
            await approve(workspace, plan, local=local)
    assert (await approve(workspace, plan, LOCAL)).approved


async def test_the_local_user_approves_their_own_plan_only_where_set_and_unprotected(
    workspace: Workspace,
) -> None:
    plan = await planned(workspace, LOCAL.name)
    with pytest.raises(Forbidden, match="PLAN_LOCAL_APPROVAL"):
        await approve(workspace, plan, LOCAL)
    await approve(workspace, plan, LOCAL, local=True)
    assert [one.unprotected for one in (await workspace.plans.get(plan.id)).approvals] == [True]


async def test_an_approval_of_what_the_user_of_the_machine_asked_for_is_never_protected(
    workspace: Workspace,
) -> None:
    plan = await planned(workspace, LOCAL.name)
    assert (await approve(workspace, plan)).approved
    assert [one.unprotected for one in (await workspace.plans.get(plan.id)).approvals] == [True]


async def test_viewers_and_the_platform_itself_do_not_approve(workspace: Workspace) -> None:
    plan = await planned(workspace)
    for principal in (Principal("bob", Role.VIEWER, "token"), SYSTEM):
        with pytest.raises(Forbidden, match="may not approve plans"):
            await approve(workspace, plan, principal)


async def test_a_stale_plan_is_not_approved(workspace: Workspace) -> None:
    plan = await planned(workspace)
    await commit(workspace.folder / "lib", {"more": "x"})
    with pytest.raises(Stale, match="main of acme/lib moved"):
        await approve(workspace, plan)
    assert (await workspace.plans.get(plan.id)).approvals == []


async def test_a_plan_that_is_over_is_not_approved(workspace: Workspace) -> None:
    plan = await planned(workspace)
    await workspace.alter("plans", plan.id, status="cancelled")
    with pytest.raises(Conflict, match="is cancelled"):
        await approve(workspace, plan)


async def test_a_plan_that_there_is_not_is_not_approved(workspace: Workspace) -> None:
    plan = await planned(workspace)
    with pytest.raises(NotFound, match="There is no plan"):
        await approve(workspace, plan.model_copy(update={"id": "another"}))
