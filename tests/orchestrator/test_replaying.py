import shutil
from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.errors import NotFound
from gitops_auditor.orchestrator.records import Plan, ReplayReport
from gitops_auditor.services import Services
from tests.orchestrator.planning.workspace import Workspace, ignore, open_workspace, scripted


@pytest.fixture
async def workspace(services: Services, tmp_path: Path) -> Workspace:
    return await open_workspace(services, tmp_path / "workspace")


@pytest.fixture
async def plan(workspace: Workspace) -> Plan:
    return await workspace.plan(scripted(check_gates=False))


async def replayed(workspace: Workspace, plan: Plan) -> ReplayReport:
    return await workspace.replayer.replay(plan.id, ignore)


def differing(report: ReplayReport) -> set[str]:
    return {one.what for one in report.differences}


async def test_a_plan_comes_to_the_same_again(workspace: Workspace, plan: Plan) -> None:
    assert await replayed(workspace, plan) == ReplayReport(
        plan_id=plan.id, ok=True, repositories=3, differences=[]
    )


async def test_nothing_of_the_first_rendering_is_used_and_nothing_of_the_second_is_left(
    workspace: Workspace, plan: Plan
) -> None:
    rendered = workspace.services.settings.data_dir / "rendered"
    shutil.rmtree(rendered)
    assert (await replayed(workspace, plan)).ok
    assert not rendered.exists()
    assert list((workspace.services.settings.data_dir / "replays").iterdir()) == []


async def test_what_a_live_plan_needs_stays(workspace: Workspace, plan: Plan) -> None:
    await replayed(workspace, plan)
    revisions = workspace.services.repositories.revisions
    for one in plan.renderings:
        repository = await workspace.services.repositories.get(one.repository_id)
        assert (await revisions.holding(repository, one.commit)).is_dir()


async def test_one_byte_of_the_script_makes_it_fail(workspace: Workspace, plan: Plan) -> None:
    request = plan.request.model_dump(mode="json")
    request["change"]["script"] = "date > noW"
    await workspace.alter("plans", plan.id, request=request)
    report = await replayed(workspace, plan)
    assert not report.ok
    assert {"request", "rendered tree"} <= differing(report)


def _inputs(plan: Plan, **changed: Any) -> dict[str, Any]:
    return {**plan.inputs.model_dump(mode="json"), **changed}


async def test_an_altered_input_makes_it_fail(workspace: Workspace, plan: Plan) -> None:
    await workspace.alter("plans", plan.id, inputs=_inputs(plan, links=[]))
    assert {"hash", "graph", "order"} <= differing(await replayed(workspace, plan))
    trees = {**plan.inputs.trees, "acme/lib": "0" * 40}
    await workspace.alter("plans", plan.id, inputs=_inputs(plan, trees=trees))
    assert {"hash", "tree"} <= differing(await replayed(workspace, plan))


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("base_tree", "0" * 40, "base tree"),
        ("tree_sha", "0" * 40, "tree"),
        ("commit_sha", "0" * 40, "rendered commit"),
        ("base_commit", "0" * 40, "base commit"),
        ("patch", None, "diff"),
    ],
)
async def test_an_altered_rendering_makes_it_fail(
    workspace: Workspace, plan: Plan, column: str, value: str | None, what: str
) -> None:
    await workspace.alter("plan_renderings", plan.id, **{column: value})
    report = await replayed(workspace, plan)
    assert not report.ok
    assert what in differing(report)


async def test_another_hash_makes_it_fail(workspace: Workspace, plan: Plan) -> None:
    await workspace.alter("plans", plan.id, hash="0" * 64)
    assert differing(await replayed(workspace, plan)) == {"hash"}


async def test_a_record_that_cannot_be_read_makes_it_fail(workspace: Workspace, plan: Plan) -> None:
    await workspace.alter("plans", plan.id, request={"change": {"kind": "bumP"}})
    assert differing(await replayed(workspace, plan)) == {"record"}


async def test_a_failed_rendering_fails_again(workspace: Workspace) -> None:
    plan = await workspace.plan(scripted("fail in acme/api", check_gates=False))
    assert (await replayed(workspace, plan)).ok


async def test_a_plan_that_there_is_not_is_not_replayed(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="There is no plan another"):
        await workspace.replayer.replay("another", ignore)
