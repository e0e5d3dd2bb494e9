"""What jobs and gates need of the machine, in their words; whoever opens them hands it over."""

from typing import Protocol

from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.supervision.orders import Isolation


class Sandbox(Protocol):
    """Where the processes of jobs, and the commands of gates, run."""

    @property
    def processes(self) -> Processes:
        """Starts them."""

    @property
    def user(self) -> tuple[int, int] | None:
        """The (uid, gid) that they run as; None for this process's own."""

    async def level(self) -> Isolation:
        """How they are isolated. Raises Refused when this machine offers less than is required."""
