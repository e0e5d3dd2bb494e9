"""What changes are rendered with in tests: real checkouts, a real sandbox, registered folders."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_auditor.config import Settings
from gitops_auditor.execution.job_user import resolve_job_user
from gitops_auditor.execution.ports import Sandbox
from gitops_auditor.execution.process import Processes
from gitops_auditor.identity import LOCAL
from gitops_auditor.orchestrator.changes import Change
from gitops_auditor.orchestrator.records import Rendering
from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms
from gitops_auditor.orchestrator.rendering.renderer import RenderRequest
from gitops_auditor.orchestrator.rendering.workspaces import RenderWorkspaces
from gitops_auditor.repositories.models import Repository
from gitops_auditor.services import Services
from tests.execution.jobs import FixedSandbox
from tests.factories.git import make_repository
from tests.factories.runs import run_settings

MOMENT = 1_790_000_000


@dataclass(frozen=True)
class Places:
    """Where changes are rendered, and a registered repository to render them in."""

    services: Services
    settings: Settings
    workspaces: RenderWorkspaces
    programs: ConfinedPrograms
    repository: Repository
    base: str

    @property
    def checkouts(self) -> list[Path]:
        """The folders of renderings that are there now."""
        folder = self.settings.workspaces
        return [] if folder is None else [*folder.glob(".rendering/*")]

    def request(
        self, change: Change, earlier: Mapping[str, Rendering] | None = None
    ) -> RenderRequest:
        """A change to be rendered at the first commit."""
        return RenderRequest(
            change, self.repository, self.base, "Change it\n", MOMENT, earlier or {}
        )


@asynccontextmanager
async def open_places(
    services: Services, runs_in: Path, path: Path, files: Mapping[str, str], **update: Any
) -> AsyncIterator[Places]:
    """Render in a repository at `path` with these files; `update` changes settings."""
    base = await make_repository(path, files)
    async with services.audit.operation("test", "register_repository", {}):
        repository = await services.repositories.register_path(path, LOCAL)
    settings = services.settings.model_copy(update={**run_settings(runs_in), **update})
    async with Processes.open() as processes:
        sandbox = FixedSandbox(processes, user=resolve_job_user(settings.job_user))

        async def open_sandbox() -> Sandbox:
            return sandbox

        workspaces = RenderWorkspaces(services.repositories, settings, services.process)
        programs = ConfinedPrograms(settings, open_sandbox)
        yield Places(services, settings, workspaces, programs, repository, base)
