"""Who carries out a run that was added: this process, the executor, or one that is started."""

import os
import signal
from pathlib import Path

import anyio
import pytest

from gitops_auditor.app import executor_of
from gitops_auditor.config import Settings
from gitops_auditor.identity import LOCAL
from gitops_auditor.pipelines.executor.lock import ExecutorLock
from gitops_auditor.services import Services
from tests.factories.git import make_repository
from tests.factories.runs import (
    ACTOR,
    DEFINITION,
    RUN_SECONDS,
    Project,
    run_settings,
)

QUICK = """
name: quick
stages: [{name: one, jobs: [{name: says, script: "echo done"}]}]
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@pytest.fixture
async def idle(services: Services, tmp_path: Path) -> Project:
    """A project whose runs nobody carries out yet."""
    path = tmp_path / "project"
    await make_repository(path, {DEFINITION: QUICK}, origin="https://example.org/acme/tool.git")
    async with services.audit.operation(ACTOR, "register_repository", {}):
        await services.repositories.register_path(path, LOCAL)
    project = Project(services, path, "acme/tool")
    await project.sync()
    return project


async def test_a_process_that_is_the_executor_takes_the_run(idle: Project) -> None:
    async with executor_of(idle.services) as executor, anyio.create_task_group() as tasks:
        tasks.start_soon(executor.work)
        run = await idle.run()
        tasks.cancel_scope.cancel()
    assert run.status == "success"
    assert not (idle.services.settings.data_dir / "executor.log").exists()


async def test_where_there_is_no_executor_one_is_started_that_outlives_us(idle: Project) -> None:
    run = await idle.run()
    assert run.status == "success"
    lock = ExecutorLock(idle.services.settings.data_dir)
    assert not lock.is_free()
    pid = executor_pid(idle.services.settings.data_dir)
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGTERM)
    with anyio.fail_after(RUN_SECONDS):
        while not lock.is_free():
            await anyio.lowlevel.checkpoint()


def executor_pid(data_dir: Path) -> int:
    """The process that runs `gitops-auditor executor` on this data folder."""
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if b"executor" in command and f"GITOPS_DATA_DIR={data_dir}".encode() in environment:
            return int(process.name)
    message = "there is no executor"
    raise AssertionError(message)
