"""Pull requests of plans."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.errors import Refused, Stale
from gitops_auditor.orchestrator.changes import BumpDependency, RunPipeline
from gitops_auditor.orchestrator.effects.branch import BranchEffect
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.effects.pull_request import PullRequestEffect
from gitops_auditor.orchestrator.effects.pull_request_text import body_of, title_of
from gitops_auditor.orchestrator.records import FileChange, PhaseRisk, RiskFactor
from gitops_auditor.repositories.models import Repository
from tests.orchestrator.effects.contexts import (
    context_of,
    make_rendered,
    needs,
    one_repository,
    push,
    rendered_as,
    with_step,
)
from tests.orchestrator.effects.forges import BareForge, ReviewForge
from tests.orchestrator.plans import plan_of

URL = "https://forge.example/acme/lib/pull/7"
LIB, WEB = "acme/lib", "acme/web"


async def test_a_pull_request_says_what_it_depends_on_and_asks_the_owners(tmp_path: Path) -> None:
    commits = {one: await make_rendered(tmp_path / one) for one in (LIB, WEB)}
    plan = rendered_as(plan_of((LIB,), (WEB,)), commits)
    plan = with_step(plan, LIB, "pull_request", status="done", result={"url": URL})
    plan = with_step(plan, WEB, "pull_request")
    context = context_of(plan, plan.steps[-1])
    forge = ReviewForge({one: tmp_path / one for one in (LIB, WEB)})
    effect = PullRequestEffect(forge, edges_between, owners)
    await BranchEffect(forge).perform(context, {})
    pre_image = await effect.observe(context)
    first = await effect.perform(context, pre_image)
    assert await effect.perform(context, pre_image) == first
    (opened,) = forge.opened
    assert (opened.head, opened.base, opened.title) == (branch_of(plan.id), "main", plan.title)
    assert opened.reviewers == ["web-team", commits[WEB].base]
    assert opened.body.endswith(f"\n\nGitOps-Plan: {plan.id}\nDepends-On: {URL}\n")
    assert context.step.marker in opened.body


async def test_a_pull_request_is_closed_with_a_comment_and_stays_known(tmp_path: Path) -> None:
    context, _ = await one_repository(tmp_path)
    forge = ReviewForge({LIB: tmp_path})
    effect = PullRequestEffect(forge, edges_between, owners)
    assert (await effect.undo(context, {}, None)).outcome == "nothing"
    await BranchEffect(forge).perform(context, {})
    result = await effect.perform(context, {})
    assert "open" in str(await effect.differs(context, {}))
    for _ in range(2):
        undone = await effect.undo(context, {}, None)
        assert undone.outcome == "undone"
        assert str(result["url"]) in undone.sentence
    assert await effect.differs(context, {}) is None
    (comment,) = forge.comments
    assert context.plan.id in comment


async def test_a_pull_request_that_was_merged_meanwhile_is_not_undone(tmp_path: Path) -> None:
    context, commits = await one_repository(tmp_path)
    forge = ReviewForge({LIB: tmp_path})
    effect = PullRequestEffect(forge, edges_between, owners)
    await BranchEffect(forge).perform(context, {})
    await effect.perform(context, {})
    await forge.merge_pull_request(context.repository, 1, commits.rendered)
    undone = await effect.undo(context, {}, None)
    assert undone.outcome == "not_undone"
    assert commits.rendered in undone.sentence


async def test_a_pull_request_of_other_commits_fails_the_step(tmp_path: Path) -> None:
    context, _ = await one_repository(tmp_path)
    forge = ReviewForge({LIB: tmp_path})
    await BranchEffect(forge).perform(context, {})
    theirs = await push(tmp_path, branch_of(context.plan.id))
    with pytest.raises(Stale) as stale:
        await PullRequestEffect(forge, edges_between, owners).perform(context, {})
    assert stale.value.details == {"present": theirs}


async def test_a_forge_without_pull_requests_is_named(tmp_path: Path) -> None:
    context, _ = await one_repository(tmp_path)
    effect = PullRequestEffect(BareForge({LIB: tmp_path}), edges_between, owners)
    with pytest.raises(Refused, match="git has no pull requests"):
        await effect.perform(context, {})


def test_the_text_says_what_why_and_how_risky() -> None:
    plan = plan_of((LIB,))
    bump = plan.request.model_copy(update={"change": BumpDependency(name="core", version="2.0.0")})
    factors = [RiskFactor(name="fan-out", points=30, reason="Six repositories need it.")]
    risk = PhaseRisk(score=30, level="medium", factors=factors)
    phase = plan.phases[0].model_copy(update={"risk": risk})
    plan = plan.model_copy(update={"request": bump, "title": "", "phases": [phase]})
    files = [FileChange(path="a`b", status="M", added=1, removed=1)] * 31
    rendering = plan.renderings[0].model_copy(update={"files": files})
    body = body_of(plan, plan.steps[0], rendering, [])
    assert title_of(plan) == "Raise core to 2.0.0"
    assert "Risk: medium (30 of 100).\n- Six repositories need it." in body
    assert "- `a'b` (M)\n- and 1 more" in body
    run = plan.request.model_copy(update={"change": RunPipeline(pipeline="deploy")})
    assert title_of(plan.model_copy(update={"request": run})) == "Run deploy"
    assert len(title_of(plan.model_copy(update={"title": "word " * 100}))) == 200


async def edges_between() -> list[Any]:
    return [needs(WEB, LIB), needs(LIB, WEB)]


async def owners(repository: Repository, commit: str, paths: Sequence[str]) -> Sequence[str]:
    return ["web-team", commit]
