"""Three real repositories of which one needs the next, and what makes plans of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import update

from gitops_auditor.identity import SYSTEM
from gitops_auditor.orchestrator.approving import Approvals
from gitops_auditor.orchestrator.changes import RunScript
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.forges.forge import Forge
from gitops_auditor.orchestrator.forges.git import GitForge
from gitops_auditor.orchestrator.gates import PhaseGates
from gitops_auditor.orchestrator.planning.planner import Parts, Planner
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.rendering.renderer import Rendered, RenderRequest
from gitops_auditor.orchestrator.replaying import Replayer
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.orchestrator.service import Plans
from gitops_auditor.orchestrator.staleness import Freshness
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.services import Services
from gitops_auditor.storage.metadata import metadata
from tests.factories.git import make_repository

NAMES = ("lib", "api", "web")
"""Each needs the one before; ids are `acme/<name>`."""


class FileRenderer:
    """Commits a file that says what was asked for and which trees of earlier phases it saw.

    A change that has the name of a repository in it fails there, one with `nothing` changes
    nothing anywhere.
    """

    def __init__(self, repositories: RepositoryRegistry) -> None:
        self._repositories = repositories

    async def render(self, request: RenderRequest) -> Rendered:
        change = request.change.model_dump(mode="json")
        text = str(change.get("script", ""))
        if f"fail in {request.repository.id}" in text:
            raise WorkFailed("The script ended with status 3.", hint="Correct it.")
        if text == "nothing":
            return Rendered("", "", notes=("Nothing to do.",))
        seen = {name: one.tree for name, one in request.earlier.items()}
        content = json.dumps({"change": change, "seen": seen}, sort_keys=True).encode()
        made = await self._repositories.rendered.commit_files(
            request.repository,
            request.base_commit,
            {"change.json": content},
            request.message,
            request.moment,
        )
        return Rendered(made.commit, made.tree)


def renderers_of(repositories: RepositoryRegistry) -> dict[str, FileRenderer]:
    return dict.fromkeys(("bump", "script"), FileRenderer(repositories))


class EveryForge:
    """One forge for all repositories."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    async def of(self, _: Repository) -> Forge:
        return self._forge


@dataclass(frozen=True)
class Workspace:
    """Repositories under `folder`, registered, and the parts that plans are made with."""

    services: Services
    folder: Path
    parts: Parts

    @property
    def plans(self) -> Plans:
        return Plans(self.services.database)

    @property
    def freshness(self) -> Freshness:
        parts = self.parts
        return Freshness(
            parts.repositories, parts.dependencies, parts.pipelines, parts.forges, parts.gates
        )

    @property
    def replayer(self) -> Replayer:
        parts = self.parts
        return Replayer(parts.database, parts.repositories, renderers_of, parts.settings)

    def approvals(self, **settings: Any) -> Approvals:
        parts = self.parts
        wanted = parts.settings.model_copy(update=settings)
        return Approvals(parts.database, parts.events, parts.audit, self.freshness, wanted)

    def under(self, **settings: Any) -> "Workspace":
        """The same with other settings."""
        wanted = self.parts.settings.model_copy(update=settings)
        return replace(self, parts=replace(self.parts, settings=wanted))

    async def add(self, name: str, files: Mapping[str, str | bytes]) -> Path:
        path = self.folder / name
        await make_repository(path, files, origin=f"https://github.com/acme/{name}")
        async with self.services.audit.operation("test", "register_repository", {}):
            await self.services.repositories.register_path(path, SYSTEM)
        return path

    async def alter(self, table: str, plan_id: str, **values: Any) -> None:
        """Change columns of a plan behind its back."""
        changed = metadata.tables[table]
        key = changed.c.id if table == "plans" else changed.c.plan_id
        async with self.services.database.write() as transaction:
            await transaction.execute(update(changed).where(key == plan_id).values(**values))

    async def scan(self) -> None:
        async with self.services.audit.operation("test", "scan_dependencies", {}):
            await self.services.dependencies.scan(progress=ignore)

    async def plan(self, request: PlanRequest | None = None, actor: str = "agent") -> Plan:
        """A plan of the request, of a script in all three repositories without one."""
        wanted = request or scripted()
        async with self.services.audit.operation(actor, "create_execution_plan", {}):
            return await Planner(self.parts).plan(wanted, actor, ignore)


def scripted(script: str = "date > now", *names: str, **facts: Any) -> PlanRequest:
    """A script in the repositories, in all three when none are named."""
    chosen = tuple(f"acme/{name}" for name in names or NAMES)
    return PlanRequest(change=RunScript(script=script), repositories=chosen, **facts)


def package(name: str, **needs: str) -> dict[str, str | bytes]:
    """The manifest of an npm package that needs others."""
    needed = {f"@acme/{one}": constraint for one, constraint in needs.items()}
    facts = {"name": f"@acme/{name}", "version": "1.0.0", "dependencies": needed}
    return {"package.json": json.dumps(facts, indent=2) + "\n"}


async def open_workspace(services: Services, folder: Path) -> Workspace:
    """The three repositories, not scanned yet."""
    parts = Parts(
        services.settings,
        services.database,
        services.events,
        services.audit,
        services.repositories,
        services.dependencies,
        services.pipelines,
        EveryForge(GitForge(services.repositories.publishing)),
        PhaseGates(services.quality, services.repositories, services.audit),
        renderers_of(services.repositories),
    )
    workspace = Workspace(services, folder, parts)
    await workspace.add("lib", package("lib"))
    await workspace.add("api", package("api", lib="^1.0.0"))
    await workspace.add("web", package("web", api="^1.0.0", lib="~1.0.0"))
    return workspace


async def ignore(done: float, total: float | None, message: str) -> None:
    """Takes progress and says nothing."""
