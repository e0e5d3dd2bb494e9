"""`gitops-auditor executor`: carries out runs for processes that do not do it themselves.

It is started by the platform, in the background, and ends by itself.
"""

import anyio

from gitops_auditor.config import load_settings
from gitops_auditor.log import configure_logging

IDLE_SECONDS = 10.0


def command() -> None:
    """Carry out the runs of the data folder until there is nothing to do for a while."""
    from gitops_auditor.app import execute

    settings = load_settings()
    configure_logging(settings.pipeline_log_level, human=False)
    anyio.run(execute, settings, IDLE_SECONDS)
