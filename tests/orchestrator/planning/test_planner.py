from dataclasses import replace

import pytest

from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Unavailable
from gitops_auditor.orchestrator.changes import BumpDependency, RunPipeline
from gitops_auditor.orchestrator.planning.hashing import plan_hash
from gitops_auditor.orchestrator.planning.planner import Planner
from gitops_auditor.orchestrator.requests import PlanRequest
from tests.factories.git import commit, git
from tests.orchestrator.planning.workspace import Workspace, package, scripted

BUMP = PlanRequest(change=BumpDependency(name="@acme/lib", version="2.0.0"))
GATES = "quality_gates: {pre_merge: [{name: Readme, check: README.md exists}]}\n"
PIPELINE = """
name: deploy
stages: [{name: ship, jobs: [{ship: {script: "true"}}]}]
"""
ROLLBACK = "rollback: [{back: {script: 'true'}}]\n"


async def test_providers_are_changed_before_their_consumers_which_see_their_trees(
    workspace: Workspace,
) -> None:
    plan = await workspace.plan()
    assert [phase.repositories for phase in plan.phases] == [
        ["acme/lib"],
        ["acme/api"],
        ["acme/web"],
    ]
    trees = [one.tree for one in plan.renderings]
    shown = await git(
        await workspace.services.repositories.rendered.store(
            await workspace.services.repositories.get("acme/web")
        ),
        "show",
        f"{plan.rendering('acme/web').commit}:change.json",
    )
    assert all(tree in shown for tree in trees[:2])
    assert trees[2] not in shown


async def test_a_plan_is_kept_as_it_was_told_with_its_diffs_and_an_event(
    workspace: Workspace,
) -> None:
    plan = await workspace.plan()
    assert await workspace.plans.get(plan.id) == plan
    patch = await workspace.plans.patch(plan.id, "acme/lib")
    assert patch is not None
    assert "+++ b/change.json" in patch.text
    events = (await workspace.services.events.read(0, channels=["plans"])).events
    assert [(one.name, one.data["hash"]) for one in events] == [("plan.created", plan.hash)]
    assert plan.hash == plan_hash(plan.inputs)
    [operation] = [
        one
        for one in await workspace.services.audit.page(0, 100)
        if one.operation == "create_execution_plan"
    ]
    assert plan.hash in str(operation.changes)


