"""Real runs of small pipelines, carried out by the process of the test."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from gitops_auditor.app import Platform, carrying_out, catalog_for
from gitops_auditor.identity import LOCAL
from gitops_auditor.pipelines.launching import Order
from gitops_auditor.pipelines.records import JobRun, Run, RunSummary
from gitops_auditor.pipelines.reruns import RerunScope
from gitops_auditor.pipelines.service import file_pipeline_id
from gitops_auditor.services import Services
from tests.factories.git import commit, make_repository

RUN_SECONDS = 40
ACTOR = "test"
DEFINITION = ".gitops/pipeline.yaml"


@contextmanager
def run_folder() -> Iterator[Path]:
    """A folder that the user of jobs reaches; pytest closes its own to others."""
    with TemporaryDirectory(prefix="gitops-runs-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


def run_settings(folder: Path) -> dict[str, Any]:
    """Settings under which runs work wherever the tests run; `folder` is that of `run_folder`."""
    return {"workspaces": folder / "runs", "allow_unsandboxed": True, "grace_seconds": 0.5}


@asynccontextmanager
async def runs_carried_out(services: Services) -> AsyncIterator[None]:
    """Carry out here what is started in the block; at its end what still runs is ended."""
    platform = Platform(services.settings, services, catalog_for(services.settings))
    with anyio.CancelScope() as scope:
        async with carrying_out(platform):
            yield
            scope.cancel()


@dataclass(frozen=True)
class Project:
    """A registered repository whose pipelines run."""

    services: Services
    path: Path
    repository_id: str

    async def define(self, definition: str, files: Mapping[str, str | bytes] | None = None) -> str:
        """Commit a definition, and know the pipeline that it is; returns the pipeline's id."""
        await commit(self.path, {DEFINITION: definition, **(files or {})})
        await self.sync()
        return file_pipeline_id(self.repository_id, DEFINITION)

    async def sync(self) -> None:
        """Know the pipelines of the default branch."""
        async with self.acting("sync_pipelines"):
            await self.services.pipelines.firing.sync(self.repository_id, ACTOR)

    async def start(self, pipeline_id: str = "", **order: Any) -> RunSummary:
        """Start the pipeline in the file, or another one."""
        wanted = Order(pipeline_id or file_pipeline_id(self.repository_id, DEFINITION), **order)
        async with self.acting("run_pipeline"):
            return await self.services.pipelines.launcher.start(wanted, ACTOR)

    async def run(self, pipeline_id: str = "", **order: Any) -> Run:
        """Start it and wait for its end."""
        return await self.ended((await self.start(pipeline_id, **order)).id)

    async def ended(self, run_id: str) -> Run:
        """The run at its end."""
        run = await self.services.pipelines.runs.wait(run_id, RUN_SECONDS)
        assert run.finished, run
        return run

    async def until(self, run_id: str, is_so: Callable[[Run], bool]) -> Run:
        """The run as soon as something is so."""
        changes = self.services.database.changes
        with anyio.fail_after(RUN_SECONDS):
            while True:
                seen = changes.version
                run = await self.services.pipelines.runs.get(run_id)
                if is_so(run):
                    return run
                await changes.wait(seen, 1.0)

    async def rerun(self, run_id: str, scope: RerunScope) -> Run:
        """Repeat a run and wait for its end."""
        async with self.acting("rerun_pipeline"):
            again = await self.services.pipelines.repeater.rerun(run_id, scope, ACTOR)
        return await self.ended(again.id)

    async def cancel(self, run_id: str) -> Run:
        """Cancel a run and wait for its end."""
        async with self.acting("cancel_run"):
            await self.services.pipelines.runs.cancel(run_id)
        return await self.ended(run_id)

    async def log(self, run: Run, job: str) -> str:
        """What a job wrote."""
        read = await self.services.pipelines.log_reader.read(run.id, job, None, 0, 1_000_000)
        return read.text

    def acting(self, operation: str) -> AbstractAsyncContextManager[object]:
        """The audited operation in which something is done."""
        return self.services.audit.operation(ACTOR, operation, {})


@asynccontextmanager
async def open_project(services: Services, path: Path) -> AsyncIterator[Project]:
    """An empty repository at `path`, registered; its runs are carried out in the block."""
    await make_repository(path, {}, origin="https://example.org/acme/tool.git")
    async with services.audit.operation(ACTOR, "register_repository", {}):
        repository = await services.repositories.register_path(path, LOCAL)
    async with runs_carried_out(services):
        yield Project(services, path, repository.id)


def job_of(run: Run, name: str) -> JobRun:
    """One job of a run."""
    return next(job for job in run.jobs if job.job == name)
