"""Quality gates that can be trusted: revisions, validations, evidence, overrides and baselines.

The two tables of gates are made anew: nothing wrote into them before this revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIMESTAMP = sa.TIMESTAMP(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
REAL: TypeEngine[float] = sa.REAL().with_variant(sa.DOUBLE_PRECISION(), "postgresql")
NOW = sa.func.current_timestamp()
OF_PLATFORM = sa.text("removed_at IS NULL AND path IS NULL")

TABLES = (
    "quality_gates",
    "quality_gate_revisions",
    "quality_validations",
    "quality_results",
    "quality_evidence",
    "quality_base_findings",
    "quality_overrides",
    "quality_baselines",
)


def upgrade() -> None:
    op.drop_table("quality_results")
    op.drop_table("quality_gates")
    _create_quality_gates()
    _create_quality_gate_revisions()
    _create_quality_validations()
    _create_quality_results()
    _create_quality_evidence()
    _create_quality_base_findings()
    _create_quality_overrides()
    _create_quality_baselines()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    _create_first_quality_gates()
    _create_first_quality_results()


def _create_quality_gates() -> None:
    op.create_table(
        "quality_gates",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("gate_type", sa.Text, nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("active", sa.Boolean, server_default=sa.true(), nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=NOW),
        sa.Column("repository_id", sa.Text, server_default="", nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("kind", sa.Text, server_default="", nullable=False),
        sa.Column("revision", sa.Integer, server_default="1", nullable=False),
        sa.Column("digest", sa.Text, server_default="", nullable=False),
        sa.Column("envelope", JSON),
        sa.Column("updated_at", TIMESTAMP, server_default=NOW),
        sa.Column("created_by", sa.Text, server_default="", nullable=False),
        sa.Column("removed_at", TIMESTAMP),
        sa.PrimaryKeyConstraint("id", name="pk_quality_gates"),
    )
    op.create_index(
        "ix_quality_gates_repository_id_gate_type_name",
        "quality_gates",
        ["repository_id", "gate_type", "name"],
        unique=True,
        sqlite_where=OF_PLATFORM,
        postgresql_where=OF_PLATFORM,
    )


def _create_quality_gate_revisions() -> None:
    op.create_table(
        "quality_gate_revisions",
        sa.Column("gate_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("envelope", JSON),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["gate_id"],
            ["quality_gates.id"],
            name="fk_quality_gate_revisions_gate_id_quality_gates",
        ),
        sa.PrimaryKeyConstraint("gate_id", "revision", name="pk_quality_gate_revisions"),
    )


def _create_quality_validations() -> None:
    op.create_table(
        "quality_validations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("gate_type", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("commit_sha", sa.Text, nullable=False),
        sa.Column("tree_sha", sa.Text, nullable=False),
        sa.Column("base_sha", sa.Text),
        sa.Column("files", JSON),
        sa.Column("enforcement", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("score", REAL),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("executed_by", sa.Text, nullable=False),
        sa.Column("executed_at", TIMESTAMP, nullable=False),
        sa.Column("duration_seconds", REAL, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quality_validations"),
    )
    op.create_index("ix_quality_validations_executed_at", "quality_validations", ["executed_at"])
    op.create_index(
        "ix_quality_validations_repository_id_id", "quality_validations", ["repository_id", "id"]
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
        sa.Column("validation_id", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("gate_type", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("required", sa.Boolean, nullable=False),
        sa.Column("commit_sha", sa.Text, nullable=False),
        sa.Column("tree_sha", sa.Text, nullable=False),
        sa.Column("fix", sa.Text, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("new", sa.Integer),
        sa.Column("duration_seconds", REAL, nullable=False),
        sa.Column("cache_key", sa.Text),
        sa.Column("cached_from", sa.Text),
        sa.Column("override_id", sa.Text),
        sa.ForeignKeyConstraint(
            ["gate_id"], ["quality_gates.id"], name="fk_quality_results_gate_id_quality_gates"
        ),
        sa.ForeignKeyConstraint(
            ["validation_id"],
            ["quality_validations.id"],
            name="fk_quality_results_validation_id_quality_validations",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quality_results"),
    )
    op.create_index("ix_quality_results_cache_key", "quality_results", ["cache_key"])
    op.create_index("ix_quality_results_executed_at", "quality_results", ["executed_at"])
    op.create_index("ix_quality_results_gate_id", "quality_results", ["gate_id"])
    op.create_index(
        "ix_quality_results_repository_id_executed_at",
        "quality_results",
        ["repository_id", "executed_at"],
    )
    op.create_index("ix_quality_results_run_id", "quality_results", ["run_id"])
    op.create_index("ix_quality_results_validation_id", "quality_results", ["validation_id"])


def _create_quality_evidence() -> None:
    op.create_table(
        "quality_evidence",
        sa.Column("result_id", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["quality_results.id"],
            name="fk_quality_evidence_result_id_quality_results",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("result_id", name="pk_quality_evidence"),
    )


def _create_quality_base_findings() -> None:
    op.create_table(
        "quality_base_findings",
        sa.Column("cache_key", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.PrimaryKeyConstraint("cache_key", name="pk_quality_base_findings"),
    )
    op.create_index("ix_quality_base_findings_created_at", "quality_base_findings", ["created_at"])


def _create_quality_overrides() -> None:
    op.create_table(
        "quality_overrides",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("gate_id", sa.Text, nullable=False),
        sa.Column("tree_sha", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.ForeignKeyConstraint(
            ["gate_id"], ["quality_gates.id"], name="fk_quality_overrides_gate_id_quality_gates"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quality_overrides"),
    )
    op.create_index("ix_quality_overrides_gate_id", "quality_overrides", ["gate_id"])
    op.create_index(
        "ix_quality_overrides_repository_id_tree_sha",
        "quality_overrides",
        ["repository_id", "tree_sha"],
    )


def _create_quality_baselines() -> None:
    op.create_table(
        "quality_baselines",
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("commit_sha", sa.Text, nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("recorded_at", TIMESTAMP, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "name", name="pk_quality_baselines"),
    )


def _create_first_quality_gates() -> None:
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


def _create_first_quality_results() -> None:
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
