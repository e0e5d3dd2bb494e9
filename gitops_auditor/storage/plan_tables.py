"""Tables of plans, of what they come to in each repository, and of what was done and undone."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
)

from gitops_auditor.storage.metadata import metadata
from gitops_auditor.storage.types import PortableJson, Real, Serial, UtcTimestamp

WITH_GOAL = text("goal IS NOT NULL")

plans = Table(
    "plans",
    metadata,
    # Time first, so that ids sort as the plans were made.
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    # The kind of change that the request asks for.
    Column("change", Text, nullable=False),
    Column("request", PortableJson, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("status", Text, nullable=False),
    # Over `inputs`: what an approval is bound to.
    Column("hash", Text, nullable=False),
    Column("inputs", PortableJson, nullable=False),
    Column("needs_approval", Boolean, nullable=False),
    Column("point_of_no_return", Integer),
    Column("estimated_seconds", Real),
    Column("notes", PortableJson, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    # What it is to do next; null when nothing.
    Column("goal", PortableJson),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    # The process that carries the goal out, and how often one took it: the fence of every write.
    Column("owner", Text),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcTimestamp, nullable=False),
    Column("updated_at", UtcTimestamp, nullable=False),
    Column("completed_at", UtcTimestamp),
    Index("ix_plans_status_id", "status", "id"),
    Index("ix_plans_with_goal", "id", sqlite_where=WITH_GOAL),
)

plan_phases = Table(
    "plan_phases",
    metadata,
    Column("plan_id", Text, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("repositories", PortableJson, nullable=False),
    Column("allow_parallel", Boolean, nullable=False),
    Column("quality_gates", PortableJson, nullable=False),
    Column("risk", PortableJson, nullable=False),
    Column("estimated_seconds", Real),
    Column("warning", Text),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("evidence", PortableJson, nullable=False),
    Column("started_at", UtcTimestamp),
    Column("completed_at", UtcTimestamp),
)

plan_renderings = Table(
    "plan_renderings",
    metadata,
    Column("plan_id", Text, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("repository_id", Text, primary_key=True),
    Column("phase", Integer, nullable=False),
    Column("branch", Text, nullable=False),
    Column("base_commit", Text, nullable=False),
    Column("base_tree", Text, nullable=False),
    Column("commit_sha", Text, nullable=False),
    Column("tree_sha", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("verification", Text, nullable=False),
    Column("unverified", PortableJson, nullable=False),
    Column("files", PortableJson, nullable=False),
    Column("gates", PortableJson, nullable=False),
    Column("notes", PortableJson, nullable=False),
    # The unified diff, compressed; null when there is none.
    Column("patch", LargeBinary),
    Column("patch_truncated", Boolean, nullable=False, server_default=false()),
    Index("ix_plan_renderings_repository_id_plan_id", "repository_id", "plan_id"),
)

plan_steps = Table(
    "plan_steps",
    metadata,
    Column("plan_id", Text, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("phase", Integer, nullable=False),
    Column("repository_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    # Written into what the step makes, and looked for there before it is tried again.
    Column("marker", Text, nullable=False, index=True),
    Column("reversible", Boolean, nullable=False),
    Column("undo", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("failure_kind", Text),
    Column("reason", Text, nullable=False, server_default=""),
    # What it was about to change, as it was; written before the effect.
    Column("pre_image", PortableJson),
    Column("result", PortableJson),
    Column("started_at", UtcTimestamp),
    Column("completed_at", UtcTimestamp),
)

plan_ledger = Table(
    "plan_ledger",
    metadata,
    Column("seq", Serial, Identity(), primary_key=True),
    Column("plan_id", Text, ForeignKey("plans.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("entry", Text, nullable=False),
    Column("data", PortableJson, nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
    Index("ix_plan_ledger_plan_id_seq", "plan_id", "seq"),
)

plan_approvals = Table(
    "plan_approvals",
    metadata,
    Column("plan_id", Text, ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True),
    # Of the plan as it was when somebody agreed.
    Column("hash", Text, primary_key=True),
    Column("approved_by", Text, primary_key=True),
    Column("unprotected", Boolean, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
)
