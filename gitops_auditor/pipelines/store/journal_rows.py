"""Rows of the journal to and from what the engine holds. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.engine.memory import memory_from, state_from
from gitops_auditor.pipelines.engine.record import (
    Change,
    Claim,
    Decision,
    JobFacts,
    LoadedRun,
    OpenAttempt,
    RunEnd,
    RunIdentity,
)
from gitops_auditor.pipelines.inputs import resolve_inputs
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import Arrangement, arrange
from gitops_auditor.pipelines.states import JobState, RunState
from gitops_auditor.pipelines.store.run_events import Told
from gitops_auditor.pipelines.trigger_models import Event

APPROVED = "approved"
_ENDINGS = {
    "success": "pipeline.completed",
    "failed": "pipeline.failed",
    "cancelled": "pipeline.cancelled",
}

Rows = Sequence[Row[Any]]


def identity(run: Row[Any]) -> RunIdentity:
    """What the run is called. It was claimed, so it has a start."""
    return RunIdentity(
        id=run.id,
        number=run.run_number,
        pipeline_id=run.pipeline_id,
        repository_id=run.repository_id,
        commit_sha=run.commit_sha,
        created_at=run.created_at,
        started_at=run.started_at,
    )


def loaded(claim: Claim, run: Row[Any], jobs: Rows, attempts: Rows, decided: Rows) -> LoadedRun:
    """Everything of a claimed run. Raises InvalidDefinition and InvalidRequest."""
    definition, arrangement = _understood(run.source)
    event = Event.model_validate(run.trigger_data or {})
    kept = run.state or {}
    known = {row.job: _job_state(row) for row in jobs}
    return LoadedRun(
        claim=claim,
        identity=identity(run),
        definition=definition,
        arrangement=arrangement,
        event=event,
        inputs=resolve_inputs(definition, event),
        state=state_from(arrangement, kept, known, run.status, run.failure_kind),
        memory=memory_from(kept),
        facts=dict.fromkeys(arrangement.jobs, JobFacts()) | {r.job: _job_facts(r) for r in jobs},
        attempts=[OpenAttempt(row.job, row.attempt, row.host, row.cookie) for row in attempts],
        decisions=decisions(decided),
        cancel_requested=bool(run.cancel_requested),
        isolation=run.isolation,
    )


@lru_cache(maxsize=32)
def _understood(source: str) -> tuple[PipelineDefinition, Arrangement]:
    """Most runs execute what another one executed a moment ago; neither value ever changes."""
    definition = parse_definition(source)
    return definition, arrange(definition)


def decisions(found: Rows) -> dict[str, Decision]:
    """What was decided, by job."""
    return {
        row.job: Decision(row.decision == APPROVED, row.decided_by, row.comment, row.answers or {})
        for row in found
    }


def _job_state(row: Row[Any]) -> JobState:
    return JobState(row.status, row.attempt, row.lost, row.wait, row.failure_kind, row.reason)


def _job_facts(row: Row[Any]) -> JobFacts:
    return JobFacts(row.started_at, row.completed_at, row.outputs or {}, row.metrics or {})


def jobs(claim: Claim, change: Change) -> list[dict[str, Any]]:
    """What to write of the jobs that changed."""
    return [_job(claim, name, change.state.jobs[name], change.facts[name]) for name in change.jobs]


def _job(claim: Claim, name: str, state: JobState, facts: JobFacts) -> dict[str, Any]:
    return {
        "b_run": claim.run_id,
        "b_job": name,
        "status": state.status,
        "attempt": state.attempt,
        "lost": state.lost,
        "wait": state.wait,
        "failure_kind": state.failure,
        "reason": state.reason,
        "outputs": dict(facts.outputs) or None,
        "metrics": dict(facts.metrics) or None,
        "started_at": facts.started_at,
        "completed_at": facts.completed_at,
    }


def started(claim: Claim, host: str, change: Change) -> list[dict[str, Any]]:
    """The rows of new attempts."""
    return [
        {
            "run_id": claim.run_id,
            "job": one.job,
            "attempt": one.number,
            "status": "running",
            "owner": claim.owner,
            "host": host,
            "cookie": one.cookie,
            "started_at": one.started_at,
        }
        for one in change.started
    ]


def ended(claim: Claim, change: Change) -> list[dict[str, Any]]:
    """What to write of attempts that are over."""
    return [
        {
            "b_run": claim.run_id,
            "b_job": one.job,
            "b_attempt": one.number,
            "status": one.status,
            "failure_kind": one.outcome.failure,
            "reason": one.outcome.reason,
            "isolation": one.outcome.isolation,
            "exit_code": one.outcome.exit_code,
            "completed_at": one.completed_at,
            "metrics": dict(one.outcome.metrics) or None,
            "log_bytes": one.log_bytes,
        }
        for one in change.ended
    ]


def end(state: RunState, ending: RunEnd) -> dict[str, Any]:
    """What to write of a run that is over."""
    return {
        "status": state.status,
        "failure_kind": ending.failure,
        "reason": ending.reason,
        "metrics": dict(ending.metrics),
        "completed_at": ending.completed_at,
    }


def named(run: RunIdentity) -> dict[str, JsonValue]:
    """What every event of a run begins with."""
    return {
        "run_id": run.id,
        "pipeline_id": run.pipeline_id,
        "repository_id": run.repository_id,
        "run_number": run.number,
    }


def told(run: RunIdentity, change: Change) -> list[Told]:
    """The events of a change, in order."""
    found: list[Told] = []
    if change.logs:
        sizes: dict[str, JsonValue] = {job: [*at] for job, at in change.logs.items()}
        found.append(("pipeline.log", {"run_id": run.id, "logs": sizes}))
    found += [_update(run, name, change.state.jobs[name]) for name in change.jobs]
    found += [
        ("pipeline.approval.requested", {**named(run), "job": job, "message": message})
        for job, message in change.asked.items()
    ]
    if change.end is not None:
        found.append(_ending(run, change.state.status, change.end.failure, change.end.reason))
    return found


def told_of_failure(run: RunIdentity, changed: Rows, reason: str) -> list[Told]:
    """The events of a run that could not be carried out."""
    updates = [_update(run, row.job, _job_state(row)) for row in changed if row.reason == reason]
    return [*updates, _ending(run, "failed", "errored", reason)]


def _update(run: RunIdentity, job: str, state: JobState) -> Told:
    return (
        "pipeline.job.update",
        {
            "run_id": run.id,
            "pipeline_id": run.pipeline_id,
            "job": job,
            "status": state.status,
            "attempt": state.attempt,
            "failure_kind": state.failure,
            "reason": state.reason,
        },
    )


def _ending(run: RunIdentity, status: str, failure: str | None, reason: str) -> Told:
    return (
        _ENDINGS[status],
        {**named(run), "status": status, "failure_kind": failure, "reason": reason},
    )
