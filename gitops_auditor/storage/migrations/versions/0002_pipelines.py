"""Pipelines that run: revisions, jobs, attempts, logs, and what starts them.

The two tables of pipelines are made anew: nothing wrote into them before this revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIMESTAMP = sa.TIMESTAMP(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
NOW = sa.func.current_timestamp()
ACTIVE_RUN = sa.text("status IN ('pending', 'running')")
ACTIVE_PIPELINE = sa.text("removed_at IS NULL")

TABLES = (
    "pipelines",
    "pipeline_revisions",
    "pipeline_runs",
    "run_jobs",
    "run_attempts",
    "log_chunks",
    "run_approvals",
    "run_artifacts",
    "webhook_deliveries",
    "schedule_ticks",
    "watched_refs",
)


def upgrade() -> None:
    op.drop_table("pipeline_runs")
    op.drop_table("pipelines")
    _create_pipelines()
    _create_pipeline_revisions()
    _create_pipeline_runs()
    _create_run_jobs()
    _create_run_attempts()
    _create_log_chunks()
    _create_run_approvals()
    _create_run_artifacts()
    _create_webhook_deliveries()
    _create_schedule_ticks()
    _create_watched_refs()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    _create_first_pipelines()
    _create_first_pipeline_runs()


def _create_pipelines() -> None:
    op.create_table(
        "pipelines",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=NOW),
        sa.Column("updated_at", TIMESTAMP, server_default=NOW),
        sa.Column("created_by", sa.Text),
        sa.Column("status", sa.Text, server_default="active"),
        sa.Column("description", sa.Text, server_default="", nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("revision", sa.Integer, server_default="1", nullable=False),
        sa.Column("edition", sa.Integer, server_default="1", nullable=False),
        sa.Column("last_run_number", sa.Integer, server_default="0", nullable=False),
        sa.Column("removed_at", TIMESTAMP),
        sa.PrimaryKeyConstraint("id", name="pk_pipelines"),
    )
    op.create_index("ix_pipelines_repository_id", "pipelines", ["repository_id"])
    op.create_index(
        "ix_pipelines_repository_id_name",
        "pipelines",
        ["repository_id", "name"],
        unique=True,
        sqlite_where=ACTIVE_PIPELINE,
        postgresql_where=ACTIVE_PIPELINE,
    )


def _create_pipeline_revisions() -> None:
    op.create_table(
        "pipeline_revisions",
        sa.Column("pipeline_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("commit_sha", sa.Text),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["pipeline_id"],
            ["pipelines.id"],
            name="fk_pipeline_revisions_pipeline_id_pipelines",
        ),
        sa.PrimaryKeyConstraint("pipeline_id", "revision", name="pk_pipeline_revisions"),
    )
    op.create_index(
        "ix_pipeline_revisions_pipeline_id_digest",
        "pipeline_revisions",
        ["pipeline_id", "digest"],
        unique=True,
    )


def _create_pipeline_runs() -> None:
    op.create_table(
        "pipeline_runs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("pipeline_id", sa.Text, nullable=False),
        sa.Column("run_number", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("completed_at", TIMESTAMP),
        sa.Column("trigger_type", sa.Text),
        sa.Column("trigger_data", JSON),
        sa.Column("execution_log", sa.Text),
        sa.Column("metrics", JSON),
        sa.Column("repository_id", sa.Text, server_default="", nullable=False),
        sa.Column("revision", sa.Integer, server_default="1", nullable=False),
        sa.Column("ref", sa.Text, server_default="", nullable=False),
        sa.Column("commit_sha", sa.Text),
        sa.Column("failure_kind", sa.Text),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=NOW, nullable=False),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("concurrency_group", sa.Text),
        sa.Column("rerun_of", sa.Text),
        sa.Column("state", JSON),
        sa.Column("cancel_requested", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("fence", sa.Integer, server_default="0", nullable=False),
        sa.Column("isolation", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.ForeignKeyConstraint(
            ["pipeline_id"],
            ["pipelines.id"],
            name="fk_pipeline_runs_pipeline_id_pipelines",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pipeline_runs"),
    )
    op.create_index(
        "ix_pipeline_runs_active",
        "pipeline_runs",
        ["id"],
        sqlite_where=ACTIVE_RUN,
        postgresql_where=ACTIVE_RUN,
    )
    op.create_index(
        "ix_pipeline_runs_pipeline_id_external_id",
        "pipeline_runs",
        ["pipeline_id", "external_id"],
        unique=True,
    )
    op.create_index(
        "ix_pipeline_runs_pipeline_id_idempotency_key",
        "pipeline_runs",
        ["pipeline_id", "idempotency_key"],
        unique=True,
    )
    op.create_index("ix_pipeline_runs_pipeline_id_id", "pipeline_runs", ["pipeline_id", "id"])
    op.create_index(
        "ix_pipeline_runs_pipeline_id_run_number",
        "pipeline_runs",
        ["pipeline_id", "run_number"],
        unique=True,
    )
    op.create_index(
        "ix_pipeline_runs_pipeline_id_status_id", "pipeline_runs", ["pipeline_id", "status", "id"]
    )
    op.create_index("ix_pipeline_runs_repository_id_id", "pipeline_runs", ["repository_id", "id"])
    op.create_index(
        "ix_pipeline_runs_repository_id_status_id",
        "pipeline_runs",
        ["repository_id", "status", "id"],
    )
    op.create_index("ix_pipeline_runs_status_id", "pipeline_runs", ["status", "id"])


def _create_run_jobs() -> None:
    op.create_table(
        "run_jobs",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, server_default="pending", nullable=False),
        sa.Column("attempt", sa.Integer, server_default="0", nullable=False),
        sa.Column("lost", sa.Integer, server_default="0", nullable=False),
        sa.Column("wait", sa.Integer, server_default="0", nullable=False),
        sa.Column("failure_kind", sa.Text),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("outputs", JSON),
        sa.Column("metrics", JSON),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("completed_at", TIMESTAMP),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["pipeline_runs.id"],
            name="fk_run_jobs_run_id_pipeline_runs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "job", name="pk_run_jobs"),
    )


def _create_run_attempts() -> None:
    op.create_table(
        "run_attempts",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("failure_kind", sa.Text),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("cookie", sa.Text, nullable=False),
        sa.Column("isolation", sa.Text),
        sa.Column("exit_code", sa.Integer),
        sa.Column("started_at", TIMESTAMP, nullable=False),
        sa.Column("completed_at", TIMESTAMP),
        sa.Column("metrics", JSON),
        sa.Column("log_bytes", sa.Integer, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "job"],
            ["run_jobs.run_id", "run_jobs.job"],
            name="fk_run_attempts_run_id_job_run_jobs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "job", "attempt", name="pk_run_attempts"),
    )


def _create_log_chunks() -> None:
    op.create_table(
        "log_chunks",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("start", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["pipeline_runs.id"],
            name="fk_log_chunks_run_id_pipeline_runs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "job", "attempt", "start", name="pk_log_chunks"),
    )


def _create_run_approvals() -> None:
    op.create_table(
        "run_approvals",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", TIMESTAMP, nullable=False),
        sa.Column("comment", sa.Text, server_default="", nullable=False),
        sa.Column("answers", JSON),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["pipeline_runs.id"],
            name="fk_run_approvals_run_id_pipeline_runs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "job", name="pk_run_approvals"),
    )


def _create_run_artifacts() -> None:
    op.create_table(
        "run_artifacts",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("expires_at", TIMESTAMP),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["pipeline_runs.id"],
            name="fk_run_artifacts_run_id_pipeline_runs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "job", "path", name="pk_run_artifacts"),
    )
    op.create_index("ix_run_artifacts_expires_at", "run_artifacts", ["expires_at"])


def _create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("payload", JSON),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, server_default="", nullable=False),
        sa.Column("received_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("source", "delivery_id", name="pk_webhook_deliveries"),
    )
    op.create_index("ix_webhook_deliveries_received_at", "webhook_deliveries", ["received_at"])
    op.create_index(
        "ix_webhook_deliveries_status_received_at", "webhook_deliveries", ["status", "received_at"]
    )


def _create_schedule_ticks() -> None:
    op.create_table(
        "schedule_ticks",
        sa.Column("pipeline_id", sa.Text, nullable=False),
        sa.Column("cron", sa.Text, nullable=False),
        sa.Column("due_at", TIMESTAMP, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.ForeignKeyConstraint(
            ["pipeline_id"],
            ["pipelines.id"],
            name="fk_schedule_ticks_pipeline_id_pipelines",
        ),
        sa.PrimaryKeyConstraint("pipeline_id", "cron", "due_at", name="pk_schedule_ticks"),
    )


def _create_watched_refs() -> None:
    op.create_table(
        "watched_refs",
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("commit_sha", sa.Text, nullable=False),
        sa.Column("seen_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "ref", name="pk_watched_refs"),
    )


def _create_first_pipelines() -> None:
    op.create_table(
        "pipelines",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=NOW),
        sa.Column("updated_at", TIMESTAMP, server_default=NOW),
        sa.Column("created_by", sa.Text),
        sa.Column("status", sa.Text, server_default="active"),
        sa.PrimaryKeyConstraint("id", name="pk_pipelines"),
    )
    op.create_index("ix_pipelines_repository_id", "pipelines", ["repository_id"])


def _create_first_pipeline_runs() -> None:
    op.create_table(
        "pipeline_runs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("pipeline_id", sa.Text, nullable=False),
        sa.Column("run_number", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("completed_at", TIMESTAMP),
        sa.Column("trigger_type", sa.Text),
        sa.Column("trigger_data", JSON),
        sa.Column("execution_log", sa.Text),
        sa.Column("metrics", JSON),
        sa.ForeignKeyConstraint(
            ["pipeline_id"], ["pipelines.id"], name="fk_pipeline_runs_pipeline_id_pipelines"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pipeline_runs"),
    )
    op.create_index(
        "ix_pipeline_runs_pipeline_id_run_number",
        "pipeline_runs",
        ["pipeline_id", "run_number"],
        unique=True,
    )
    op.create_index("ix_pipeline_runs_status", "pipeline_runs", ["status"])
