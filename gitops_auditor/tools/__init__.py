"""What callers can do: every toolset, listed. Nothing registers itself by being imported."""

from gitops_auditor.operations import OperationCatalog
from gitops_auditor.tools import (
    audit,
    dependencies,
    health,
    orchestration,
    pipeline_storage,
    pipeline_templates,
    pipelines,
    plan_audit,
    quality,
    quality_gates,
    quality_reports,
    repositories,
    run_reports,
    runs,
    work,
)
from gitops_auditor.tools.aliases import ALIASES

DECLARED = (
    *(pipelines, pipeline_storage, runs, pipeline_templates, run_reports),
    *(quality, quality_gates, quality_reports),
    *(orchestration, plan_audit),
)
"""Modules that declare operations of toolsets that they share."""

TOOLSETS = (
    health.toolset,
    repositories.toolset,
    dependencies.toolset,
    pipelines.toolset,
    quality.toolset,
    orchestration.toolset,
    work.toolset,
    audit.toolset,
)


def full_catalog() -> OperationCatalog:
    """Every operation of the product, before any selection."""
    return OperationCatalog(TOOLSETS, ALIASES)
