"""Plans over many repositories: phases, renderings, steps, ledger and approvals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIMESTAMP = sa.TIMESTAMP(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
REAL: TypeEngine[float] = sa.REAL().with_variant(sa.DOUBLE_PRECISION(), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WITH_GOAL = sa.text("goal IS NOT NULL")

TABLES = (
    "plans",
    "plan_phases",
    "plan_renderings",
    "plan_steps",
    "plan_ledger",
    "plan_approvals",
)


def upgrade() -> None:
    _create_plans()
    _create_plan_phases()
    _create_plan_renderings()
    _create_plan_steps()
    _create_plan_ledger()
    _create_plan_approvals()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _of_plan(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["plan_id"], ["plans.id"], name=f"fk_{table}_plan_id_plans", ondelete="CASCADE"
    )


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("inputs", JSON, nullable=False),
        sa.Column("needs_approval", sa.Boolean, nullable=False),
        sa.Column("point_of_no_return", sa.Integer),
        sa.Column("estimated_seconds", REAL),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("goal", JSON),
        sa.Column("cancel_requested", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("fence", sa.Integer, server_default="0", nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.Column("completed_at", TIMESTAMP),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
    )
    op.create_index("ix_plans_status_id", "plans", ["status", "id"])
    op.create_index(
        "ix_plans_with_goal", "plans", ["id"], sqlite_where=WITH_GOAL, postgresql_where=WITH_GOAL
    )


def _create_plan_phases() -> None:
    op.create_table(
        "plan_phases",
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("repositories", JSON, nullable=False),
        sa.Column("allow_parallel", sa.Boolean, nullable=False),
        sa.Column("quality_gates", JSON, nullable=False),
        sa.Column("risk", JSON, nullable=False),
        sa.Column("estimated_seconds", REAL),
        sa.Column("warning", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("completed_at", TIMESTAMP),
        _of_plan("plan_phases"),
        sa.PrimaryKeyConstraint("plan_id", "number", name="pk_plan_phases"),
    )


def _create_plan_renderings() -> None:
    op.create_table(
        "plan_renderings",
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("phase", sa.Integer, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("base_commit", sa.Text, nullable=False),
        sa.Column("base_tree", sa.Text, nullable=False),
        sa.Column("commit_sha", sa.Text, nullable=False),
        sa.Column("tree_sha", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("verification", sa.Text, nullable=False),
        sa.Column("unverified", JSON, nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("gates", JSON, nullable=False),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("patch", sa.LargeBinary),
        sa.Column("patch_truncated", sa.Boolean, server_default=sa.false(), nullable=False),
        _of_plan("plan_renderings"),
        sa.PrimaryKeyConstraint("plan_id", "repository_id", name="pk_plan_renderings"),
    )
    op.create_index(
        "ix_plan_renderings_repository_id_plan_id", "plan_renderings", ["repository_id", "plan_id"]
    )


def _create_plan_steps() -> None:
    op.create_table(
        "plan_steps",
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("phase", sa.Integer, nullable=False),
        sa.Column("repository_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("marker", sa.Text, nullable=False),
        sa.Column("reversible", sa.Boolean, nullable=False),
        sa.Column("undo", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, server_default="0", nullable=False),
        sa.Column("failure_kind", sa.Text),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("pre_image", JSON),
        sa.Column("result", JSON),
        sa.Column("started_at", TIMESTAMP),
        sa.Column("completed_at", TIMESTAMP),
        _of_plan("plan_steps"),
        sa.PrimaryKeyConstraint("plan_id", "position", name="pk_plan_steps"),
    )
    op.create_index("ix_plan_steps_marker", "plan_steps", ["marker"])


def _create_plan_ledger() -> None:
    op.create_table(
        "plan_ledger",
        sa.Column("seq", SERIAL, sa.Identity(), nullable=False),
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        _of_plan("plan_ledger"),
        sa.PrimaryKeyConstraint("seq", name="pk_plan_ledger"),
    )
    op.create_index("ix_plan_ledger_plan_id_seq", "plan_ledger", ["plan_id", "seq"])


def _create_plan_approvals() -> None:
    op.create_table(
        "plan_approvals",
        sa.Column("plan_id", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("unprotected", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        _of_plan("plan_approvals"),
        sa.PrimaryKeyConstraint("plan_id", "hash", "approved_by", name="pk_plan_approvals"),
    )
