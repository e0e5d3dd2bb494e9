"""The effects as the platform wires them, on what it renders itself and publishes by git."""

from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from gitops_auditor.identity import LOCAL
from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.effects.reviewers import CodeOwnerReviewers
from gitops_auditor.orchestrator.fields import StepKind
from gitops_auditor.services import Services
from tests.factories.git import git, make_repository
from tests.orchestrator.effects.contexts import Commits, context_of, rendered_as
from tests.orchestrator.plans import plan_of

OWNERS = "* @acme/everybody\n/docs/ @writer\n"


class Published(NamedTuple):
    """A bare repository that is registered, and a step of a plan for it."""

    path: Path
    context: StepContext


@pytest.fixture
async def published(services: Services, tmp_path: Path) -> Published:
    work, path = tmp_path / "work", tmp_path / "lib.git"
    base = await make_repository(work, {"a.txt": "1\n", "CODEOWNERS": OWNERS})
    await git(tmp_path, "clone", "--quiet", "--bare", str(work), str(path))
    async with services.audit.operation("test", "register_repository", {}):
        repository = await services.repositories.register_path(path, LOCAL)
    made = await services.repositories.rendered.commit_files(
        repository, base, {"a.txt": b"2\n"}, "Change", 1_700_000_000
    )
    plan = plan_of((repository.id,))
    plan = rendered_as(plan, {repository.id: Commits(base, made.commit)})
    return Published(path, context_of(plan, plan.steps[0])._replace(repository=repository))


async def test_branches_and_merges_come_and_go(services: Services, published: Published) -> None:
    context, effects = published.context, services.plans.effects
    before = await git(published.path, "show-ref")
    kinds: tuple[StepKind, StepKind] = ("branch", "merge")
    for kind in kinds:
        pre_image = await effects[kind].observe(context)
        await effects[kind].perform(context, pre_image)
        assert await effects[kind].differs(context, pre_image)
    commit = context.rendering.commit
    assert await git(published.path, "rev-parse", "main") == commit
    assert await git(published.path, "rev-parse", branch_of(context.plan.id)) == commit
    for kind in reversed(kinds):
        pre_image = {"commit": context.rendering.base_commit}
        assert (await effects[kind].undo(context, pre_image, None)).outcome == "undone"
        assert await effects[kind].differs(context, pre_image) is None
    assert await git(published.path, "show-ref") == before


async def test_what_others_pushed_is_told_from_what_the_plan_did(
    services: Services, published: Published
) -> None:
    context, merge, path = published.context, services.plans.effects["merge"], published.path
    theirs = await _commit_on(path, context.rendering.base_commit)
    await git(path, "update-ref", "refs/heads/main", theirs)
    assert (await merge.undo(context, {}, None)).outcome == "nothing"
    assert await merge.differs(context, {}) is None

    await git(path, "update-ref", "refs/heads/main", context.rendering.base_commit)
    await merge.perform(context, {})
    await git(path, "update-ref", "refs/heads/main", await _commit_on(path, "main"))
    undone = await merge.undo(context, {}, None)
    assert undone.outcome == "not_undone"
    assert context.rendering.commit in undone.sentence


async def test_owners_of_what_changes_are_the_reviewers(
    services: Services, published: Published
) -> None:
    reviewers = CodeOwnerReviewers(services.repositories.revisions)
    repository, base = published.context.repository, published.context.rendering.base_commit
    paths = ["docs/index.md", "a.txt", "docs/other.md"]
    assert await reviewers(repository, base, paths) == ["writer", "acme/everybody"]
    assert await reviewers(repository, base, []) == []


def test_every_kind_of_step_has_an_effect(services: Services) -> None:
    assert {*services.plans.effects} == {*get_args(StepKind)}


async def _commit_on(path: Path, tip: str) -> str:
    return await git(path, "commit-tree", "-p", tip, "-m", "theirs", f"{tip}^{{tree}}")
