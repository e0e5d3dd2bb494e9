"""Commands of npm packages that the tests run: from .tools, from the PATH, or not at all."""

import os
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / ".tools" / "node_modules" / ".bin"


def npm_tool(name: str) -> tuple[str, dict[str, str]]:
    """The command, and the environment in which its own node comes first; skips without it."""
    path = os.pathsep.join([str(FOLDER), os.environ.get("PATH", "")])
    command = shutil.which(name, path=path)
    if command is None:
        pytest.skip(f"{name} is not installed; `make .tools/.installed` installs it with npm")
    return command, {**os.environ, "PATH": path}
