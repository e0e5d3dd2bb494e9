"""Runs as they are shown, made of what the database holds. Pure."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.records import (
    ArtifactInfo,
    Figure,
    JobRun,
    Run,
    RunProgress,
    RunSummary,
    StageRun,
)
from gitops_auditor.pipelines.states import JobStatus, stage_status

Row = Mapping[Any, Any]


def run_view(row: Row, jobs: Sequence[Row], artifacts: Sequence[ArtifactInfo]) -> Run:
    """A run of its row, and of the rows of its jobs in order."""
    broken = _broken(row["state"])
    shown = [job_view(one, broken) for one in jobs]
    values = {name: row[name] for name in Run.model_fields if name in row}
    return Run(
        **values,
        duration_seconds=_seconds(row),
        inputs=_inputs(row["trigger_data"]),
        stages=_stages(shown, broken),
        awaiting_approval=[
            one.job for one in shown if one.kind == "approval" and one.status == "running"
        ],
        artifacts=list(artifacts),
        figures=figures(row["metrics"]),
    )


def job_view(row: Row, broken: frozenset[str] | None) -> JobRun:
    """A job of its row, joined with that of its last attempt.

    `broken` are the jobs that failed without being allowed to, None when that is not known.
    """
    values = {name: row[name] for name in JobRun.model_fields if name in row}
    return JobRun(
        **{
            **values,
            "tolerated": broken is not None
            and row["status"] == "failed"
            and row["job"] not in broken,
            "log_bytes": row["log_bytes"] or 0,
            "outputs": row["outputs"] or {},
            "figures": figures(row["metrics"]),
        }
    )


def figures(metrics: Any) -> dict[str, Figure]:
    """The plain values among metrics; what is nested is named by its path."""
    found: dict[str, Figure] = {}
    for name, value in (metrics or {}).items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": one for inner, one in figures(value).items()}
        elif value is None or isinstance(value, str | int | float | bool):
            found[name] = value
    return found


def progress_of(run: Run) -> RunProgress:
    """The run with the jobs that call for something."""
    values = {name: getattr(run, name) for name in RunSummary.model_fields}
    return RunProgress(
        **values,
        pipeline_name=run.pipeline_name,
        running_jobs=_with_status(run, "running"),
        failed_jobs=_with_status(run, "failed"),
        awaiting_approval=run.awaiting_approval,
    )


def steps_of(run: Run) -> tuple[int, int, str]:
    """How many jobs are over, of how many, and which one runs."""
    over = sum(job.status not in ("pending", "running") for job in run.jobs)
    running = _with_status(run, "running")
    more = f" and {len(running) - 1} more" if len(running) > 1 else ""
    return over, len(run.jobs), f"{running[0]}{more}" if running else run.status


def _with_status(run: Run, status: JobStatus) -> list[str]:
    return [job.job for job in run.jobs if job.status == status]


def _stages(jobs: Sequence[JobRun], broken: frozenset[str] | None) -> list[StageRun]:
    return [
        StageRun(name=name, status=_status(found := list(members), broken), jobs=found)
        for name, members in groupby(jobs, key=lambda one: one.stage)
    ]


def _status(jobs: Sequence[JobRun], broken: frozenset[str] | None) -> JobStatus:
    return stage_status({one.job: one.status for one in jobs}, broken or ())


def _broken(state: Any) -> frozenset[str] | None:
    return frozenset(state["broken"]) if state and "broken" in state else None


def _inputs(trigger_data: Any) -> dict[str, Written]:
    return dict((trigger_data or {}).get("inputs", {}))


def _seconds(row: Row) -> float | None:
    started, completed = row["started_at"], row["completed_at"]
    return (completed - started).total_seconds() if started and completed else None
