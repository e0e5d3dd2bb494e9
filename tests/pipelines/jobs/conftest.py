"""Fixtures of jobs: a run's workspace, its logs, and the handler of scripts."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.connections.service import Connections
from gitops_auditor.execution.process import Processes
from gitops_auditor.pipelines.jobs.artifacts import RunArtifacts, open_artifacts
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from gitops_auditor.pipelines.logs import FileLogs
from gitops_auditor.storage.database import Database
from tests.execution.jobs import FixedSandbox
from tests.pipelines.jobs.attempts import Attempts, make_workspace


async def no_secrets(_references: Mapping[str, str]) -> dict[str, str]:
    return {}


AMBIENT = {"TOKEN": "treasure-chest/+?", "HIDDEN": "never offered"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {},
        data_dir=tmp_path / "data",
        grace_seconds=0.3,
        secret_variables=("TOKEN",),
        job_disk_bytes=20 * 2**20,
        job_log_bytes=2**20,
        cache_bytes=2 * 2**20,
        artifacts_bytes=2**20,
    )


@pytest.fixture
def attempts(tmp_path: Path, settings: Settings) -> Attempts:
    return Attempts(make_workspace(tmp_path), FileLogs(tmp_path / "logs"), settings)


@pytest.fixture
async def sandbox() -> AsyncIterator[FixedSandbox]:
    async with Processes.open() as processes:
        yield FixedSandbox(processes)


@pytest.fixture
def artifacts(settings: Settings, database: Database) -> RunArtifacts:
    return open_artifacts(settings, database, Connections({}, no_secrets, {}))


@pytest.fixture
def scripts(
    sandbox: FixedSandbox,
    settings: Settings,
    artifacts: RunArtifacts,
    monkeypatch: pytest.MonkeyPatch,
) -> ScriptJobs:
    for name, value in AMBIENT.items():
        monkeypatch.setenv(name, value)
    return ScriptJobs.open(settings, artifacts, sandbox)
