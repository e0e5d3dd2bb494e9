"""All pages, and the schemas that editors check files with, by file name."""

import json
from pathlib import Path
from typing import Any

from gitops_auditor.pipelines import editor_schema as pipelines
from gitops_auditor.quality import editor_schema as gates
from tests.reference.commands import commands_page
from tests.reference.errors import errors_page
from tests.reference.operations import operations_page
from tests.reference.settings import settings_page

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def pages() -> dict[str, str]:
    """The text that each page has to have."""
    return {
        "settings.md": settings_page(),
        "operations.md": operations_page(),
        "errors.md": errors_page(),
        "commands.md": commands_page(),
        "pipeline.schema.json": _written(pipelines.editor_schema()),
        "quality-gates.schema.json": _written(gates.editor_schema()),
    }


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1) + "\n"
