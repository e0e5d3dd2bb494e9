"""Pipelines as workflows of GitHub Actions, and workflows as pipelines. Pure: text in, text out."""

from gitops_auditor.pipelines.github_actions.exporting import export_workflow
from gitops_auditor.pipelines.github_actions.importing import import_workflow
from gitops_auditor.pipelines.github_actions.models import (
    Exported,
    ExportOptions,
    Imported,
    NotCarriedOver,
    NotMapped,
)

__all__ = [
    "ExportOptions",
    "Exported",
    "Imported",
    "NotCarriedOver",
    "NotMapped",
    "export_workflow",
    "import_workflow",
]
