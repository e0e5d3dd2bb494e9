"""Jobs with a `script`: shell commands in the checkout, confined, bounded, and read in full.

Secrets reach the job as variables and nowhere else, and are masked in its log, outputs, reasons and
figures.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError, JsonValue
from gitops_auditor.execution.masking import Masker
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.supervision.orders import Order
from gitops_auditor.execution.supervision.process_tree import kill_job
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.pipelines.jobs.masked_log import MaskedLog
from gitops_auditor.pipelines.jobs.orders import description, job_order
from gitops_auditor.pipelines.jobs.outputs import VARIABLE, OutputFile
from gitops_auditor.pipelines.jobs.ports import Sandbox
from gitops_auditor.pipelines.jobs.variables import variables
from gitops_auditor.pipelines.secrets import PipelineSecrets


@dataclass(frozen=True, slots=True)
class ScriptJobs:
    """Carries out jobs with a script."""

    sandbox: Sandbox
    secrets: PipelineSecrets
    settings: Settings

    async def run(self, attempt: Attempt) -> Outcome:
        """The outcome of the script. Raises Unavailable, and starts nothing, without a secret."""
        deadline = time.monotonic() + attempt.timeout
        secrets = await self.secrets.values(
            {**attempt.definition.secrets, **attempt.job.job.secrets},
            pipeline_id=attempt.pipeline_id,
            repository_id=attempt.repository_id,
        )
        log = MaskedLog(attempt.log, Masker(secrets.values()))
        try:
            outcome = await self._run(attempt, secrets, log, deadline)
        except GitOpsError as error:
            outcome = Outcome("errored", str(error))
        finally:
            log.finish()
        return log.masked(outcome)

    async def _run(
        self, attempt: Attempt, secrets: Mapping[str, str], log: MaskedLog, deadline: float
    ) -> Outcome:
        given = variables(attempt, secrets)
        output_file = await anyio.to_thread.run_sync(
            OutputFile, attempt.workspace.home, self.sandbox.user
        )
        given[VARIABLE] = output_file.path
        outcome = await self._carried_out(await self._order(attempt, given, deadline), log)
        return await anyio.to_thread.run_sync(_handed_on, attempt, output_file, outcome, log)

    async def _order(self, attempt: Attempt, given: Mapping[str, str], deadline: float) -> Order:
        make = partial(
            job_order,
            attempt,
            given,
            isolation=await self.sandbox.level(),
            user=self.sandbox.user,
            timeout=max(deadline - time.monotonic(), 0.001),
            settings=self.settings,
        )
        return await anyio.to_thread.run_sync(make)

    async def _carried_out(self, order: Order, log: MaskedLog) -> Outcome:
        log.note(description(order))
        result = await self.sandbox.processes.run(order, log.take)
        log.finish()
        if not result.all_gone:
            await anyio.to_thread.run_sync(kill_job, order.cookie)
        return _outcome(result)


def _outcome(result: JobResult) -> Outcome:
    metrics: dict[str, JsonValue] = {
        "seconds": result.seconds,
        "cpu_seconds": result.cpu_seconds,
        "peak_memory_bytes": result.peak_memory_bytes,
        "output_bytes": result.output_bytes,
        "left_processes": result.left_processes,
    }
    if result.exceeded:
        metrics["exceeded"] = result.exceeded
    return Outcome(
        # Nobody but this handler cancels the process, and then it does not get here.
        failure="lost" if result.failure == "cancelled" else result.failure,
        reason=result.reason,
        exit_code=result.exit_code,
        isolation=result.isolation.name.lower(),
        metrics=metrics,
    )


def _handed_on(
    attempt: Attempt, output_file: OutputFile, outcome: Outcome, log: MaskedLog
) -> Outcome:
    declared = attempt.job.job.outputs
    try:
        values = output_file.take()
    except GitOpsError as error:
        return _failed(outcome, str(error))
    if undeclared := sorted(values.keys() - set(declared)):
        log.note(f"Not kept, because `outputs` does not name them: {', '.join(undeclared)}.")
    if missing := [name for name in declared if name not in values]:
        names = ", ".join(missing)
        return _failed(outcome, f"It did not set {names}: write NAME=value to ${VARIABLE}.")
    return replace(outcome, outputs={name: values[name] for name in declared})


def _failed(outcome: Outcome, reason: str) -> Outcome:
    """The outcome, failed for this reason unless it failed before."""
    return outcome if outcome.failure else replace(outcome, failure="failed", reason=reason)
