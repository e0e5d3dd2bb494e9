"""A repository whose gates commands ask, without any tool: conditions on its files."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio

from tests.factories.git import git, write_files

GATE_FILE: Final = ".gitops/quality-gates.yaml"
GOOD: Final = "# Tool\n\nIt is finished.\n"
BAD: Final = "# Tool\n"
FINISHED: Final = {"name": "Finished", "check": "README.md contains /finished/", "required": True}


def gates(**by_type: list[Mapping[str, Any]]) -> str:
    """A file of gates."""
    return json.dumps({"quality_gates": by_type})


ONE_GATE: Final = gates(pre_commit=[FINISHED], pre_merge=[FINISHED])


def in_git(folder: Path, *arguments: str) -> str:
    """Run git, for tests that run no event loop of their own."""
    return anyio.run(partial(git, folder, *arguments))


def stage(folder: Path, files: Mapping[str, str]) -> None:
    """Write files and stage them."""
    write_files(folder, files)
    in_git(folder, "add", "--", *files)
