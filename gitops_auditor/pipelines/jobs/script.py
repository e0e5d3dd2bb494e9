"""Jobs with a `script`: shell commands in the checkout, confined, bounded, and read in full.

Secrets reach the job as variables and nowhere else, and are masked in its log, outputs, reasons and
figures.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.lowlevel

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError, TimedOut, Unavailable
from gitops_auditor.execution.cache import Cache
from gitops_auditor.execution.environment import inherited
from gitops_auditor.execution.ports import Sandbox
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.supervision.orders import Isolation, Order
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.pipelines.jobs.artifacts import RunArtifacts
from gitops_auditor.pipelines.jobs.caching import JobCaches
from gitops_auditor.pipelines.jobs.judging import failed, judged, looks_further, with_metrics
from gitops_auditor.pipelines.jobs.masked_log import MaskedLog
from gitops_auditor.pipelines.jobs.orders import description, job_order
from gitops_auditor.pipelines.jobs.outputs import VARIABLE, OutputFile
from gitops_auditor.pipelines.jobs.seen_secrets import SeenSecrets
from gitops_auditor.pipelines.jobs.variables import variables
from gitops_auditor.pipelines.secrets import PipelineSecrets, open_secrets


@dataclass(frozen=True, slots=True)
class ScriptJobs:
    """Carries out jobs with a script."""

    sandbox: Sandbox
    secrets: PipelineSecrets
    caches: JobCaches
    artifacts: RunArtifacts
    settings: Settings
    inherited: Mapping[str, str]
    seen: SeenSecrets = field(default_factory=SeenSecrets)

    @classmethod
    def open(cls, settings: Settings, artifacts: RunArtifacts, sandbox: Sandbox) -> "ScriptJobs":
        """The handler that the settings describe."""
        cache = Cache(settings.data_dir / "cache", settings.cache_bytes)
        return cls(
            sandbox,
            open_secrets(settings),
            JobCaches(cache, sandbox),
            artifacts,
            settings,
            inherited(os.environ),
        )

    async def run(self, attempt: Attempt) -> Outcome:
        """The outcome of the script. Raises Unavailable, and starts nothing, without a secret.

        What a stranger proposes gets none: it could show them to anybody.
        """
        if self.settings.pipeline_engine_mode == "dry-run":
            return _shown(attempt)
        deadline = time.monotonic() + attempt.timeout
        wanted = {**attempt.definition.secrets, **attempt.job.job.secrets}
        secrets = await self.secrets.values(
            {} if attempt.event.is_from_fork else wanted,
            pipeline_id=attempt.pipeline_id,
            repository_id=attempt.repository_id,
        )
        masker = self.seen.with_new(attempt.run_id, secrets.values())
        log = MaskedLog(attempt.log, masker)
        if wanted and attempt.event.is_from_fork:
            log.note("The pull request comes from a fork: the job gets none of its secrets.")
        try:
            outcome = await self._run(attempt, secrets, log, deadline)
        except GitOpsError as error:
            kind: FailureKind = "timeout" if isinstance(error, TimedOut) else "errored"
            outcome = Outcome(kind, str(error))
        finally:
            log.finish()
        return log.masked(outcome)

    async def _run(
        self, attempt: Attempt, secrets: Mapping[str, str], log: MaskedLog, deadline: float
    ) -> Outcome:
        cached = await self.caches.restore(attempt, log)
        level = await self.sandbox.level()
        make = partial(self._prepared, attempt, level, variables(attempt, secrets), deadline)
        wanted = attempt.job.job
        # A thread takes longer than all else that is done here for most jobs.
        blocks = bool(wanted.outputs or wanted.working_directory)
        order, output_file = await anyio.to_thread.run_sync(make) if blocks else make()
        # Nothing before may have waited, and so have noticed that the attempt was told to end.
        await anyio.lowlevel.checkpoint_if_cancelled()
        log.note(description(order))
        result = await self.sandbox.processes.run(order, log.take)
        log.finish()
        outcome = await self._kept(attempt, await _judged(attempt, result, output_file, log), log)
        if cached is None:
            return outcome
        if outcome.failure is None:
            await self.caches.save(attempt, cached, log)
        return with_metrics(outcome, cache=cached.metrics)

    def _prepared(
        self, attempt: Attempt, level: Isolation, given: Mapping[str, str], deadline: float
    ) -> tuple[Order, OutputFile]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimedOut(
                "The time of the job was over before its script began.",
                hint="Give it a longer `timeout`, or less to restore from its cache.",
            )
        output_file = OutputFile(attempt.workspace.home)
        if attempt.job.job.outputs:
            output_file.make(self.sandbox.user)
        else:
            output_file.require_home()
        order = job_order(
            attempt,
            {**given, VARIABLE: output_file.path},
            inherited=self.inherited,
            isolation=level,
            user=self.sandbox.user,
            timeout=left,
            settings=self.settings,
        )
        return order, output_file

    async def _kept(self, attempt: Attempt, outcome: Outcome, log: MaskedLog) -> Outcome:
        try:
            kept = await self.artifacts.keep(attempt, failed=bool(outcome.failure), note=log.note)
        except GitOpsError as error:
            log.note(f"No artifacts were kept: {error}")
            failure: FailureKind = "errored" if isinstance(error, Unavailable) else "failed"
            return failed(outcome, str(error), failure)
        return outcome if kept is None else with_metrics(outcome, artifacts=kept)


async def _judged(
    attempt: Attempt, result: JobResult, output_file: OutputFile, log: MaskedLog
) -> Outcome:
    judge = partial(judged, attempt, result, output_file, log)
    if looks_further(attempt, result, output_file):
        return await anyio.to_thread.run_sync(judge)
    return judge()


def _shown(attempt: Attempt) -> Outcome:
    """What stands for an attempt while the platform runs nothing: its script, in the log."""
    script = attempt.job.job.script or ""
    attempt.log.write(
        f"[gitops-auditor] Not run: the platform is in dry-run mode.\n{script}\n".encode()
    )
    return Outcome(metrics={"dry_run": True})
