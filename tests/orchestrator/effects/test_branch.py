"""The branch of a plan, in real repositories."""

from pathlib import Path

import pytest

from gitops_auditor.errors import Refused, Stale
from gitops_auditor.orchestrator.effects.branch import BranchEffect
from gitops_auditor.orchestrator.effects.names import branch_of, plan_of
from tests.factories.git import git
from tests.orchestrator.effects.contexts import context_of, one_repository, push
from tests.orchestrator.effects.forges import BareForge, ReviewForge


async def test_a_branch_is_made_once_however_often_and_undone_leaves_nothing(
    tmp_path: Path,
) -> None:
    context, commits = await one_repository(tmp_path)
    effect, branch = BranchEffect(BareForge({"acme/lib": tmp_path})), branch_of(context.plan.id)
    before = await git(tmp_path, "show-ref")
    pre_image = await effect.observe(context)
    first = await effect.perform(context, pre_image)
    assert await effect.perform(context, pre_image) == first
    assert first == {"branch": branch, "commit": commits.rendered}
    assert await git(tmp_path, "rev-parse", branch) == commits.rendered
    assert await effect.observe(context) == pre_image
    assert branch in str(await effect.differs(context, pre_image))

    undone = await effect.undo(context, pre_image, None)
    again = await effect.undo(context, pre_image, first)
    assert (undone.outcome, again.outcome) == ("undone", "nothing")
    assert await effect.differs(context, pre_image) is None
    assert await git(tmp_path, "show-ref") == before


async def test_what_somebody_pushed_onto_the_branch_stays(tmp_path: Path) -> None:
    context, _ = await one_repository(tmp_path)
    effect, branch = BranchEffect(BareForge({"acme/lib": tmp_path})), branch_of(context.plan.id)
    result = await effect.perform(context, await effect.observe(context))
    theirs = await push(tmp_path, branch)
    undone = await effect.undo(context, {"commit": None}, result)
    assert undone.outcome == "not_undone"
    assert theirs in undone.sentence
    assert await git(tmp_path, "rev-parse", branch) == theirs


async def test_a_branch_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    context, commits = await one_repository(tmp_path)
    effect = BranchEffect(BareForge({"acme/lib": tmp_path}))
    await git(tmp_path, "branch", branch_of(context.plan.id), commits.base)
    with pytest.raises(Stale) as stale:
        await effect.observe(context)
    assert stale.value.details == {"present": commits.base}
    with pytest.raises(Stale):
        await effect.perform(context, {"commit": None})


async def test_a_forge_is_used_only_when_its_server_may_be(tmp_path: Path) -> None:
    context, _ = await one_repository(tmp_path)
    effect = BranchEffect(ReviewForge({"acme/lib": tmp_path}))
    for servers in ([], ["github", "code-linter"]):
        await effect.observe(context_of(context.plan, context.step, servers))
    with pytest.raises(Refused, match="github"):
        await effect.observe(context_of(context.plan, context.step, ["code-linter"]))
    git_only = BranchEffect(BareForge({"acme/lib": tmp_path}))
    await git_only.observe(context_of(context.plan, context.step, ["code-linter"]))


def test_only_branches_of_plans_name_one() -> None:
    assert plan_of(branch_of("0123")) == "0123"
    for other in ("main", "gitops-auditor/", "gitops-auditor/a/b", "x/gitops-auditor/0123"):
        assert plan_of(other) is None
