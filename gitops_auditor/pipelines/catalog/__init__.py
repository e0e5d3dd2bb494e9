"""Templates of whole pipelines, ready for a repository: listed, chosen, filled in and previewed.

Everything here is pure but for reading the templates, which are files of this package.
"""

from gitops_auditor.pipelines.catalog.catalog import CatalogTemplate, render, template, templates
from gitops_auditor.pipelines.catalog.preview import DEFAULT_PATH, Preview, preview
from gitops_auditor.pipelines.catalog.suggestions import Suggestion, suggest
from gitops_auditor.pipelines.catalog.variables import Variable

__all__ = [
    "DEFAULT_PATH",
    "CatalogTemplate",
    "Preview",
    "Suggestion",
    "Variable",
    "preview",
    "render",
    "suggest",
    "template",
    "templates",
]
