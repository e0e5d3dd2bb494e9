"""The barrier before a phase: what it needs of earlier phases has to be there to be had."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import anyio

from gitops_auditor.dependencies.models import Dependency, Package
from gitops_auditor.errors import Unavailable
from gitops_auditor.orchestrator.effects.effect import Progress
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.forges.forge import Forge, Forges, PullRequests
from gitops_auditor.orchestrator.history import History
from gitops_auditor.orchestrator.merge_order import Edges, providers_of
from gitops_auditor.orchestrator.published import PublishedPackages
from gitops_auditor.orchestrator.records import Phase, Plan, Rendering
from gitops_auditor.orchestrator.registries import Release
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry

LONGEST_PAUSE: Final = 60.0

Packages = Callable[[], Awaitable[Sequence[Package]]]
Look = Callable[[], Awaitable[bool]]


class Registry(Protocol):
    """Where packages are installed from."""

    async def tool_for(self, release: Release) -> str | None:
        """The program that can be asked about a release; None when there is none."""
        ...

    async def has(self, release: Release, repository_id: str, commit: str) -> bool:
        """Whether the registry has it that this commit of a repository installs from."""
        ...


class Availability:
    """Looks at ever longer intervals, from `first_pause` seconds on, for at most `seconds`."""

    def __init__(
        self,
        forges: Forges,
        repositories: RepositoryRegistry,
        edges: Edges,
        packages: Packages,
        registries: Registry,
        seconds: float,
        first_pause: float = 2.0,
    ) -> None:
        self._forges = forges
        self._repositories = repositories
        self._edges = edges
        self._packages = packages
        self._published = PublishedPackages(repositories.revisions)
        self._history = History(repositories.revisions)
        self._registries = registries
        self._seconds = seconds
        self._first_pause = first_pause

    async def wait(self, plan: Plan, phase: Phase, tell: Progress) -> list[str]:
        """Wait until the phase can have what it needs of earlier ones; returns notes, a sentence
        each, on what could not be looked at or is not needed.

        Raises Unavailable that names what did not come in time, or when a forge cannot be reached.
        """
        deadline = anyio.current_time() + self._seconds
        edges, notes = await self._edges(), list[str]()
        providers = {
            provider: None
            for name in phase.repositories
            for provider in providers_of(plan, name, edges)
        }
        for provider in providers:
            await self._published_of(plan, provider, deadline, tell)
        if plan.request.delivery == "merge":
            async for note in self._released(plan, phase, providers, edges, deadline, tell):
                notes.append(note)
        return list(dict.fromkeys(notes))

    async def _published_of(
        self, plan: Plan, provider: str, deadline: float, tell: Progress
    ) -> None:
        rendering = plan.rendering(provider)
        if not rendering.commit or not _was_published(plan, provider):
            return
        repository = await self._repositories.get(provider)
        forge = await self._forges.of(repository)

        async def look() -> bool:
            return await self._is_there(plan, repository, forge, rendering)

        await self._until(look, f"{rendering.commit[:12]} of {provider}", deadline, tell)

    async def _is_there(
        self, plan: Plan, repository: Repository, forge: Forge, rendering: Rendering
    ) -> bool:
        own = branch_of(plan.id)
        heads = await forge.heads(repository, [rendering.branch, own])
        if rendering.commit in heads.values():
            return True
        if isinstance(forge, PullRequests):
            found = await forge.find_pull_request(repository, own)
            if found is not None and found.state == "merged":
                return True
        head = heads[rendering.branch]
        if head is None:
            return False
        # What was pushed since and is not on this machine tells nobody anything.
        return await self._history.contains(repository, head, rendering.commit) is True

    async def _released(
        self,
        plan: Plan,
        phase: Phase,
        providers: Mapping[str, None],
        edges: Sequence[Dependency],
        deadline: float,
        tell: Progress,
    ) -> AsyncIterator[str]:
        releases = await self._releases(plan, providers)
        for edge in edges:
            if edge.source_repo in phase.repositories:
                for release in releases.get(edge.target_repo or "", ()):
                    if release.name in (edge.name, edge.target_package):
                        note = await self._one(plan, edge, release, deadline, tell)
                        if note:
                            yield note

    async def _releases(
        self, plan: Plan, providers: Mapping[str, None]
    ) -> Mapping[str, Sequence[Release]]:
        offered: dict[str, list[Package]] = defaultdict(list)
        for package in await self._packages():
            if package.repository in providers:
                offered[package.repository].append(package)
        found: dict[str, Sequence[Release]] = dict.fromkeys(providers, ())
        for provider, packages in offered.items():
            rendering = plan.rendering(provider)
            if rendering.commit:
                repository = await self._repositories.get(provider)
                found[provider] = await self._published.releases(repository, rendering, packages)
        return found

    async def _one(
        self, plan: Plan, edge: Dependency, release: Release, deadline: float, tell: Progress
    ) -> str | None:
        """Wait for a release that a repository asks for; a note when nobody has to, or can."""
        consumer = edge.source_repo
        rendering = plan.rendering(consumer)
        commit = rendering.commit or rendering.base_commit
        repository = await self._repositories.get(consumer)
        if not await self._published.asks_for(repository, commit, edge, release):
            return f"{edge.file} of {consumer} does not take {release}; it stays with an older one."
        if await self._registries.tool_for(release) is None:
            return f"Nothing here can ask a registry for {release}, which {consumer} needs."

        async def look() -> bool:
            return await self._registries.has(release, consumer, commit)

        await self._until(look, f"the release {release} for {consumer}", deadline, tell)
        return None

    async def _until(self, look: Look, what: str, deadline: float, tell: Progress) -> None:
        pause = self._first_pause
        while not await look():
            left = deadline - anyio.current_time()
            if left <= 0:
                raise Unavailable(
                    f"Waited {self._seconds:g} seconds in vain for {what}.",
                    hint="Look whether it is published, then resume the plan.",
                )
            await tell(f"Waits for {what}.")
            await anyio.sleep(min(pause, left))
            pause = min(pause * 2, LONGEST_PAUSE)


def _was_published(plan: Plan, repository_id: str) -> bool:
    kinds = ("branch", "merge")
    return any(
        one.repository_id == repository_id and one.kind in kinds and one.status == "done"
        for one in plan.steps
    )
