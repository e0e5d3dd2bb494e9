"""A workspace of real repositories, and the services that scan it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_auditor.dependencies.models import Dependency, ScanReport
from gitops_auditor.identity import SYSTEM
from gitops_auditor.services import Services
from tests.factories.git import make_repository


@dataclass(frozen=True)
class Workspace:
    """Repositories under `folder`, registered and scanned through `services`."""

    services: Services
    folder: Path

    async def add(
        self, name: str, files: Mapping[str, str | bytes], origin: str | None = None
    ) -> Path:
        """Make a repository and register it."""
        path = self.folder / name
        await make_repository(path, files, origin=origin)
        await self.register(path)
        return path

    async def register(self, path: Path) -> None:
        async with self.services.audit.operation("test", "register_repository", {}):
            await self.services.repositories.register_path(path, SYSTEM)

    async def remove(self, repository_id: str) -> None:
        async with self.services.audit.operation("test", "remove_repository", {}):
            await self.services.repositories.remove(repository_id)

    async def scan(
        self, repository_ids: Sequence[str] | None = None, *, worktree: bool = False
    ) -> ScanReport:
        async with self.services.audit.operation("test", "scan_dependencies", {}):
            return await self.services.dependencies.scan(
                repository_ids, progress=ignore, worktree=worktree
            )

    async def edges(self) -> Sequence[Dependency]:
        return await self.services.dependencies.edges()

    async def links(self) -> list[tuple[str, str | None, str, str]]:
        """Edges as (source, target, name, constraint)."""
        return [
            (edge.source_repo, edge.target_repo, edge.name, edge.version_constraint)
            for edge in await self.edges()
        ]


async def ignore(done: float, total: float | None, message: str) -> None:
    """Takes progress and says nothing."""


@pytest.fixture
def workspace(services: Services, tmp_path: Path) -> Workspace:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return Workspace(services, folder)
