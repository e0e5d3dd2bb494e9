"""The folders that the operator shows to jobs beside those of the system."""

from pathlib import Path

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.execution.job_user import require_reachable


def job_folders(settings: Settings) -> tuple[str, ...]:
    """Their absolute paths, as the settings say."""
    return tuple(str(folder.expanduser().absolute()) for folder in settings.job_folders)


def require_job_folders(settings: Settings, user: tuple[int, int] | None) -> tuple[str, ...]:
    """The same; it blocks. `user` is who jobs run as.

    Raises NotFound for one that is missing, and Refused for one that the user cannot reach.
    """
    for folder in map(Path, job_folders(settings)):
        if not folder.is_dir():
            raise NotFound(f"There is no folder {folder}.", hint="Correct PIPELINE_JOB_FOLDERS.")
        require_reachable(folder / "program", user)
    return job_folders(settings)
