"""The target branch, in real repositories."""

from pathlib import Path

import pytest

from gitops_auditor.errors import Conflict, Stale
from gitops_auditor.orchestrator.effects.branch import BranchEffect
from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.effects.merge import Contains, MergeEffect
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.forges.forge import NewPullRequest
from gitops_auditor.repositories.models import Repository
from tests.factories.git import git
from tests.orchestrator.effects.contexts import Commits, one_repository, push
from tests.orchestrator.effects.forges import BareForge, ReviewForge


async def test_a_branch_is_moved_and_moved_back(tmp_path: Path) -> None:
    context, commits = await one_repository(tmp_path)
    effect = MergeEffect(BareForge({"acme/lib": tmp_path}), contains_in(tmp_path))
    pre_image = await effect.observe(context)
    first = await effect.perform(context, pre_image)
    assert await effect.perform(context, pre_image) == first
    assert await effect.observe(context) == pre_image
    assert await git(tmp_path, "rev-parse", "main") == commits.rendered
    assert commits.rendered in str(await effect.differs(context, pre_image))

    undone = await effect.undo(context, pre_image, None)
    again = await effect.undo(context, pre_image, first)
    assert (undone.outcome, again.outcome) == ("undone", "nothing")
    assert await effect.differs(context, pre_image) is None
    assert await git(tmp_path, "rev-parse", "main") == commits.base


async def test_what_was_pushed_since_stays_and_the_commit_to_revert_is_named(
    tmp_path: Path,
) -> None:
    context, commits = await one_repository(tmp_path)
    effect = MergeEffect(BareForge({"acme/lib": tmp_path}), contains_in(tmp_path))
    pre_image = await effect.observe(context)
    result = await effect.perform(context, pre_image)
    theirs = await push(tmp_path, "main")
    undone = await effect.undo(context, pre_image, result)
    assert undone.outcome == "not_undone"
    assert commits.rendered in undone.sentence
    assert await git(tmp_path, "rev-parse", "main") == theirs


async def test_a_branch_that_moved_since_the_plan_is_stale(tmp_path: Path) -> None:
    context, _ = await one_repository(tmp_path)
    theirs = await push(tmp_path, "main")
    for forge in (BareForge({"acme/lib": tmp_path}), ReviewForge({"acme/lib": tmp_path})):
        with pytest.raises(Stale) as stale:
            await MergeEffect(forge, contains_in(tmp_path)).observe(context)
        assert stale.value.details == {"present": theirs}
    effect = MergeEffect(BareForge({"acme/lib": tmp_path}), contains_in(tmp_path))
    with pytest.raises(Stale):
        await effect.perform(context, {})
    assert (await effect.undo(context, {}, None)).outcome == "nothing"
    assert await effect.differs(context, {}) is None


async def test_a_branch_that_is_gone_or_of_unknown_commits_is_left_to_people(
    tmp_path: Path,
) -> None:
    context, _ = await one_repository(tmp_path)
    forge = BareForge({"acme/lib": tmp_path})
    await MergeEffect(forge, contains_in(tmp_path)).perform(context, {})
    await push(tmp_path, "main")
    undone = await MergeEffect(forge, nobody_knows).undo(context, {}, None)
    assert undone.outcome == "not_undone"
    await git(tmp_path, "update-ref", "-d", "refs/heads/main")
    undone = await MergeEffect(forge, contains_in(tmp_path)).undo(context, {}, None)
    assert undone.outcome == "not_undone"
    assert "gone" in undone.sentence


async def test_a_pull_request_is_merged_and_stays_so(tmp_path: Path) -> None:
    context, commits, forge = await _reviewed(tmp_path)
    effect = MergeEffect(forge, contains_in(tmp_path))
    pre_image = await effect.observe(context)
    first = await effect.perform(context, pre_image)
    assert first["commit"] == commits.rendered
    assert await effect.perform(context, pre_image) == first
    assert await effect.observe(context) == pre_image
    undone = await effect.undo(context, pre_image, first)
    assert undone.outcome == "not_undone"
    assert commits.rendered in undone.sentence
    assert await effect.differs(context, pre_image) == undone.sentence
    assert str(first["url"]) in undone.sentence


async def test_a_pull_request_that_may_not_be_merged_yet_fails_the_step(tmp_path: Path) -> None:
    context, commits, forge = await _reviewed(tmp_path)
    forge.refusal = Conflict("A review is missing.", hint="Ask for one.")
    effect = MergeEffect(forge, contains_in(tmp_path))
    pre_image = await effect.observe(context)
    with pytest.raises(Conflict, match="review"):
        await effect.perform(context, pre_image)
    assert (await effect.undo(context, pre_image, None)).outcome == "nothing"
    assert await effect.differs(context, pre_image) is None
    assert await git(tmp_path, "rev-parse", "main") == commits.base


async def test_a_pull_request_that_somebody_closed_fails_the_step(tmp_path: Path) -> None:
    context, _, forge = await _reviewed(tmp_path)
    await forge.close_pull_request(context.repository, 1, "no")
    with pytest.raises(WorkFailed, match="closed"):
        await MergeEffect(forge, contains_in(tmp_path)).perform(context, {})
    forge.requests.clear()
    with pytest.raises(WorkFailed, match="not there any more"):
        await MergeEffect(forge, contains_in(tmp_path)).perform(context, {})


async def test_a_pull_request_is_not_merged_into_what_moved(tmp_path: Path) -> None:
    context, _, forge = await _reviewed(tmp_path)
    pre_image = await MergeEffect(forge, contains_in(tmp_path)).observe(context)
    theirs = await push(tmp_path, "main")
    with pytest.raises(Stale):
        await MergeEffect(forge, contains_in(tmp_path)).perform(context, pre_image)
    assert await git(tmp_path, "rev-parse", "main") == theirs


def contains_in(path: Path) -> Contains:
    async def contains(_repository: Repository, head: str, commit: str) -> bool:
        return await git(path, "merge-base", head, commit) == commit

    return contains


async def nobody_knows(_repository: Repository, _head: str, _commit: str) -> None:
    return None


async def _reviewed(path: Path) -> tuple[StepContext, Commits, ReviewForge]:
    context, commits = await one_repository(path)
    forge = ReviewForge({"acme/lib": path})
    await BranchEffect(forge).perform(context, {})
    new = NewPullRequest(branch_of(context.plan.id), "main", "Touch", "")
    await forge.open_pull_request(context.repository, new)
    return context, commits, forge
