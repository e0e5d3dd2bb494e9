"""The statements of the journal, built once."""

from typing import Final

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update

from gitops_auditor.storage.pipeline_tables import (
    pipeline_revisions,
    pipeline_runs,
    run_approvals,
    run_attempts,
    run_jobs,
)

_RUN = pipeline_runs.c
ACTIVE: Final = ("pending", "running")
_OTHER = pipeline_runs.alias("other")

# Runs of a group never overlap: what runs goes first, then the oldest.
_GROUP_IS_BUSY = exists().where(
    _OTHER.c.concurrency_group == _RUN.concurrency_group,
    _OTHER.c.id != _RUN.id,
    or_(
        _OTHER.c.status == "running",
        and_(_OTHER.c.status == "pending", _OTHER.c.id < _RUN.id),
    ),
)
_MAY_BE_CARRIED_OUT = and_(
    _RUN.status.in_(ACTIVE),
    # What another system carries out is not for us.
    _RUN.external_id.is_(None),
    or_(
        _RUN.status == "running",
        _RUN.cancel_requested,
        _RUN.concurrency_group.is_(None),
        ~_GROUP_IS_BUSY,
    ),
)

OWNERSHIP = select(_RUN.owner, _RUN.fence, _RUN.status, _RUN.concurrency_group).where(
    _RUN.id == bindparam("b_run"), _MAY_BE_CARRIED_OUT
)
WAITING = (
    select(_RUN.id, _RUN.owner)
    .where(_MAY_BE_CARRIED_OUT, _RUN.id.not_in(bindparam("b_open", expanding=True)))
    .order_by(_RUN.id)
    .limit(bindparam("b_limit"))
)
ANY_ACTIVE = select(_RUN.id).where(_RUN.status.in_(ACTIVE), _RUN.external_id.is_(None)).limit(1)
STATUSES = select(_RUN.id, _RUN.status, _RUN.completed_at).where(
    _RUN.id.in_(bindparam("b_runs", expanding=True))
)
STATUS = select(_RUN.status).where(_RUN.id == bindparam("b_run"))

CLAIM = (
    update(pipeline_runs)
    .where(_RUN.id == bindparam("b_run"), _RUN.fence == bindparam("b_fence"), _MAY_BE_CARRIED_OUT)
    .values(
        owner=bindparam("b_owner"),
        fence=_RUN.fence + 1,
        status="running",
        started_at=func.coalesce(_RUN.started_at, bindparam("b_now", type_=_RUN.started_at.type)),
    )
)
GROUP_LOCK = select(func.pg_advisory_xact_lock(func.hashtext(bindparam("b_group"))))

_MINE = and_(
    _RUN.id == bindparam("b_run"),
    _RUN.owner == bindparam("b_owner"),
    _RUN.fence == bindparam("b_fence"),
    _RUN.completed_at.is_(None),
)
KEEP_RUN = update(pipeline_runs).where(_MINE).values(
    state=bindparam("state"), isolation=bindparam("isolation")
)  # fmt: skip
RELEASE_RUN = KEEP_RUN.values(owner=None)
END_RUN = KEEP_RUN.values(
    {
        name: bindparam(name)
        for name in ("status", "failure_kind", "reason", "metrics", "completed_at")
    }
)
FAIL_RUN = update(pipeline_runs).where(_MINE).values(
    status="failed",
    failure_kind="errored",
    reason=bindparam("reason"),
    completed_at=bindparam("completed_at"),
)  # fmt: skip

RUN = select(
    pipeline_runs, pipeline_revisions.c.source
).join(
    pipeline_revisions,
    and_(
        pipeline_revisions.c.pipeline_id == _RUN.pipeline_id,
        pipeline_revisions.c.revision == _RUN.revision,
    ),
).where(_RUN.id == bindparam("b_run"))  # fmt: skip
JOBS = select(run_jobs).where(run_jobs.c.run_id == bindparam("b_run"))
RUNNING_ATTEMPTS = select(run_attempts).where(
    run_attempts.c.run_id == bindparam("b_run"), run_attempts.c.status == "running"
)
DECISIONS = select(run_approvals).where(run_approvals.c.run_id == bindparam("b_run"))
NEWS = select(_RUN.cancel_requested, _RUN.state).where(_MINE)

KEEP_JOBS = (
    update(run_jobs)
    .where(run_jobs.c.run_id == bindparam("b_run"), run_jobs.c.job == bindparam("b_job"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "status",
                "attempt",
                "lost",
                "wait",
                "failure_kind",
                "reason",
                "outputs",
                "metrics",
                "started_at",
                "completed_at",
            )
        }
    )
)
START_ATTEMPTS = insert(run_attempts)
END_ATTEMPTS = (
    update(run_attempts)
    .where(
        run_attempts.c.run_id == bindparam("b_run"),
        run_attempts.c.job == bindparam("b_job"),
        run_attempts.c.attempt == bindparam("b_attempt"),
    )
    .values(
        {
            name: bindparam(name)
            for name in (
                "status",
                "failure_kind",
                "reason",
                "isolation",
                "exit_code",
                "completed_at",
                "metrics",
                "log_bytes",
            )
        }
    )
)
SKIP_JOBS = (
    update(run_jobs)
    .where(run_jobs.c.run_id == bindparam("b_run"), run_jobs.c.status == "pending")
    .values(status="skipped", reason=bindparam("b_reason"), wait=0)
)
FAIL_JOBS = (
    update(run_jobs)
    .where(run_jobs.c.run_id == bindparam("b_run"), run_jobs.c.status == "running")
    .values(
        status="failed",
        failure_kind="errored",
        reason=bindparam("b_reason"),
        completed_at=bindparam("b_now", type_=run_jobs.c.completed_at.type),
    )
)
FAIL_ATTEMPTS = (
    update(run_attempts)
    .where(run_attempts.c.run_id == bindparam("b_run"), run_attempts.c.status == "running")
    .values(
        status="failed",
        failure_kind="errored",
        reason=bindparam("b_reason"),
        completed_at=bindparam("b_now", type_=run_attempts.c.completed_at.type),
    )
)