async def test_nothing_is_published_by_planning(workspace: Workspace) -> None:
    plan = await workspace.plan()
    path = workspace.folder / "lib"
    assert await git(path, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert await git(path, "rev-parse", "main") == plan.rendering("acme/lib").base_commit


async def test_commits_carry_the_plan_and_what_they_depend_on(workspace: Workspace) -> None:
    plan = await workspace.plan(scripted("# note\ndate > now"))
    repository = await workspace.services.repositories.get("acme/web")
    store = await workspace.services.repositories.rendered.store(repository)
    message = await git(store, "show", "-s", "--format=%B", plan.rendering("acme/web").commit)
    assert message.splitlines() == [
        "Run date > now",
        "",
        f"GitOps-Plan: {plan.id}",
        "Depends-On: acme/api",
        "Depends-On: acme/lib",
    ]


async def test_a_bump_finds_who_asks_for_the_name_and_leaves_its_provider_alone(
    workspace: Workspace,
) -> None:
    plan = await workspace.plan(BUMP)
    assert [phase.repositories for phase in plan.phases] == [["acme/api"], ["acme/web"]]
    assert plan.title == "Bump @acme/lib to 2.0.0"
    reasons = [one.reason for phase in plan.phases for one in phase.risk.factors]
    assert any("@acme/lib from 1 to 2 in acme/api" in reason for reason in reasons)


async def test_a_bump_that_nobody_asks_for_says_who_was_looked_at(workspace: Workspace) -> None:
    request = PlanRequest(change=BumpDependency(name="left-pad", version="2"))
    with pytest.raises(NotFound, match=r"None of 3 repositories asks for left-pad.*acme/api"):
        await workspace.plan(request)


async def test_a_script_needs_to_be_told_its_repositories(workspace: Workspace) -> None:
    request = scripted().model_copy(update={"repositories": None})
    with pytest.raises(InvalidRequest, match="names no repositories"):
        await workspace.plan(request)


async def test_a_plan_in_which_a_rendering_failed_is_kept_and_says_so(
    workspace: Workspace,
) -> None:
    plan = await workspace.plan(scripted("fail in acme/api"))
    failed = plan.rendering("acme/api")
    assert (failed.status, failed.commit) == ("failed", "")
    assert "status 3" in failed.reason
    assert plan.notes == ["It cannot be executed: the change fails in acme/api."]
    assert [one.repository_id for one in plan.steps] == ["acme/lib", "acme/web"]


async def test_where_nothing_changes_nothing_is_done(workspace: Workspace) -> None:
    plan = await workspace.plan(scripted("nothing", "lib"))
    assert [one.status for one in plan.renderings] == ["unchanged"]
    assert plan.steps == []
    assert not plan.needs_approval


async def test_gates_are_asked_about_the_rendered_trees(workspace: Workspace) -> None:
    await commit(workspace.folder / "lib", {".gitops/quality-gates.yaml": GATES})
    plan = await workspace.plan(scripted("date", "lib", "api"))
    red, none = plan.rendering("acme/lib"), plan.rendering("acme/api")
    assert [(one.passed, one.commit) for one in red.gates] == [(False, red.commit)]
    assert [one.status for one in none.gates] == ["skipped"]
    names = {one.name for one in plan.phases[0].risk.factors}
    assert "red_gates" in names
    assert "no_gates" in {one.name for one in plan.phases[1].risk.factors}
    assert plan.notes == ["Quality gates say no to what it makes of acme/lib."]


async def test_gates_are_not_asked_when_that_is_not_wanted(workspace: Workspace) -> None:
    plan = await workspace.plan(scripted("date", "lib", check_gates=False))
    assert plan.rendering("acme/lib").gates == []
    assert "gates_not_asked" in {one.name for one in plan.phases[0].risk.factors}


@pytest.mark.parametrize(
    ("policy", "delivery", "needed"),
    [
        ("never", "merge", False),
        ("destructive", "branch", False),
        ("destructive", "merge", True),
        ("always", "branch", True),
    ],
)
async def test_the_policy_says_which_plans_need_approval(
    workspace: Workspace, policy: str, delivery: str, needed: bool
) -> None:
    request = scripted("date", "lib", delivery=delivery, check_gates=False)
    plan = await workspace.under(plan_approval=policy).plan(request)
    assert plan.needs_approval is needed


async def test_pull_requests_are_refused_where_the_forge_has_none(workspace: Workspace) -> None:
    with pytest.raises(InvalidRequest, match="git, which has no pull requests"):
        await workspace.plan(scripted("date", "lib", delivery="pull_request"))


async def test_a_cycle_is_refused_or_warned_of_as_is_wanted(workspace: Workspace) -> None:
    await commit(workspace.folder / "lib", package("lib", web="^1.0.0"))
    with pytest.raises(Conflict, match="need one another at run time"):
        await workspace.plan(scripted(cycles="refuse"))
    plan = await workspace.plan()
    assert [len(phase.repositories) for phase in plan.phases] == [3]
    assert "acme/api, acme/lib, acme/web" in (plan.phases[0].warning or "")


async def test_a_branch_that_is_not_there_is_named(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="no branch, tag or commit 'release'"):
        await workspace.plan(scripted("date", "lib", target_branch="release"))


async def test_another_branch_than_the_default_one_is_changed_on_request(
    workspace: Workspace,
) -> None:
    await git(workspace.folder / "lib", "branch", "release")
    await commit(workspace.folder / "lib", {"later": "x"})
    plan = await workspace.plan(scripted("date", "lib", target_branch="release"))
    rendering = plan.rendering("acme/lib")
    assert rendering.branch == "release"
    assert rendering.base_commit == await git(workspace.folder / "lib", "rev-parse", "release")


async def test_equal_plans_make_equal_trees_and_other_scripts_other_hashes(
    workspace: Workspace,
) -> None:
    first, second, other = [
        await workspace.plan(scripted(script, "lib", check_gates=False))
        for script in ("date", "date", "data")
    ]
    assert first.hash == second.hash
    assert first.inputs.trees == second.inputs.trees
    assert other.hash != first.hash


async def test_a_change_that_nothing_renders_is_refused(workspace: Workspace) -> None:
    parts = replace(workspace.parts, renderers={})
    async with workspace.services.audit.operation("test", "create_execution_plan", {}):
        with pytest.raises(Unavailable, match="Nothing here renders changes of the kind script"):
            await Planner(parts).plan(scripted(), "agent", _quiet)


async def test_every_repository_is_told_of_once_and_progress_only_grows(
    workspace: Workspace,
) -> None:
    told: list[tuple[float, float | None, str]] = []

    async def tell(done: float, total: float | None, message: str) -> None:
        told.append((done, total, message))

    async with workspace.services.audit.operation("test", "create_execution_plan", {}):
        await Planner(workspace.parts).plan(scripted(), "agent", tell)
    rendered = [message for _, _, message in told if message.startswith("Rendered")]
    assert rendered == ["Rendered acme/lib.", "Rendered acme/api.", "Rendered acme/web."]
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][0] == told[-1][1]


async def test_a_pipeline_is_run_in_order_and_undone_by_its_rollback_jobs(
    workspace: Workspace,
) -> None:
    for name, text in (("lib", PIPELINE + ROLLBACK), ("api", PIPELINE)):
        await commit(workspace.folder / name, {".gitops/pipeline.yaml": text})
    change = RunPipeline(pipeline="deploy")
    names = ("acme/lib", "acme/api", "acme/web")
    plan = await workspace.plan(PlanRequest(change=change, repositories=names))
    assert [(one.kind, one.repository_id, one.reversible) for one in plan.steps] == [
        ("pipeline_run", "acme/lib", True),
        ("pipeline_run", "acme/api", False),
    ]
    assert plan.point_of_no_return == 2
    assert plan.needs_approval
    assert plan.rendering("acme/web").status == "failed"
    assert {*plan.inputs.pipelines} == {"acme/lib", "acme/api"}


async def _quiet(done: float, total: float | None, message: str) -> None:
    """Takes progress and says nothing."""
