"""A fresh data folder for a measurement: services on it, repositories registered and scanned."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gitops_auditor.config import load_settings
from gitops_auditor.dependencies.models import ScanReport
from gitops_auditor.identity import SYSTEM
from gitops_auditor.services import Services, open_services


@asynccontextmanager
async def opened_workspace(folder: Path) -> AsyncIterator[Services]:
    """Services in a temporary data folder that know every repository under `folder`."""
    with tempfile.TemporaryDirectory(prefix="gitops-bench-") as data_dir:
        settings = load_settings({}, data_dir=Path(data_dir))
        async with open_services(settings) as services:
            async with services.audit.operation("benchmark", "discover_repositories", {}):
                await services.repositories.discover(folder, SYSTEM)
            yield services


async def scan(services: Services) -> ScanReport:
    """Scan everything that is registered."""
    async with services.audit.operation("benchmark", "scan_dependencies", {}):
        return await services.dependencies.scan(progress=ignore)


async def ignore(done: float, total: float | None, message: str) -> None:
    """Takes progress and says nothing."""
