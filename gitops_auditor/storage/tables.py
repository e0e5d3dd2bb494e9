"""Every table, as SQLAlchemy Core objects. The migrations are checked to produce exactly these."""

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

from gitops_auditor.storage.metadata import NOW, metadata
from gitops_auditor.storage.types import PortableJson, Real, Serial, UtcTimestamp

repositories = Table(
    "repositories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("path", Text),
    Column("clone_url", Text),
    Column("origin_url", Text),
    Column("default_branch", Text),
    Column("head_sha", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcTimestamp, nullable=False, server_default=NOW),
    Column("updated_at", UtcTimestamp, nullable=False, server_default=NOW),
    Column("last_scanned_at", UtcTimestamp),
    Column("removed_at", UtcTimestamp),
    # A path that was given up may be registered again under another id. The migration states the
    # same condition for PostgreSQL: to name that dialect here would import it at every start.
    Index("ix_repositories_path", "path", unique=True, sqlite_where=text("removed_at IS NULL")),
)

repository_snapshots = Table(
    "repository_snapshots",
    metadata,
    Column(
        "repository_id",
        Text,
        ForeignKey("repositories.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("commit_sha", Text, nullable=False),
    # Of the manifests: commits that differ in other files only have equal ones.
    Column("digest", Text, nullable=False),
    Column("reader_version", Text, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("scanned_at", UtcTimestamp, nullable=False, server_default=NOW),
)

repository_dependencies = Table(
    "repository_dependencies",
    metadata,
    # A digest of what makes an edge the same edge in the next scan.
    Column("id", Text, primary_key=True),
    Column("source_repo", Text, nullable=False),
    # Null when no repository of the workspace provides what is asked for.
    Column("target_repo", Text),
    Column("dependency_type", Text, nullable=False),
    Column("version_constraint", Text),
    Column("impact_level", Text, server_default="medium"),
    Column("discovered_at", UtcTimestamp, server_default=NOW),
    Column("last_validated", UtcTimestamp),
    Column("metadata", PortableJson),
    Column("name", Text, nullable=False, index=True),
    Column("constraint_kind", Text, nullable=False, server_default="none"),
    Column("scope", Text, nullable=False, server_default="runtime"),
    Column("confidence", Real, nullable=False, server_default="1.0"),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False, server_default="0"),
    Column("source_package", Text, nullable=False, server_default=""),
    Column("target_package", Text, nullable=False, server_default=""),
    Column("removed_at", UtcTimestamp),
    Index("ix_repository_dependencies_source_repo_removed_at", "source_repo", "removed_at"),
    Index("ix_repository_dependencies_target_repo_removed_at", "target_repo", "removed_at"),
)

dependency_changes = Table(
    "dependency_changes",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "dependency_id",
        Text,
        ForeignKey("repository_dependencies.id"),
        nullable=False,
        index=True,
    ),
    Column("change_type", Text, nullable=False),
    Column("old_version", Text),
    Column("new_version", Text),
    Column("detected_at", UtcTimestamp, server_default=NOW, index=True),
    Column("impact_analysis", PortableJson),
)

template_metrics = Table(
    "template_metrics",
    metadata,
    Column("id", Text, primary_key=True),
    Column("template_name", Text, nullable=False),
    Column("repository_id", Text, nullable=False, index=True),
    Column("compliance_score", Real),
    Column("last_applied", UtcTimestamp),
    Column("drift_detected", Boolean, server_default=false()),
    Column("metrics", PortableJson),
)

events = Table(
    "events",
    metadata,
    # Without gaps, so that a reader sees what was pruned under it: `events` gives the numbers.
    Column("seq", Serial, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("data", PortableJson, nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
    Index("ix_events_channel_seq", "channel", "seq"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", Serial, Identity(), primary_key=True),
    Column("entry_id", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("at", UtcTimestamp, nullable=False),
    Column("actor", Text, nullable=False),
    Column("operation", Text, nullable=False),
    # The canonical text that was hashed, byte for byte.
    Column("body", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("created_at", UtcTimestamp, nullable=False, server_default=NOW),
    Column("expires_at", UtcTimestamp),
    Column("last_used_at", UtcTimestamp),
    Column("revoked_at", UtcTimestamp),
)

processes = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("heartbeat_at", UtcTimestamp, nullable=False),
)

work = Table(
    "work",
    metadata,
    Column("id", Text, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("done", Real, nullable=False, server_default="0"),
    Column("total", Real),
    Column("message", Text, nullable=False, server_default=""),
    Column("result", PortableJson),
    Column("error", PortableJson),
    Column("failure_kind", Text),
    Column("owner", Text, nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
    Column("started_at", UtcTimestamp),
    Column("completed_at", UtcTimestamp),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    Index("ix_work_status_id", "status", "id"),
)
