"""How the script of a job becomes one process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound, Refused, TooLarge
from gitops_auditor.execution.environment import job_environment
from gitops_auditor.execution.isolation import MEANING
from gitops_auditor.execution.job_folders import require_job_folders
from gitops_auditor.execution.limits import job_limits
from gitops_auditor.execution.shells import shell
from gitops_auditor.execution.supervision.orders import Isolation, Order
from gitops_auditor.pipelines.handlers import Attempt

MAX_SCRIPT_BYTES: Final = 2**17 - 1
"""Linux takes no longer argument (execve(2))."""


def job_order(
    attempt: Attempt,
    variables: Mapping[str, str],
    *,
    inherited: Mapping[str, str],
    isolation: Isolation,
    user: tuple[int, int] | None,
    timeout: float,
    settings: Settings,
) -> Order:
    """The order for the script of an attempt; it blocks for one with a working directory.

    Raises NotFound and Refused for its working directory and for PIPELINE_JOB_FOLDERS, and TooLarge
    for the script.
    """
    workspace, job = attempt.workspace, attempt.job.job
    return Order(
        argv=(*shell(), _script(job.script or "")),
        cwd=str(_folder(workspace.checkout, job.working_directory)),
        environment=job_environment(inherited, variables, home=str(workspace.home)),
        cookie=attempt.cookie,
        timeout=timeout,
        grace=settings.grace_seconds,
        isolation=isolation,
        network=job.network_access == "full",
        user=user,
        writable=(str(workspace.checkout), str(workspace.home)),
        readable=require_job_folders(settings, user),
        limits=job_limits(settings),
    )


def description(order: Order) -> str:
    """How the order runs, for the job's log."""
    network = "with" if order.network else "without"
    shown = " ".join((Path(order.argv[0]).name, *order.argv[1:-1]))
    return f"Running {shown} {network} network; isolation: {MEANING[order.isolation]}."


def _script(text: str) -> str:
    if "\0" in text:
        raise Refused("The script has a null character.", hint="Remove it from the definition.")
    if len(text.encode()) > MAX_SCRIPT_BYTES:
        raise TooLarge(
            f"The script has more than {MAX_SCRIPT_BYTES} bytes.",
            hint="Put it into a file of the repository, and run that.",
        )
    return text


def _folder(checkout: Path, name: str | None) -> Path:
    if not name:
        return checkout
    folder = checkout / name
    if not folder.is_dir():
        raise NotFound(
            f"There is no folder {name} to run the job in.",
            hint="Check `working_directory`; it is relative to the repository.",
        )
    if not folder.resolve().is_relative_to(checkout.resolve()):
        raise Refused(f"{name} leads out of the checkout.", hint="Name a folder of the repository.")
    return folder
