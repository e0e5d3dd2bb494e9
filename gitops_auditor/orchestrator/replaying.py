"""Renders a past plan again and proves that it comes to what was recorded."""

import shutil
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.identity import new_id
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.planning.hashing import plan_hash, request_digest
from gitops_auditor.orchestrator.planning.inputs import graph_digest
from gitops_auditor.orchestrator.planning.ordering import ordered
from gitops_auditor.orchestrator.planning.phase_rendering import Batch, Made, PhaseRendering
from gitops_auditor.orchestrator.planning.targets import Target
from gitops_auditor.orchestrator.records import (
    Patch,
    Plan,
    Rendering,
    ReplayDifference,
    ReplayReport,
)
from gitops_auditor.orchestrator.rendering.renderer import Renderer
from gitops_auditor.orchestrator.service import unknown
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.repositories.rendered_store import drop_abandoned
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

FOLDER: Final = "replays"

Progress = Callable[[float, float | None, str], Awaitable[None]]
RenderersOf = Callable[[RepositoryRegistry], Mapping[str, Renderer]]


class Replayer:
    """Nothing that an earlier rendering left is used, and nothing of it is removed either: plans
    that are still to be executed need it.
    """

    def __init__(
        self,
        database: Database,
        repositories: RepositoryRegistry,
        renderers_of: RenderersOf,
        settings: Settings,
    ) -> None:
        """`renderers_of` makes the renderers that read and write through a registry."""
        self._database = database
        self._repositories = repositories
        self._renderers_of = renderers_of
        self._settings = settings

    async def replay(self, plan_id: str, progress: Progress) -> ReplayReport:
        """Render from the recorded request, base commits and order, and compare tree by tree.

        Raises NotFound for the plan, Unavailable when a repository cannot be reached; a record that
        cannot be read, or a base commit that is gone, is a difference.
        """
        try:
            plan, patches = await self._recorded(plan_id)
        except (ValueError, zlib.error) as unreadable:
            said = f"{type(unreadable).__name__}: {unreadable}"[:500]
            return _report(plan_id, 0, [_difference(plan_id, "record", "", said)])
        found = [*_of_record(plan)]
        async with self._apart() as repositories:
            targets, gone = await _targets(repositories, plan)
            found += gone
            if not gone and not isinstance(plan.request.change, RunPipeline):
                made = await self._rendered(repositories, plan, targets, progress)
                found += _of_renderings(plan, patches, made)
        return _report(plan_id, len(targets), found)

    async def _recorded(self, plan_id: str) -> tuple[Plan, dict[str, Patch]]:
        async with self._database.read() as connection:
            plan = await store.get(connection, plan_id)
            if plan is None:
                raise unknown(plan_id)
            names = [one.repository_id for one in plan.renderings]
            patches = {name: await store.patch(connection, plan_id, name) for name in names}
        return plan, {name: patch for name, patch in patches.items() if patch is not None}

    async def _rendered(
        self,
        repositories: RepositoryRegistry,
        plan: Plan,
        targets: Mapping[str, Target],
        progress: Progress,
    ) -> dict[str, Made]:
        done = 0

        async def tell(sentence: str) -> None:
            nonlocal done
            done += 1
            await progress(done, len(targets), sentence)

        renderers = self._renderers_of(repositories)
        rendering = PhaseRendering(repositories, renderers, self._settings.plan_workers)
        batch = Batch(
            plan.id,
            plan.request,
            int(plan.created_at.timestamp()),
            [phase.repositories for phase in plan.phases],
            targets,
            plan.inputs.links,
        )
        return await rendering.all(batch, tell)

    @asynccontextmanager
    async def _apart(self) -> AsyncIterator[RepositoryRegistry]:
        """A registry that knows none of the commits that were made so far."""
        parent = self._settings.data_dir / FOLDER
        await anyio.to_thread.run_sync(_make, parent)
        folder = parent / new_id()
        try:
            yield self._repositories.apart(folder)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(shutil.rmtree, folder, True)


