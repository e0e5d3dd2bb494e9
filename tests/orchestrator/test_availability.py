"""The barrier before a phase, over real repositories. The registry is a fake: none can run here."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from gitops_auditor.dependencies.models import Dependency, Package
from gitops_auditor.errors import Unavailable
from gitops_auditor.identity import LOCAL
from gitops_auditor.orchestrator.availability import Availability
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.fields import Delivery, StepKind
from gitops_auditor.orchestrator.forges.forge import NewPullRequest
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.registries import Release
from gitops_auditor.services import Services
from tests.factories.git import commit, git, make_repository
from tests.orchestrator.effects.contexts import (
    Commits,
    needs,
    push,
    rendered_as,
    repository,
    untold,
    with_step,
)
from tests.orchestrator.effects.forges import BareForge, ReviewForge
from tests.orchestrator.plans import plan_of

ACTOR = "test"
LIB, WEB = "acme/lib", "acme/web"
SOON = 0.001


class Released:
    """A registry that has some releases; `tool` is what it is asked with."""

    def __init__(self, *releases: str, tool: str | None = "npm") -> None:
        self.releases = {*releases}
        self.tool = tool
        self.asked: list[tuple[str, str, str]] = []

    async def tool_for(self, release: Release) -> str | None:
        assert release.namespace == "npm"
        return self.tool

    async def has(self, release: Release, repository_id: str, commit: str) -> bool:
        self.asked.append((str(release), repository_id, commit))
        return str(release) in self.releases


class Scene(NamedTuple):
    """A library in phase 1 that becomes 2.0.0, and a site in phase 2 that asks for ^2.0.0."""

    services: Services
    paths: dict[str, Path]
    commits: dict[str, Commits]

    def plan(self, kind: StepKind, delivery: Delivery) -> Plan:
        """The plan after phase 1."""
        plan = rendered_as(plan_of((LIB,), (WEB,)), self.commits)
        request = plan.request.model_copy(update={"delivery": delivery})
        plan = plan.model_copy(update={"request": request})
        return with_step(plan, LIB, kind, status="done", result={})

    def barrier(
        self, registry: Released, *, forge: BareForge | None = None, seconds: float = 0.0
    ) -> Availability:
        """The barrier, which waits so long."""
        repositories = self.services.repositories
        where = forge or BareForge(self.paths)
        return Availability(where, repositories, edges, packages, registry, seconds, SOON)

    async def merge(self) -> None:
        """Publish the library."""
        await git(self.paths[LIB], "update-ref", "refs/heads/main", self.commits[LIB].rendered)


@pytest.fixture
async def scene(services: Services, tmp_path: Path) -> Scene:
    commits, paths = {}, {}
    for name, before, after in (
        (LIB, '{"name": "lib", "version": "1.0.0"}', '{"name": "lib", "version": "2.0.0"}'),
        (WEB, _asking("^1.0.0"), _asking("^2.0.0")),
    ):
        paths[name] = path = tmp_path / name
        base = await make_repository(
            path, {"package.json": before}, origin=f"https://example.org/{name}.git"
        )
        rendered = await commit(path, {"package.json": after})
        await git(path, "checkout", "--quiet", "--detach")
        await git(path, "update-ref", "refs/heads/main", base)
        commits[name] = Commits(base, rendered)
        async with services.audit.operation(ACTOR, "register_repository", {}):
            await services.repositories.register_path(path, LOCAL)
    return Scene(services, paths, commits)


async def test_a_phase_waits_until_what_it_needs_is_published_and_released(scene: Scene) -> None:
    plan, registry = scene.plan("merge", "merge"), Released()
    told: list[str] = []

    async def publish(sentence: str) -> None:
        told.append(sentence)
        if "release" in sentence:
            registry.releases.add("lib 2.0.0")
        else:
            await scene.merge()

    barrier = scene.barrier(registry, seconds=60)
    assert await barrier.wait(plan, plan.phase(2), publish) == []
    assert [sentence.partition(" of ")[0] for sentence in told] == [
        f"Waits for {scene.commits[LIB].rendered[:12]}",
        "Waits for the release lib 2.0.0 for acme/web.",
    ]
    assert {*registry.asked} == {("lib 2.0.0", WEB, scene.commits[WEB].rendered)}
    assert await barrier.wait(plan, plan.phase(1), publish) == []
    assert len(told) == 2


async def test_what_does_not_come_in_time_is_named(scene: Scene) -> None:
    plan = scene.plan("merge", "merge")
    with pytest.raises(Unavailable, match=f"{scene.commits[LIB].rendered[:12]} of acme/lib"):
        await scene.barrier(Released()).wait(plan, plan.phase(2), untold)
    await scene.merge()
    with pytest.raises(Unavailable, match=r"the release lib 2\.0\.0 for acme/web"):
        await scene.barrier(Released()).wait(plan, plan.phase(2), untold)


async def test_a_branch_that_went_on_still_has_what_was_published(scene: Scene) -> None:
    plan = scene.plan("merge", "merge")
    await scene.merge()
    await push(scene.paths[LIB], "main")
    registry = Released("lib 2.0.0")
    assert await scene.barrier(registry).wait(plan, plan.phase(2), untold) == []


async def test_a_release_is_waited_for_only_where_plans_merge(scene: Scene) -> None:
    plan, registry = scene.plan("branch", "branch"), Released()
    rendered = scene.commits[LIB].rendered
    await git(scene.paths[LIB], "update-ref", f"refs/heads/{branch_of(plan.id)}", rendered)
    assert await scene.barrier(registry).wait(plan, plan.phase(2), untold) == []
    assert registry.asked == []


async def test_a_pull_request_that_was_merged_counts_whatever_its_branch_became(
    scene: Scene,
) -> None:
    forge, plan = ReviewForge(scene.paths), scene.plan("branch", "pull_request")
    branch, lib = branch_of(plan.id), repository(LIB)
    await forge.move_branch(lib, branch, None, scene.commits[LIB].rendered)
    await forge.open_pull_request(lib, NewPullRequest(branch, "main", "", ""))
    await forge.merge_pull_request(lib, 1, scene.commits[LIB].rendered)
    await forge.move_branch(lib, branch, scene.commits[LIB].rendered, None)
    # Merged as another commit, as with squashing.
    await git(scene.paths[LIB], "update-ref", "refs/heads/main", scene.commits[LIB].base)
    barrier = scene.barrier(Released(), forge=forge)
    assert await barrier.wait(plan, plan.phase(2), untold) == []


async def test_nobody_waits_for_a_release_that_is_not_taken_or_cannot_be_asked_for(
    scene: Scene,
) -> None:
    await scene.merge()
    plan = scene.plan("merge", "merge")
    (note,) = await scene.barrier(Released(tool=None)).wait(plan, plan.phase(2), untold)
    assert "lib 2.0.0" in note
    web = scene.commits[WEB]._replace(rendered=scene.commits[WEB].base)
    older = rendered_as(plan, {**scene.commits, WEB: web})
    registry = Released()
    (note,) = await scene.barrier(registry).wait(older, older.phase(2), untold)
    assert "does not take lib 2.0.0" in note
    assert registry.asked == []


def _asking(constraint: str) -> str:
    return f'{{"name": "web", "private": true, "dependencies": {{"lib": "{constraint}"}}}}'


async def edges() -> Sequence[Dependency]:
    return [needs(WEB, LIB, name="lib", version_constraint="^1.0.0")]


async def packages() -> Sequence[Package]:
    return [
        Package(
            repository=LIB,
            namespace="npm",
            name="lib",
            version="1.0.0",
            file="package.json",
            line=1,
        )
    ]
