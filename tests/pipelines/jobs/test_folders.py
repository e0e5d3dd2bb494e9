"""Jobs may read the folders that the settings name, and no others."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_auditor.execution.supervision.orders import Isolation
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from tests.execution.jobs import FixedSandbox, every_level
from tests.pipelines.jobs.attempts import Attempts


@pytest.fixture
def tools() -> Iterator[Path]:
    """A folder with a program, which every user reaches."""
    with tempfile.TemporaryDirectory(prefix="tools-") as name:
        Path(name).chmod(0o755)
        program = Path(name) / "bin" / "hello"
        program.parent.mkdir(mode=0o755)
        program.write_text("#!/bin/sh\necho hello from elsewhere\n", encoding="utf-8")
        program.chmod(0o755)
        yield Path(name)


def knowing(scripts: ScriptJobs, *folders: Path) -> ScriptJobs:
    settings = scripts.settings.model_copy(update={"job_folders": folders})
    return replace(scripts, settings=settings)


@every_level
async def test_a_job_runs_a_program_of_a_named_folder_and_cannot_change_it(
    scripts: ScriptJobs,
    attempts: Attempts,
    sandbox: FixedSandbox,
    tools: Path,
    isolation: Isolation,
) -> None:
    sandbox.isolation = isolation
    script = f"{tools}/bin/hello; rm -f {tools}/bin/hello || true"
    outcome, log = await attempts.run(knowing(scripts, tools), script)
    assert outcome.failure is None, log
    assert "hello from elsewhere" in log
    if isolation is not Isolation.NONE or os.geteuid() == 0:
        assert (tools / "bin" / "hello").exists()


async def test_without_its_name_the_folder_is_closed(
    scripts: ScriptJobs, attempts: Attempts, tools: Path
) -> None:
    outcome, _ = await attempts.run(scripts, f"{tools}/bin/hello")
    assert outcome.failure == "failed"


async def test_a_folder_that_is_not_there_is_named(
    scripts: ScriptJobs, attempts: Attempts, tools: Path
) -> None:
    outcome, _ = await attempts.run(knowing(scripts, tools / "gone"), "true")
    assert outcome.failure == "errored"
    assert f"There is no folder {tools / 'gone'}" in outcome.reason


@pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this")
async def test_a_folder_that_the_user_of_jobs_cannot_reach_is_refused(
    scripts: ScriptJobs, attempts: Attempts, tools: Path
) -> None:
    os.chmod(tools, 0o700)  # noqa: PTH101 - pathlib is refused in coroutines
    outcome, _ = await attempts.run(knowing(scripts, tools / "bin"), "true")
    assert outcome.failure == "errored"
    assert "cannot reach" in outcome.reason
