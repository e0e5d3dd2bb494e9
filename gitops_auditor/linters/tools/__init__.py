"""The tools, each one module; a new one is named in one of these lists too."""

from typing import Final

from gitops_auditor.linters.tool import Tool
from gitops_auditor.linters.tools.ruff import RUFF

ALL_LINTERS: Final[tuple[Tool, ...]] = (RUFF,)
"""They look for faults in code and configuration."""

ALL_FORMATTERS: Final[tuple[Tool, ...]] = ()
"""They say which files are not formatted as they format them."""

ALL_SCANNERS: Final[tuple[Tool, ...]] = ()
"""They look for secrets, weaknesses and packages with known ones."""
