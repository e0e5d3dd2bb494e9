"""Services that ask gates with the tools that are installed."""

from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.services import Services
from tests.factories.gates import GatedProject, gate_settings, open_gated


@pytest.fixture
def changes() -> dict[str, Any]:
    """What a test wants otherwise in the settings."""
    return {}


@pytest.fixture
def settings(
    settings: Settings, runs_in: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> Settings:
    return settings.model_copy(update={**gate_settings(runs_in, monkeypatch), **changes})


@pytest.fixture
async def gated(services: Services, tmp_path: Path) -> GatedProject:
    """An empty repository."""
    return await open_gated(services, tmp_path / "source", {})
