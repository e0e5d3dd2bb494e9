"""A platform that carries out pipelines of a real repository, and what is left of their jobs."""

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import anyio.to_thread
import yaml
from pydantic import SecretStr
from sqlalchemy import select

from gitops_auditor.app import Platform, carrying_out, open_platform
from gitops_auditor.cli.session import call
from gitops_auditor.config import Settings, load_settings
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.pipelines.explanation import FailureExplanation
from gitops_auditor.pipelines.records import Run
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import run_attempts
from tests.factories.git import make_repository

GRACE_SECONDS = 0.5
WAIT_SECONDS = 60
MIB = 2**20


def narrow_settings(folder: Path, database_url: str, **more: Any) -> Settings:
    """Limits that a job reaches soon."""
    return load_settings(
        {},
        data_dir=folder / "data",
        database=SecretStr(database_url),
        workspaces=folder / "runs",
        grace_seconds=GRACE_SECONDS,
        job_memory_bytes=96 * MIB,
        job_processes=60,
        job_disk_bytes=20 * MIB,
        job_log_bytes=MIB,
        artifacts_bytes=MIB,
        **more,
    )


class Ended(NamedTuple):
    """A run that is over, what is left of its jobs, and why it failed."""

    run: Run
    left: list[int]
    failure: FailureExplanation | None

    @property
    def seconds(self) -> float:
        """How long the job that took longest was running."""
        return max(
            (job.completed_at - job.started_at).total_seconds()
            for job in self.run.jobs
            if job.completed_at and job.started_at
        )


@dataclass(frozen=True)
class Machine:
    """A platform, and a folder for its repositories."""

    platform: Platform
    folder: Path

    async def run(self, *jobs: Mapping[str, Any], files: Mapping[str, str] | None = None) -> Ended:
        """Run the jobs one after another, each in a stage of its own, to the end of the run."""
        pipeline_id = await self.pipeline(*jobs, files=files)
        run: Run = await call(self.platform, "run_pipeline", pipeline_id=pipeline_id)
        return await self.ended(run.id)

    async def pipeline(
        self, *jobs: Mapping[str, Any], files: Mapping[str, str] | None = None
    ) -> str:
        """The id of a pipeline of these jobs in a new repository."""
        stages = [
            {"name": f"s{at}", "jobs": [{"name": "it", **job}]} for at, job in enumerate(jobs)
        ]
        text = yaml.safe_dump({"name": "faults", "version": "2.0", "stages": stages})
        number = len(list(self.folder.glob("repository-*")))
        place = self.folder / f"repository-{number}"
        await make_repository(place, {".gitops/pipeline.yaml": text, **(files or {})})
        repository = await call(self.platform, "register_repository", path=str(place))
        await call(self.platform, "sync_pipelines", repository_id=repository.id)
        found = await call(self.platform, "list_pipelines", repository_id=repository.id)
        return str(found.items[0].id)

    async def ended(self, run_id: str) -> Ended:
        """The run at its end."""
        services = self.platform.services
        run = await services.pipelines.runs.wait(run_id, WAIT_SECONDS)
        assert run.finished, run
        left = await leftovers(services.database, run_id)
        failure = None
        if run.status == "failed":
            failure = await call(self.platform, "explain_failure", run_id=run_id)
        return Ended(run, left, failure)

    async def log(self, run_id: str, job: str) -> str:
        """The end of what a job wrote."""
        piece = await call(self.platform, "read_run_log", run_id=run_id, job=job)
        return str(piece.text)


async def leftovers(database: Database, run_id: str) -> list[int]:
    """The processes that are left of any attempt of a run."""
    async with database.read() as connection:
        query = select(run_attempts.c.cookie).where(run_attempts.c.run_id == run_id)
        cookies = [str(one) for one in await connection.scalars(query)]

    def look() -> list[int]:
        return [pid for cookie in cookies for pid in process_tree.processes_of_job(cookie)]

    return await anyio.to_thread.run_sync(look)


@asynccontextmanager
async def open_machine(settings: Settings) -> AsyncIterator[Machine]:
    """The platform of these settings, which carries out its runs in this process."""
    async with open_platform(settings) as platform, carrying_out(platform):
        yield Machine(platform, settings.data_dir.parent)


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Machine]:
    """The platform without what carries out runs; executors that others started are ended."""
    async with open_platform(settings) as platform:
        try:
            yield Machine(platform, settings.data_dir.parent)
        finally:
            for pid in executors(settings.data_dir):
                os.kill(pid, signal.SIGKILL)


def executors(data_dir: Path) -> list[int]:
    """The detached executors of a data folder."""
    of_folder = f"GITOPS_DATA_DIR={data_dir}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if command[-1] == b"executor" and of_folder in variables:
            found.append(int(process.name))
    return found
