from pathlib import Path

import pytest

from gitops_auditor.errors import Stale
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.services import Services
from tests.factories.git import commit, git
from tests.orchestrator.planning.workspace import Workspace, open_workspace, package, scripted

GATE = {"name": "Readme", "check": "README.md exists"}


@pytest.fixture
async def workspace(services: Services, tmp_path: Path) -> Workspace:
    return await open_workspace(services, tmp_path / "workspace")


@pytest.fixture
async def plan(workspace: Workspace) -> Plan:
    return await workspace.plan(scripted(check_gates=False))


async def test_a_plan_is_fresh_while_nothing_changes(workspace: Workspace, plan: Plan) -> None:
    assert await workspace.freshness.differences(plan) == []
    await workspace.freshness.require(plan)


async def test_a_moved_branch_is_named_with_both_commits(workspace: Workspace, plan: Plan) -> None:
    present = await commit(workspace.folder / "api", {"more": "x"})
    [found] = await workspace.freshness.differences(plan)
    planned = plan.rendering("acme/api").base_commit
    assert (found.what, found.subject) == ("branch", "acme/api")
    assert (found.planned, found.present) == (planned, present)
    assert found.sentence == f"main of acme/api moved from {planned[:12]} to {present[:12]}."
    with pytest.raises(Stale, match="main of acme/api moved") as refused:
        await workspace.freshness.require(plan)
    assert refused.value.details["differences"] == [found.model_dump(mode="json")]


async def test_a_branch_that_is_gone_is_a_difference(workspace: Workspace) -> None:
    await git(workspace.folder / "lib", "branch", "release")
    plan = await workspace.plan(scripted("date", "lib", target_branch="release", check_gates=False))
    await git(workspace.folder / "lib", "branch", "-D", "release")
    [found] = await workspace.freshness.differences(plan)
    assert (found.what, found.present) == ("branch", "")


async def test_a_repository_that_is_not_registered_any_more_is_a_difference(
    workspace: Workspace, plan: Plan
) -> None:
    async with workspace.services.audit.operation("test", "remove_repository", {}):
        await workspace.services.repositories.remove("acme/web")
    found = await workspace.freshness.differences(plan)
    assert ("repository", "acme/web") in [(one.what, one.subject) for one in found]


async def test_a_new_need_among_the_repositories_is_named(workspace: Workspace) -> None:
    plan = await workspace.plan(scripted("date", "lib", "web", check_gates=False))
    await workspace.add("tool", package("tool", web="^1.0.0"))
    await commit(workspace.folder / "lib", package("lib", tool="^1.0.0"))
    await workspace.scan()
    found = [one for one in await workspace.freshness.differences(plan) if one.what == "graph"]
    assert [(one.subject, one.sentence) for one in found] == [
        ("acme/lib -> acme/web", "acme/lib now needs acme/web at run time.")
    ]


async def test_a_need_that_is_gone_is_named(workspace: Workspace, plan: Plan) -> None:
    await commit(workspace.folder / "api", package("api"))
    await workspace.scan()
    found = [one for one in await workspace.freshness.differences(plan) if one.what == "graph"]
    assert [one.sentence for one in found] == [
        "acme/api does not need acme/lib at run time any more."
    ]


async def test_another_gate_of_the_platform_is_a_difference(
    workspace: Workspace, plan: Plan
) -> None:
    async with workspace.services.audit.operation("test", "create_quality_gate", {}):
        await workspace.services.quality.gates.create("pre_merge", GATE, "test", "acme/lib")
    [found] = await workspace.freshness.differences(plan)
    assert (found.what, found.subject) == ("gates", "acme/lib")


async def test_what_was_executed_may_have_moved_on(workspace: Workspace, plan: Plan) -> None:
    await commit(workspace.folder / "lib", package("lib", tool="1.0.0"))
    await commit(workspace.folder / "api", package("api"))
    await workspace.scan()
    phases = [
        one.model_copy(update={"status": "completed" if one.number < 3 else "pending"})
        for one in plan.phases
    ]
    under_way = plan.model_copy(update={"phases": phases})
    assert await workspace.freshness.differences(plan)
    assert await workspace.freshness.differences(under_way) == []
