"""The document's `mcp: code-linter` and `mcp: security-scanner` run without any configuration."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from tests.factories.runs import Project, job_of, run_settings

EXAMPLE = """
name: quality
stages:
  - name: quality-check
    parallel: true
    jobs:
      - linting:
          mcp: code-linter
          config: ruff.toml
          linter: ruff
      - security:
          mcp: security-scanner
          action: dependencies
          level: medium
      - format:
          mcp: code-linter
          action: format
          linter: ruff
"""
CLEAN = {"a.py": "x = 1\n", "ruff.toml": "lint.select = ['F']\n"}


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def test_clean_files_pass_and_nothing_to_scan_is_in_nobodys_way(project: Project) -> None:
    await project.define(EXAMPLE, CLEAN)
    run = await project.run()
    assert job_of(run, "quality-check/linting").status == "success"
    assert job_of(run, "quality-check/format").status == "success"
    assert job_of(run, "quality-check/security").status == "success"
    assert "Skipped: there is nothing for any tool" in await project.log(
        run, "quality-check/security"
    )


async def test_a_finding_fails_the_job_and_is_in_its_log(project: Project) -> None:
    await project.define(EXAMPLE, {**CLEAN, "b.py": "import os\n"})
    run = await project.run()
    linting = job_of(run, "quality-check/linting")
    assert linting.status == "failed"
    log = await project.log(run, "quality-check/linting")
    assert "b.py:1:8: medium: `os` imported but unused [ruff F401]" in log
