"""Tables of quality gates, of what they said, and of what their answers are compared with."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
    true,
)

from gitops_auditor.storage.metadata import NOW, metadata
from gitops_auditor.storage.types import PortableJson, Real, UtcTimestamp

OF_PLATFORM = text("removed_at IS NULL AND path IS NULL")

quality_gates = Table(
    "quality_gates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("gate_type", Text, nullable=False),
    Column("definition", PortableJson, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("created_at", UtcTimestamp, server_default=NOW),
    # Empty: it is asked of every repository.
    Column("repository_id", Text, nullable=False, server_default=""),
    # The file of the repository that states it; null when it was given to the platform.
    Column("path", Text),
    Column("kind", Text, nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("digest", Text, nullable=False, server_default=""),
    Column("envelope", PortableJson),
    Column("updated_at", UtcTimestamp, server_default=NOW),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("removed_at", UtcTimestamp),
    Index(
        "ix_quality_gates_repository_id_gate_type_name",
        "repository_id",
        "gate_type",
        "name",
        unique=True,
        sqlite_where=OF_PLATFORM,
    ),
)

quality_gate_revisions = Table(
    "quality_gate_revisions",
    metadata,
    Column("gate_id", Text, ForeignKey("quality_gates.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("definition", PortableJson, nullable=False),
    Column("envelope", PortableJson),
    Column("created_at", UtcTimestamp, nullable=False),
    Column("created_by", Text, nullable=False),
)

quality_validations = Table(
    "quality_validations",
    metadata,
    # Time first, so that ids sort as the validations were made.
    Column("id", Text, primary_key=True),
    Column("repository_id", Text, nullable=False),
    Column("gate_type", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("commit_sha", Text, nullable=False),
    Column("tree_sha", Text, nullable=False),
    Column("base_sha", Text),
    Column("files", PortableJson),
    Column("enforcement", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("score", Real),
    Column("notes", PortableJson, nullable=False),
    Column("run_id", Text),
    Column("executed_by", Text, nullable=False),
    Column("executed_at", UtcTimestamp, nullable=False, index=True),
    Column("duration_seconds", Real, nullable=False),
    Index("ix_quality_validations_repository_id_id", "repository_id", "id"),
)

quality_results = Table(
    "quality_results",
    metadata,
    Column("id", Text, primary_key=True),
    Column("repository_id", Text, nullable=False),
    Column("gate_id", Text, ForeignKey("quality_gates.id"), nullable=False, index=True),
    Column("run_id", Text, index=True),
    Column("status", Text, nullable=False),
    Column("score", Real),
    Column("metrics", PortableJson),
    # Why, in a sentence.
    Column("details", Text),
    Column("executed_at", UtcTimestamp, server_default=NOW, index=True),
    Column(
        "validation_id",
        Text,
        ForeignKey("quality_validations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("digest", Text, nullable=False),
    Column("gate", Text, nullable=False),
    Column("gate_type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("commit_sha", Text, nullable=False),
    Column("tree_sha", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("counts", PortableJson, nullable=False),
    # Of the rules that found most: tool, rule, severity and count.
    Column("rules", PortableJson, nullable=False),
    Column("new", Integer),
    Column("duration_seconds", Real, nullable=False),
    # What the answer depends on; null when it may be another one the next time.
    Column("cache_key", Text, index=True),
    Column("cached_from", Text),
    Column("override_id", Text),
    Index("ix_quality_results_repository_id_executed_at", "repository_id", "executed_at"),
)

quality_evidence = Table(
    "quality_evidence",
    metadata,
    Column(
        "result_id",
        Text,
        ForeignKey("quality_results.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    # Findings and reports of tools as compressed JSON.
    Column("content", LargeBinary, nullable=False),
)

quality_base_findings = Table(
    "quality_base_findings",
    metadata,
    # Of the gate, the tools and the tree of the base.
    Column("cache_key", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", UtcTimestamp, nullable=False, index=True),
)

quality_overrides = Table(
    "quality_overrides",
    metadata,
    Column("id", Text, primary_key=True),
    Column("repository_id", Text, nullable=False),
    Column("gate_id", Text, ForeignKey("quality_gates.id"), nullable=False, index=True),
    # It holds for these files and no others.
    Column("tree_sha", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
    Index("ix_quality_overrides_repository_id_tree_sha", "repository_id", "tree_sha"),
)

quality_baselines = Table(
    "quality_baselines",
    metadata,
    Column("repository_id", Text, primary_key=True),
    # The release, or another name that a gate gives as its baseline.
    Column("name", Text, primary_key=True),
    Column("commit_sha", Text, nullable=False),
    Column("metrics", PortableJson, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("recorded_by", Text, nullable=False),
)
