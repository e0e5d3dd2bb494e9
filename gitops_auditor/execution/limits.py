"""What jobs, and all that is confined as they are, may use of the machine."""

from gitops_auditor.config import Settings
from gitops_auditor.execution.supervision.orders import Limits


def job_limits(settings: Settings) -> Limits:
    """What one job may use, as the settings say."""
    return Limits(
        memory_bytes=settings.job_memory_bytes,
        processes=settings.job_processes,
        file_bytes=settings.job_disk_bytes,
        workspace_bytes=settings.job_disk_bytes,
        output_bytes=settings.job_log_bytes,
        cpus=settings.job_cpus or None,
    )
