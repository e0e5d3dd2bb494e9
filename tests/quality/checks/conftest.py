"""Fixtures of checks: commands that really run, in folders that the user of jobs reaches."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.execution.process import Processes
from tests.factories.runs import run_folder
from tests.quality.checks.subjects import Commands


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {},
        data_dir=tmp_path / "data",
        grace_seconds=0.3,
        job_disk_bytes=20 * 2**20,
        job_log_bytes=2**20,
    )


@pytest.fixture
async def commands(settings: Settings) -> AsyncIterator[Commands]:
    with run_folder() as folder:
        async with Processes.open() as processes:
            yield Commands(folder, processes, settings)
