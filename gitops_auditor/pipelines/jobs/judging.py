"""What the end of a script and what it left make of an attempt."""

from dataclasses import replace

from gitops_auditor.errors import GitOpsError, JsonValue
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.supervision.process_tree import kill_job
from gitops_auditor.formats.coverage_reading import CoverageError
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.pipelines.jobs.coverage import measure
from gitops_auditor.pipelines.jobs.masked_log import MaskedLog
from gitops_auditor.pipelines.jobs.outputs import VARIABLE, OutputFile


def looks_further(attempt: Attempt, result: JobResult, output_file: OutputFile) -> bool:
    """Whether `judged` blocks: it has processes to end, or files to read."""
    return not result.all_gone or attempt.job.job.coverage is not None or output_file.is_there


def judged(attempt: Attempt, result: JobResult, output_file: OutputFile, log: MaskedLog) -> Outcome:
    """The outcome of a script that ended; it may block, see `looks_further`.

    Succeeded, it may still fail for outputs that it did not set, and for its coverage. Whatever is
    left of its processes is killed.
    """
    if not result.all_gone:
        kill_job(attempt.cookie)
    outcome = _handed_on(attempt, output_file, _outcome_of(attempt, result), log)
    return _covered(attempt, outcome, log)


def _outcome_of(attempt: Attempt, result: JobResult) -> Outcome:
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
        reason=_reason_of(attempt, result),
        exit_code=result.exit_code,
        isolation=result.isolation.name.lower(),
        metrics=metrics,
    )


def _reason_of(attempt: Attempt, result: JobResult) -> str:
    if result.failure != "timeout":
        return result.reason
    # Restoring its cache takes of its time, too: the script had less than the job.
    return f"It ran longer than its {round(attempt.timeout, 1):g} seconds."


def _handed_on(
    attempt: Attempt, output_file: OutputFile, outcome: Outcome, log: MaskedLog
) -> Outcome:
    declared = attempt.job.job.outputs
    try:
        values = output_file.take()
    except GitOpsError as error:
        return failed(outcome, str(error))
    if undeclared := sorted(values.keys() - set(declared)):
        log.note(f"Not kept, because `outputs` does not name them: {', '.join(undeclared)}.")
    if missing := [name for name in declared if name not in values]:
        names = ", ".join(missing)
        return failed(outcome, f"It did not set {names}: write NAME=value to ${VARIABLE}.")
    return replace(outcome, outputs={name: values[name] for name in declared})


def _covered(attempt: Attempt, outcome: Outcome, log: MaskedLog) -> Outcome:
    job = attempt.job.job
    if job.coverage is None or outcome.failure:
        return outcome
    try:
        measured = measure(attempt.workspace.checkout, job.working_directory, job.coverage)
    except (CoverageError, GitOpsError) as error:
        return failed(outcome, f"Its coverage is not known. {error}")
    log.note(measured.sentence)
    outcome = with_metrics(
        outcome,
        coverage_percent=round(measured.lines.percent, 2),
        coverage_covered=measured.lines.covered,
        coverage_total=measured.lines.total,
    )
    shortfall = measured.shortfall(job.coverage.threshold)
    return failed(outcome, shortfall) if shortfall else outcome


def with_metrics(outcome: Outcome, **metrics: JsonValue) -> Outcome:
    """The outcome with more figures."""
    return replace(outcome, metrics={**outcome.metrics, **metrics})


def failed(outcome: Outcome, reason: str, kind: FailureKind = "failed") -> Outcome:
    """The outcome, failed for this reason unless it failed before."""
    return outcome if outcome.failure else replace(outcome, failure=kind, reason=reason)
