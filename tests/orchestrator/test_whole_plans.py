"""What a plan over many repositories promises, on real repositories published by git."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, Forbidden, Refused, Stale
from gitops_auditor.orchestrator.changes import RunPipeline, RunScript
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.fields import RollbackPolicy
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.services import Services
from tests.factories.family import NEEDS
from tests.factories.owned import owned
from tests.factories.runs import job_of, run_settings
from tests.orchestrator.whole import (
    APPROVER,
    RED,
    Coordination,
    branched,
    merged,
    open_coordination,
    phases_of,
)

PIPELINE = ".gitops/pipeline.yaml"
GATES = ".gitops/quality-gates.yaml"
WRITE = RunScript(script="echo hello > hello.txt")


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update={**run_settings(runs_in), "plan_step_tries": 1})


@pytest.fixture
async def coordination(services: Services, tmp_path: Path) -> AsyncIterator[Coordination]:
    async with owned(open_coordination(services, tmp_path / "family")) as opened:
        yield opened


@pytest.fixture
def red_web(services: Services, tmp_path: Path) -> AbstractAsyncContextManager[Coordination]:
    """A family whose third phase does not pass its gate."""
    return open_coordination(services, tmp_path / "family", {"web": {GATES: RED}})


async def test_every_member_is_merged_phase_by_phase_and_can_be_put_back(
    coordination: Coordination,
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan()
    assert await coordination.family.snapshot() == before
    done = await coordination.execute(plan)
    assert (done.status, phases_of(done)) == ("completed", ["completed"] * 4)
    assert await coordination.family.snapshot() == merged(plan, before, 1, 2, 3, 4)
    assert '"left-pad": "^2.0.0"' in await coordination.family.file("shop", "package.json")
    ends = [one.completed_at for one in done.phases]
    starts = [one.started_at for one in done.phases]
    assert all(end and start and end <= start for end, start in zip(ends, starts[1:], strict=False))

    undone = await coordination.roll_back(plan, 1, 4)
    assert (undone.status, phases_of(undone)) == ("rolled_back", ["rolled_back"] * 4)
    assert await coordination.family.snapshot() == before


@pytest.mark.parametrize(
    ("policy", "stays", "statuses"),
    [
        ("failed_phase", [1, 2], ["completed", "completed", "rolled_back"]),
        ("all", [], ["rolled_back"] * 3),
        ("none", [1, 2, 3], ["completed", "completed", "failed"]),
    ],
)
async def test_a_red_gate_stops_the_plan_and_undoes_what_the_policy_says(
    red_web: AbstractAsyncContextManager[Coordination],
    policy: RollbackPolicy,
    stays: list[int],
    statuses: list[str],
) -> None:
    async with red_web as coordination:
        before = await coordination.family.snapshot()
        plan = await coordination.plan(rollback=policy)
        held = await coordination.execute(plan)
        assert held.status == "held"
        assert phases_of(held)[:3] == statuses
        assert phases_of(held)[3] in ("not_started", "pending")
        assert held.reason.startswith("acme/web: Of 1 gate 1 failed (Changelog).")
        assert await coordination.family.snapshot() == merged(plan, before, *stays)
        if policy == "none":
            again = await coordination.roll_back(plan, 1, 3)
            assert again.status == "rolled_back"
            assert await coordination.family.snapshot() == before


async def test_a_script_is_run_in_each_member_and_its_branch_is_published(
    coordination: Coordination,
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan(WRITE, delivery="branch")
    done = await coordination.execute(plan)
    assert done.status == "completed", done.reason
    assert await coordination.family.snapshot() == branched(plan, before)
    branch = branch_of(plan.id)
    assert await coordination.family.file("api", "hello.txt", branch) == "hello"

    pushed = await coordination.push("api", branch)
    undone = await coordination.roll_back(plan, 1, 4)
    assert undone.phase(3).status == "partly_rolled_back"
    assert [one.repository_id for one in undone.steps if one.status == "not_undone"] == ["acme/api"]
    assert f"Somebody pushed to {branch} of acme/api" in undone.reason
    assert "by hand" in undone.reason
    left = {**before, f"api refs/heads/{branch}": pushed}
    assert await coordination.family.snapshot() == left


async def test_what_is_pushed_onto_a_merged_branch_is_never_erased(
    coordination: Coordination,
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan()
    await coordination.execute(plan)
    pushed = await coordination.push("shop")
    undone = await coordination.roll_back(plan, 1, 4)
    assert undone.status == "held"
    assert phases_of(undone) == ["rolled_back"] * 3 + ["partly_rolled_back"]
    assert f"Revert {plan.rendering('acme/shop').commit} there by hand" in undone.reason
    assert await coordination.family.snapshot() == {**before, "shop refs/heads/main": pushed}


async def test_a_script_that_fails_in_one_member_makes_a_plan_that_nobody_executes(
    coordination: Coordination,
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan(RunScript(script="date > now; ! grep -q '\"api\"' package.json"))
    failed = {one.repository_id for one in plan.renderings if one.status == "failed"}
    assert failed == {"acme/api", "acme/shop"}
    with pytest.raises(Conflict, match="the change could not be made"):
        await coordination.execute(plan)
    assert await coordination.family.snapshot() == before


async def test_a_target_that_moved_makes_the_plan_stale_and_says_so(
    coordination: Coordination,
) -> None:
    plan = await coordination.plan()
    pushed = await coordination.push("api")
    before = await coordination.family.snapshot()
    with pytest.raises(Stale) as stale:
        await coordination.execute(plan)
    assert "acme/api" in str(stale.value.details)
    assert pushed in str(stale.value.details)
    assert await coordination.family.snapshot() == before


async def test_a_remote_that_was_away_is_gone_on_with_and_nothing_is_done_twice(
    coordination: Coordination,
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan()
    runs, remote = coordination.services.plans.runs, coordination.family.remote("shop")
    await runs.execute_phase(plan.id, 1, "test")
    await coordination.ended(plan)
    await runs.execute(plan.id, "test")
    remote.rename(remote.with_suffix(".away"))
    held = await coordination.ended(plan)
    assert held.status == "held"
    assert "shop.git is no git repository" in held.reason
    remote.with_suffix(".away").rename(remote)
    done = await coordination.resume(plan)
    assert done.status == "completed", done.reason
    assert await coordination.family.snapshot() == merged(plan, before, 1, 2, 3, 4)


async def test_a_plan_may_be_given_up_between_phases_and_undone(
    coordination: Coordination,
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan()
    runs = coordination.services.plans.runs
    await runs.execute_phase(plan.id, 1, "test")
    assert (await coordination.ended(plan)).status == "paused"
    assert (await runs.cancel(plan.id, "test")).status == "cancelled"
    with pytest.raises(Conflict):
        await runs.execute(plan.id, "test")
    await coordination.roll_back(plan, 1)
    assert await coordination.family.snapshot() == before


async def test_a_plan_that_runs_is_stopped_between_two_steps_and_goes_on_when_told(
    coordination: Coordination,
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan()
    runs = coordination.services.plans.runs
    await runs.execute(plan.id, "test")
    held = await coordination.ended(await runs.cancel(plan.id, "test"))
    assert (held.status, held.reason) == ("held", "It was stopped on request.")
    assert {one.status for one in held.steps} <= {"done", "pending"}
    done = await coordination.resume(plan)
    assert done.status == "completed", done.reason
    assert await coordination.family.snapshot() == merged(plan, before, 1, 2, 3, 4)


async def test_a_plan_that_changes_main_waits_for_somebody_else_to_approve_it(
    coordination: Coordination,
) -> None:
    plan = await coordination.unapproved()
    with pytest.raises(Refused, match="approval of somebody other than test"):
        await coordination.execute(plan)
    with pytest.raises(Forbidden):
        await coordination.approve(plan, replace(APPROVER, name="test"))
    with pytest.raises(Stale):
        await coordination.services.plans.approvals.approve(plan.id, "0" * 64, APPROVER)
    await coordination.approve(plan)
    assert (await coordination.execute(plan)).status == "completed"


async def test_what_a_pipeline_did_is_taken_back_by_its_rollback_jobs(
    services: Services, tmp_path: Path
) -> None:
    files = {name: {PIPELINE: deploy("exit 3" if name == "web" else "true")} for name in NEEDS}
    async with open_coordination(services, tmp_path / "family", files) as coordination:
        async with services.audit.operation("test", "sync_pipelines", {}):
            for name in NEEDS:
                await services.pipelines.firing.sync(f"acme/{name}", "test")
        plan = await coordination.plan(RunPipeline(pipeline="deploy"), delivery=None)
        held = await coordination.execute(plan)
        assert (held.status, phases_of(held)[2:]) == ("held", ["rolled_back", "not_started"])
        assert "run 1 of deploy in acme/web failed" in held.reason.lower()
        taken = {name: await taken_back(services, name) for name in NEEDS}
        assert taken == {**dict.fromkeys(NEEDS, False), "api": True, "web": True}
        undone = await coordination.roll_back(plan, 1, 2)
        assert undone.status == "rolled_back", undone.reason
        taken = {name: await taken_back(services, name) for name in NEEDS}
        assert taken == {**dict.fromkeys(NEEDS, True), "shop": False}


async def taken_back(services: Services, name: str) -> bool:
    """Whether the rollback jobs of a member's pipeline went through."""
    found = await services.pipelines.runs.list(Filter(repository_id=f"acme/{name}"), PageParams())
    runs = [await services.pipelines.runs.get(one.id) for one in found.items]
    return any(job_of(one, "rollback/back").status == "success" for one in runs)


def deploy(script: str) -> str:
    """A pipeline that knows how to take back what it does."""
    return f"""
name: deploy
stages:
  - name: deploy
    jobs:
      - ship: {{script: "{script}"}}
rollback:
  - back: {{script: "true"}}
"""
