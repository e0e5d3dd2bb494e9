"""Renders a change phase by phase, each with the renderings of the phases before it at hand."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple

import anyio

from gitops_auditor.errors import Cancelled, GitOpsError, Unavailable
from gitops_auditor.orchestrator.planning.messages import commit_message
from gitops_auditor.orchestrator.planning.targets import Target
from gitops_auditor.orchestrator.records import FileChange, Patch, Rendering
from gitops_auditor.orchestrator.rendering.renderer import Rendered, Renderer, RenderRequest
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.repositories.service import RepositoryRegistry

MOST_PATCH_BYTES: Final = 1024 * 1024

Tell = Callable[[str], Awaitable[None]]


class Batch(NamedTuple):
    """What is rendered: `phases` are ids of `targets`; `links` are (consumer, provider)."""

    plan_id: str
    request: PlanRequest
    moment: int
    phases: Sequence[Sequence[str]]
    targets: Mapping[str, Target]
    links: Sequence[tuple[str, str]]


class Made(NamedTuple):
    """A rendering, and its diff when something changed."""

    rendering: Rendering
    patch: Patch | None = None


class PhaseRendering:
    """Renders at most `workers` repositories of a phase at once."""

    def __init__(
        self, repositories: RepositoryRegistry, renderers: Mapping[str, Renderer], workers: int
    ) -> None:
        self._repositories = repositories
        self._renderers = renderers
        self._workers = workers

    async def all(self, batch: Batch, tell: Tell) -> dict[str, Made]:
        """Every repository by id; what cannot be rendered says why.

        `tell` gets a sentence for each repository. Raises Cancelled, and Unavailable when nothing
        here renders such a change.
        """
        renderer = self._renderers.get(batch.request.change.kind)
        if renderer is None:
            raise Unavailable(
                f"Nothing here renders changes of the kind {batch.request.change.kind}.",
                hint=f"There are: {', '.join(sorted(self._renderers)) or 'none'}.",
            )
        made: dict[str, Made] = {}
        for number, phase in enumerate(batch.phases, 1):
            earlier = {name: one.rendering for name, one in made.items()}
            made |= await self._phase(renderer, batch, number, phase, earlier, tell)
        return made

    async def _phase(
        self,
        renderer: Renderer,
        batch: Batch,
        number: int,
        phase: Sequence[str],
        earlier: Mapping[str, Rendering],
        tell: Tell,
    ) -> dict[str, Made]:
        made: dict[str, Made] = {}

        async def render(name: str) -> None:
            facts, patch = await self._one(renderer, _asked(batch, name, earlier))
            # Only now: most renderers have read that tree, and it is remembered.
            blank = await self.blank(batch.targets[name], number)
            made[name] = Made(blank.model_copy(update=facts), patch)
            await tell(f"{made[name].rendering.status.capitalize()} {name}.")

        await each(phase, render, self._workers)
        return made

    async def blank(self, target: Target, number: int) -> Rendering:
        """A rendering of a target in which nothing is changed."""
        tree = await self._repositories.rendered.tree_of(target.repository, target.commit)
        return Rendering(
            repository_id=target.repository.id,
            phase=number,
            branch=target.branch,
            base_commit=target.commit,
            base_tree=tree,
            status="unchanged",
        )

    async def _one(
        self, renderer: Renderer, asked: RenderRequest
    ) -> tuple[dict[str, object], Patch | None]:
        """What a rendering says beside where it is of, and its diff."""
        try:
            rendered = await renderer.render(asked)
            if not rendered.commit:
                return _facts(rendered), None
            diff = await self._repositories.rendered.diff(
                asked.repository, asked.base_commit, rendered.commit, MOST_PATCH_BYTES
            )
        except Cancelled:
            raise
        except GitOpsError as error:
            return {"status": "failed", "reason": str(error)}, None
        files = [
            FileChange(path=one.path, status=one.status, added=one.added, removed=one.removed)
            for one in diff.files
        ]
        facts = {**_facts(rendered), "status": "rendered", "files": files}
        return facts, Patch(diff.text, diff.truncated)


async def each(
    names: Sequence[str], action: Callable[[str], Awaitable[None]], workers: int
) -> None:
    """Await the action for every name, at most `workers` at once; the first failure ends all."""
    limiter = anyio.CapacityLimiter(workers)

    async def bounded(name: str) -> None:
        async with limiter:
            await action(name)

    try:
        async with anyio.create_task_group() as tasks:
            for name in names:
                tasks.start_soon(bounded, name)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _asked(batch: Batch, name: str, earlier: Mapping[str, Rendering]) -> RenderRequest:
    target = batch.targets[name]
    needs = [provider for consumer, provider in batch.links if consumer == name]
    depends_on = sorted(provider for provider in needs if provider in earlier)
    return RenderRequest(
        batch.request.change,
        target.repository,
        target.commit,
        commit_message(batch.request, batch.plan_id, depends_on),
        batch.moment,
        earlier,
    )


def _facts(rendered: Rendered) -> dict[str, object]:
    return {
        "commit": rendered.commit,
        "tree": rendered.tree if rendered.commit else "",
        "verification": "unverified" if rendered.unverified else "resolved",
        "unverified": [*rendered.unverified],
        "notes": [*rendered.notes],
    }
