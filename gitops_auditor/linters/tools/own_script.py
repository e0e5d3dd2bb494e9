"""Programs of our own that tools are started through, from the standard library alone."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from gitops_auditor.errors import GitOpsError
from gitops_auditor.execution.job_user import resolve_job_user
from gitops_auditor.linters import programs


def started(script: ModuleType, arguments: Sequence[str]) -> tuple[str, ...]:
    """The command that runs the text of a module; the module itself need not be readable there."""
    text = Path(script.__file__ or "").read_text("utf-8")
    return (str(interpreter()), "-I", "-S", "-c", text, *arguments)


def readable() -> tuple[str, ...]:
    """What the sandbox has to show for that."""
    try:
        return programs.readable_folders(interpreter(), resolve_job_user())
    except GitOpsError:
        return ()


def interpreter() -> Path:
    """A Python that the user of jobs can start; our own one where none can be found.

    Our own may be in somebody's home folder, where a start of it fails and says so.
    """
    try:
        found = programs.find(("python3", "python"), resolve_job_user())
    except GitOpsError:
        found = None
    return found.path if found else Path(sys.executable)
