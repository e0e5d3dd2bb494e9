"""A runner of tools in a real sandbox, and a folder that it can look at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.config import load_settings
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.linters.running import ToolRunner
from tests.factories.owned import owned
from tests.factories.python_programs import offer_programs
from tests.factories.runs import run_settings
from tests.linters.tools.direct import DATABASE


@pytest.fixture
def root(runs_in: Path) -> Path:
    folder = runs_in / "root"
    folder.mkdir()
    return folder


@pytest.fixture
async def runner(
    runs_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ToolRunner]:
    settings = load_settings(
        {},
        data_dir=tmp_path / "data",
        job_log_bytes=2**20,
        advisory_database=DATABASE,
        job_folders=offer_programs(runs_in / "programs", monkeypatch),
        **run_settings(runs_in),
    )
    async with owned(Sandbox.open(settings)) as sandbox:
        yield ToolRunner(sandbox, settings)
