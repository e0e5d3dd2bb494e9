"""Attempts of script jobs as an engine starts them: in a workspace of their own, really run."""

import os
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import yaml

from gitops_auditor.config import Settings
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.handlers import Attempt, JobHandler, Outcome, Workspace
from gitops_auditor.pipelines.logs import FileLogs
from gitops_auditor.pipelines.ordering import arrange
from gitops_auditor.pipelines.trigger_models import Event
from tests.execution.jobs import NOBODY


def make_workspace(folder: Path) -> Workspace:
    """The folders of a run, which the job user owns and can reach."""
    workspace = Workspace(folder / "run" / "checkout", folder / "run" / "home", "c0ffee")
    for path in (workspace.checkout, workspace.home):
        path.mkdir(parents=True)
        if NOBODY is not None:
            os.chown(path, *NOBODY)
    if NOBODY is not None:
        for parent in workspace.home.parents:
            if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o001)
    return workspace


class Attempts:
    """Makes attempts of one run, and reads what they wrote."""

    def __init__(self, workspace: Workspace, logs: FileLogs, settings: Settings) -> None:
        self.workspace = workspace
        self.logs = logs
        self.settings = settings
        self.cookie = uuid.uuid4().hex
        self._number = 0

    def move_to(self, commit: str) -> None:
        """Let the next attempts be of another commit."""
        self.workspace = replace(self.workspace, commit=commit)

    @asynccontextmanager
    async def attempt(
        self,
        job: Mapping[str, Any] | str,
        *,
        of: Mapping[str, Any] | None = None,
        seconds: float = 30,
        run_id: str = "run1",
        event: Event | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Mapping[str, str]] | None = None,
    ) -> AsyncIterator[Attempt]:
        """An attempt of the last job of a pipeline; `of` holds more of the definition."""
        given = {"script": job} if isinstance(job, str) else dict(job)
        document = {"name": "p", "stages": [], **(of or {})}
        stage = {"name": "check", "jobs": [{"name": "job", **given}]}
        document["stages"] = [*document["stages"], stage]
        definition = parse_definition(yaml.safe_dump(document))
        arrangement = arrange(definition)
        spec = list(arrangement.jobs.values())[-1]
        self._number += 1
        log = await self.logs.open(run_id, spec.id, self._number)
        try:
            yield Attempt(
                run_id=run_id,
                run_number=7,
                pipeline_id="p1",
                repository_id="r1",
                number=self._number,
                job=spec,
                stage=arrangement.stages[spec.stage],
                definition=definition,
                event=event or Event(type="push", branch="main"),
                inputs=inputs or {},
                outputs=outputs or {},
                workspace=self.workspace,
                cookie=self.cookie,
                timeout=seconds,
                log=log,
            )
        finally:
            await log.close()

    async def run(
        self, handler: JobHandler, job: Mapping[str, Any] | str, **facts: Any
    ) -> tuple[Outcome, str]:
        """The outcome of an attempt, and its log."""
        async with self.attempt(job, **facts) as attempt:
            with anyio.fail_after(60):
                outcome = await handler.run(attempt)
        return outcome, await self.log(attempt)

    async def log(self, attempt: Attempt) -> str:
        whole = await self.logs.read(attempt.run_id, attempt.job.id, attempt.number, 0, 2**20)
        return whole.data.decode(errors="replace")

    def left(self) -> list[int]:
        """The processes of these attempts that still run."""
        return process_tree.processes_of_job(self.cookie)
