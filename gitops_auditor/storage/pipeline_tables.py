"""Tables of pipelines, their runs, and what starts them."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
)

from gitops_auditor.storage.metadata import NOW, metadata
from gitops_auditor.storage.types import PortableJson, UtcTimestamp

ACTIVE_RUN = text("status IN ('pending', 'running')")
ACTIVE_PIPELINE = text("removed_at IS NULL")

pipelines = Table(
    "pipelines",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("repository_id", Text, nullable=False, index=True),
    Column("definition", PortableJson, nullable=False),
    # Of the definition's format; what If-Match compares is `edition`.
    Column("version", Text, nullable=False),
    Column("created_at", UtcTimestamp, server_default=NOW),
    Column("updated_at", UtcTimestamp, server_default=NOW),
    Column("created_by", Text),
    Column("status", Text, server_default="active"),
    Column("description", Text, nullable=False, server_default=""),
    # The file of the repository that holds it; null when it was given to the platform.
    Column("path", Text),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("edition", Integer, nullable=False, server_default="1"),
    Column("last_run_number", Integer, nullable=False, server_default="0"),
    Column("removed_at", UtcTimestamp),
    Index(
        "ix_pipelines_repository_id_name",
        "repository_id",
        "name",
        unique=True,
        sqlite_where=ACTIVE_PIPELINE,
    ),
)

pipeline_revisions = Table(
    "pipeline_revisions",
    metadata,
    Column("pipeline_id", Text, ForeignKey("pipelines.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    # As it was written, byte for byte.
    Column("source", Text, nullable=False),
    Column("commit_sha", Text),
    Column("created_at", UtcTimestamp, nullable=False),
    Column("created_by", Text, nullable=False),
    Index("ix_pipeline_revisions_pipeline_id_digest", "pipeline_id", "digest", unique=True),
)

pipeline_runs = Table(
    "pipeline_runs",
    metadata,
    # Time first, so that ids sort as the runs were started.
    Column("id", Text, primary_key=True),
    Column("pipeline_id", Text, ForeignKey("pipelines.id"), nullable=False),
    Column("run_number", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_at", UtcTimestamp),
    Column("completed_at", UtcTimestamp),
    Column("trigger_type", Text),
    Column("trigger_data", PortableJson),
    Column("execution_log", Text),
    Column("metrics", PortableJson),
    Column("repository_id", Text, nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("ref", Text, nullable=False, server_default=""),
    Column("commit_sha", Text),
    Column("failure_kind", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", UtcTimestamp, nullable=False, server_default=NOW),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("idempotency_key", Text),
    Column("concurrency_group", Text),
    Column("rerun_of", Text),
    # What the engine has to know of the run beside its jobs, to go on after a crash.
    Column("state", PortableJson),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    # The process that carries the run out, and how often one took it: the fence of every write.
    Column("owner", Text),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("isolation", Text),
    # Of a run that another system carries out, its name there.
    Column("external_id", Text),
    Index("ix_pipeline_runs_pipeline_id_run_number", "pipeline_id", "run_number", unique=True),
    Index(
        "ix_pipeline_runs_pipeline_id_idempotency_key",
        "pipeline_id",
        "idempotency_key",
        unique=True,
    ),
    Index("ix_pipeline_runs_pipeline_id_external_id", "pipeline_id", "external_id", unique=True),
    Index("ix_pipeline_runs_pipeline_id_id", "pipeline_id", "id"),
    Index("ix_pipeline_runs_pipeline_id_status_id", "pipeline_id", "status", "id"),
    Index("ix_pipeline_runs_repository_id_id", "repository_id", "id"),
    Index("ix_pipeline_runs_repository_id_status_id", "repository_id", "status", "id"),
    Index("ix_pipeline_runs_status_id", "status", "id"),
    Index("ix_pipeline_runs_active", "id", sqlite_where=ACTIVE_RUN),
)

run_jobs = Table(
    "run_jobs",
    metadata,
    Column("run_id", Text, ForeignKey("pipeline_runs.id", ondelete="CASCADE"), primary_key=True),
    # `stage/job`, with the values of a matrix in parentheses.
    Column("job", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="pending"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("lost", Integer, nullable=False, server_default="0"),
    Column("wait", Integer, nullable=False, server_default="0"),
    Column("failure_kind", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("outputs", PortableJson),
    Column("metrics", PortableJson),
    Column("started_at", UtcTimestamp),
    Column("completed_at", UtcTimestamp),
)

run_attempts = Table(
    "run_attempts",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("job", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("failure_kind", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False),
    Column("host", Text, nullable=False),
    # In the environment of each of its processes, so that they are found after a crash.
    Column("cookie", Text, nullable=False),
    Column("isolation", Text),
    Column("exit_code", Integer),
    Column("started_at", UtcTimestamp, nullable=False),
    Column("completed_at", UtcTimestamp),
    Column("metrics", PortableJson),
    Column("log_bytes", Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(
        ["run_id", "job"], ["run_jobs.run_id", "run_jobs.job"], ondelete="CASCADE"
    ),
)

log_chunks = Table(
    "log_chunks",
    metadata,
    Column("run_id", Text, ForeignKey("pipeline_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("job", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    # Of its first byte in the whole log.
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

run_approvals = Table(
    "run_approvals",
    metadata,
    Column("run_id", Text, ForeignKey("pipeline_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("job", Text, primary_key=True),
    Column("decision", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcTimestamp, nullable=False),
    Column("comment", Text, nullable=False, server_default=""),
    Column("answers", PortableJson),
)

run_artifacts = Table(
    "run_artifacts",
    metadata,
    Column("run_id", Text, ForeignKey("pipeline_runs.id", ondelete="CASCADE"), primary_key=True),
    Column("job", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("expires_at", UtcTimestamp, index=True),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("source", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("event", Text, nullable=False),
    # What the trigger needs of the payload, until it was dealt with.
    Column("payload", PortableJson),
    Column("status", Text, nullable=False),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("received_at", UtcTimestamp, nullable=False, index=True),
    Index("ix_webhook_deliveries_status_received_at", "status", "received_at"),
)

schedule_ticks = Table(
    "schedule_ticks",
    metadata,
    Column("pipeline_id", Text, ForeignKey("pipelines.id"), primary_key=True),
    Column("cron", Text, primary_key=True),
    Column("due_at", UtcTimestamp, primary_key=True),
    Column("run_id", Text),
)

watched_refs = Table(
    "watched_refs",
    metadata,
    Column("repository_id", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("commit_sha", Text, nullable=False),
    Column("seen_at", UtcTimestamp, nullable=False),
)
