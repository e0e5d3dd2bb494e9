"""What tests of planning share."""

from pathlib import Path

import pytest

from gitops_auditor.services import Services
from tests.orchestrator.planning.workspace import Workspace, open_workspace


@pytest.fixture
async def workspace(services: Services, tmp_path: Path) -> Workspace:
    """Three repositories that are known and not scanned yet."""
    return await open_workspace(services, tmp_path / "workspace")