def _make(parent: Path) -> None:
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    drop_abandoned(parent, "*")


async def _targets(
    repositories: RepositoryRegistry, plan: Plan
) -> tuple[dict[str, Target], list[ReplayDifference]]:
    """What was rendered on, and how it differs from what was recorded."""
    targets: dict[str, Target] = {}
    found: list[ReplayDifference] = []
    for one in plan.renderings:
        name = one.repository_id
        try:
            repository = await repositories.get(name)
            tree = await repositories.rendered.tree_of(repository, one.base_commit)
        except GitOpsError as missing:
            found.append(_difference(name, "base commit", one.base_commit, missing.message))
            continue
        targets[name] = Target(repository, one.branch, one.base_commit)
        found += _unless_equal(name, "base tree", one.base_tree, tree)
    placed = {name for phase in plan.phases for name in phase.repositories}
    for name in sorted(placed ^ {one.repository_id for one in plan.renderings}):
        found.append(_difference(name, "phase", str(name in placed), str(name not in placed)))
    return targets, found


def _of_record(plan: Plan) -> Iterator[ReplayDifference]:
    """Whether what was recorded of the plan agrees with itself and its hash."""
    inputs = plan.inputs
    yield from _unless_equal(plan.id, "hash", plan.hash, plan_hash(inputs))
    try:
        request = request_digest(plan.request)
    except GitOpsError as unfit:
        request = unfit.message
    yield from _unless_equal(plan.id, "request", inputs.request, request)
    yield from _unless_equal(plan.id, "graph", inputs.graph, graph_digest(inputs.links))
    commits = {one.repository_id: one.base_commit for one in plan.renderings}
    trees = {one.repository_id: one.tree for one in plan.renderings if one.tree}
    yield from _of_digests("base commit", inputs.commits, commits)
    yield from _of_digests("tree", inputs.trees, trees)
    phases = [[*phase.repositories] for phase in plan.phases]
    again = [[*phase.repositories] for phase in ordered([*commits], inputs.links, "together")]
    yield from _unless_equal(plan.id, "order", str(phases), str(again))


def _of_digests(
    what: str, recorded: Mapping[str, str], replayed: Mapping[str, str]
) -> Iterator[ReplayDifference]:
    for name in sorted({*recorded, *replayed}):
        yield from _unless_equal(name, what, recorded.get(name, ""), replayed.get(name, ""))


def _of_renderings(
    plan: Plan, patches: Mapping[str, Patch], made: Mapping[str, Made]
) -> Iterator[ReplayDifference]:
    for one in plan.renderings:
        again = made[one.repository_id]
        yield from _of_rendering(one, again.rendering)
        if patches.get(one.repository_id) != again.patch:
            yield _difference(one.repository_id, "diff", "as recorded", "another one")


def _of_rendering(one: Rendering, again: Rendering) -> Iterator[ReplayDifference]:
    name = one.repository_id
    yield from _unless_equal(name, "status", one.status, again.status)
    yield from _unless_equal(name, "rendered tree", one.tree, again.tree)
    yield from _unless_equal(name, "rendered commit", one.commit, again.commit)
    if one.files != again.files:
        yield _difference(name, "changed files", "as recorded", "others")


def _unless_equal(
    subject: str, what: str, recorded: str, replayed: str
) -> Iterator[ReplayDifference]:
    if recorded != replayed:
        yield _difference(subject, what, recorded, replayed)


def _difference(subject: str, what: str, recorded: str, replayed: str) -> ReplayDifference:
    return ReplayDifference(subject=subject, what=what, recorded=recorded, replayed=replayed)


def _report(plan_id: str, repositories: int, found: list[ReplayDifference]) -> ReplayReport:
    return ReplayReport(plan_id=plan_id, ok=not found, repositories=repositories, differences=found)
