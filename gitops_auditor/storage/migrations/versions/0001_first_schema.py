"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIMESTAMP = sa.TIMESTAMP(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
REAL: TypeEngine[float] = sa.REAL().with_variant(sa.DOUBLE_PRECISION(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOW = sa.func.current_timestamp()

TABLES = (
    "repositories",
    "repository_snapshots",
    "repository_dependencies",
    "dependency_changes",
    "pipelines",
    "pipeline_runs",
    "quality_gates",
    "quality_results",
    "template_metrics",
    "events",
    "audit_log",
    "tokens",
    "processes",
    "work",
)


def upgrade() -> None:
    _create_repositories()
    _create_repository_snapshots()
    _create_repository_dependencies()
    _create_dependency_changes()
    _create_pipelines()
    _create_pipeline_runs()
    _create_quality_gates()
    _create_quality_results()
    _create_template_metrics()
    _create_events()
    _create_audit_log()
    _create_tokens()
    _create_processes()
    _create_work()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create_repositories() -> None:
    op.create_table(
        "repositories",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("clone_url", sa.Text),
        sa.Column("origin_url", sa.Text),
        sa.Column("default_branch", sa.Text),
        sa.Column("head_sha", sa.Text),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=NOW, nullable=False),
        sa.Column("updated_at", TIMESTAMP, server_default=NOW, nullable=False),
        sa.Column("last_scanned_at", TIMESTAMP),
        sa.Column("removed_at", TIMESTAMP),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
    )
    op.create_index("ix_repositories_name", "repositories", ["name"])
    op.create_index(
        "ix_repositories_path",
        "repositories",
        ["path"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _create_repository_snapshots() -> None:
    op.create_table(
        "repository_snapshots",
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("commit_sha", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("reader_version", sa.Text, nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("scanned_at", TIMESTAMP, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_repository_snapshots_repository_id_repositories",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name="pk_repository_snapshots"),
    )


def _create_repository_dependencies() -> None:
    op.create_table(
        "repository_dependencies",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("source_repo", sa.Text, nullable=False),
        sa.Column("target_repo", sa.Text),
        sa.Column("dependency_type", sa.Text, nullable=False),
        sa.Column("version_constraint", sa.Text),
        sa.Column("impact_level", sa.Text, server_default="medium"),
        sa.Column("discovered_at", TIMESTAMP, server_default=NOW),
        sa.Column("last_validated", TIMESTAMP),
        sa.Column("metadata", JSON),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("constraint_kind", sa.Text, server_default="none", nullable=False),
        sa.Column("scope", sa.Text, server_default="runtime", nullable=False),
        sa.Column("confidence", REAL, server_default="1.0", nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, server_default="0", nullable=False),
        sa.Column("source_package", sa.Text, server_default="", nullable=False),
        sa.Column("target_package", sa.Text, server_default="", nullable=False),
        sa.Column("removed_at", TIMESTAMP),
        sa.PrimaryKeyConstraint("id", name="pk_repository_dependencies"),
    )
    op.create_index("ix_repository_dependencies_name", "repository_dependencies", ["name"])
    op.create_index(
        "ix_repository_dependencies_source_repo_removed_at",
        "repository_dependencies",
        ["source_repo", "removed_at"],
    )
    op.create_index(
        "ix_repository_dependencies_target_repo_removed_at",
        "repository_dependencies",
        ["target_repo", "removed_at"],
    )


def _create_dependency_changes() -> None:
    op.create_table(
        "dependency_changes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dependency_id", sa.Text, nullable=False),
        sa.Column("change_type", sa.Text, nullable=False),
        sa.Column("old_version", sa.Text),
        sa.Column("new_version", sa.Text),
        sa.Column("detected_at", TIMESTAMP, server_default=NOW),
        sa.Column("impact_analysis", JSON),
        sa.ForeignKeyConstraint(
            ["dependency_id"],
            ["repository_dependencies.id"],
            name="fk_dependency_changes_dependency_id_repository_dependencies",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dependency_changes"),
    )
    op.create_index("ix_dependency_changes_dependency_id", "dependency_changes", ["dependency_id"])
    op.create_index("ix_dependency_changes_detected_at", "dependency_changes", ["detected_at"])


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
        sa.PrimaryKeyConstraint("id", name="pk_pipelines"),
    )
    op.create_index("ix_pipelines_repository_id", "pipelines", ["repository_id"])


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


def _create_quality_gates() -> None:
    op.create_table(
        "quality_gates",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("gate_type", sa.Text, nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("active", sa.Boolean, server_default=sa.true()),
        sa.Column("created_at", TIMESTAMP, server_default=NOW),
        sa.PrimaryKeyConstraint("id", name="pk_quality_gates"),
    )


def _create_quality_results() -> None:
    op.create_table(
        "quality_results",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("gate_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("score", REAL),
        sa.Column("metrics", JSON),
        sa.Column("details", sa.Text),
        sa.Column("executed_at", TIMESTAMP, server_default=NOW),
        sa.ForeignKeyConstraint(
            ["gate_id"], ["quality_gates.id"], name="fk_quality_results_gate_id_quality_gates"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quality_results"),
    )
    op.create_index("ix_quality_results_gate_id", "quality_results", ["gate_id"])
    op.create_index(
        "ix_quality_results_repository_id_executed_at",
        "quality_results",
        ["repository_id", "executed_at"],
    )
    op.create_index("ix_quality_results_run_id", "quality_results", ["run_id"])


def _create_template_metrics() -> None:
    op.create_table(
        "template_metrics",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("template_name", sa.Text, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("compliance_score", REAL),
        sa.Column("last_applied", TIMESTAMP),
        sa.Column("drift_detected", sa.Boolean, server_default=sa.false()),
        sa.Column("metrics", JSON),
        sa.PrimaryKeyConstraint("id", name="pk_template_metrics"),
    )
    op.create_index("ix_template_metrics_repository_id", "template_metrics", ["repository_id"])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", SERIAL, autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
    )
    op.create_index("ix_events_channel_seq", "events", ["channel", "seq"])


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", SERIAL, sa.Identity(), nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", TIMESTAMP, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_entry_id", "audit_log", ["entry_id"])


def _create_tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=NOW, nullable=False),
        sa.Column("expires_at", TIMESTAMP),
        sa.Column("last_used_at", TIMESTAMP),
        sa.Column("revoked_at", TIMESTAMP),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("hash", name="uq_tokens_hash"),
    )


def _create_processes() -> None:
    op.create_table(
        "processes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("heartbeat_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processes"),
    )


def _create_work() -> None:
    op.create_table(
        "work",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("done", REAL, server_default="0", nullable=False),
        sa.Column("total", REAL),
        sa.Column("message", sa.Text, server_default="", nullable=False),
        sa.Column("result", JSON),
        sa.Column("error", JSON),
        sa.Column("failure_kind", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("completed_at", TIMESTAMP),
        sa.Column("cancel_requested", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
    )
    op.create_index("ix_work_status_id", "work", ["status", "id"])
