"""All pages, by file name."""

from pathlib import Path

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
    }
