"""What a machine needs in order to carry out runs that others see."""

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidSetting
from gitops_auditor.storage.urls import parse_url


def require_worker_settings(settings: Settings) -> None:
    """Raise InvalidSetting when a worker with these settings would be of no use to others."""
    _, dialect = parse_url(settings.database_url)
    if dialect != "postgresql":
        raise _missing(
            "A worker shares a database with other machines, and SQLite cannot be shared.",
            "Set DATABASE_URL=postgresql://..., the same as on the server.",
        )
    if not settings.artifacts_url:
        raise _missing(
            "A worker keeps artifacts where the server finds them, and no such place is set.",
            "Set PIPELINE_ARTIFACTS_URL to a shared folder or an fsspec URL, the same everywhere.",
        )
    if not settings.pipeline_worker_count:
        raise _missing(
            "PIPELINE_WORKER_COUNT is 0: this worker could not run a single job.",
            "Set it to the number of jobs that run at once on this machine.",
        )


def _missing(message: str, hint: str) -> InvalidSetting:
    return InvalidSetting(message, hint=hint)
