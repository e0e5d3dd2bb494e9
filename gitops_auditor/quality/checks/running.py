"""Runs the command lines of gates: as jobs run, confined, bounded, without secrets."""

import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound, Refused
from gitops_auditor.execution.environment import inherited, job_environment
from gitops_auditor.execution.job_user import require_reachable
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.supervision.orders import Limits, Order
from gitops_auditor.quality.checks.output import KeptOutput
from gitops_auditor.quality.checks.ports import Sandbox
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.gate import Gate

_SHELLS: Final = "/usr/local/bin:/usr/bin:/bin"
"""Folders of programs that a sandbox shows."""
_LARGEST_SIGNAL_CODE: Final = 128 + 64


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended.

    `broken` is a sentence when it did not end by itself: it took too long, was killed, or used more
    than it may. `output` is what it wrote on both outputs, shortened in the middle when it is long.
    """

    exit_code: int | None
    output: str
    seconds: float = 0.0
    broken: str = ""


@dataclass(frozen=True, slots=True)
class CommandLines:
    """Runs them in the subject's checkout, which they may change, and home."""

    sandbox: Sandbox
    settings: Settings
    inherited: Mapping[str, str]

    @classmethod
    def open(cls, settings: Settings, sandbox: Sandbox) -> "CommandLines":
        """As the settings and this process's variables say."""
        return cls(sandbox, settings, inherited(os.environ))

    async def run(
        self, gate: Gate, subject: Subject, seconds: float, arguments: Sequence[str] = ()
    ) -> Ran:
        """Run the gate's command; `arguments` are its positional parameters.

        The shell is bash with `-e` and `pipefail`, else `sh -e`. Raises Refused where jobs may not
        run, and NotFound or Refused for PIPELINE_JOB_FOLDERS.
        """
        kept = KeptOutput()
        order = await self._order(gate, subject, seconds, arguments)
        result = await self.sandbox.processes.run(order, kept.take)
        return Ran(result.exit_code, kept.text, result.seconds, _broken(result, seconds))

    async def _order(
        self, gate: Gate, subject: Subject, seconds: float, arguments: Sequence[str]
    ) -> Order:
        user = self.sandbox.user
        look = partial(_readable, self.settings, user)
        variables = {"GITOPS_GATE": gate.name, "GITOPS_COMMIT": subject.commit}
        return Order(
            argv=(*shell(), gate.command or "", "gate", *arguments),
            cwd=str(subject.root),
            environment=job_environment(self.inherited, variables, home=str(subject.home)),
            cookie=uuid.uuid4().hex,
            timeout=seconds,
            grace=self.settings.grace_seconds,
            isolation=await self.sandbox.level(),
            network=gate.network == "full",
            user=user,
            writable=(str(subject.root), str(subject.home)),
            readable=await anyio.to_thread.run_sync(look),
            limits=_limits(self.settings),
        )


@cache
def shell() -> tuple[str, ...]:
    """The shell of this machine, ready for a script and its parameters."""
    bash = shutil.which("bash", path=_SHELLS)
    return (bash, "-e", "-o", "pipefail", "-c") if bash else ("sh", "-e", "-c")


def _limits(settings: Settings) -> Limits:
    return Limits(
        memory_bytes=settings.job_memory_bytes,
        processes=settings.job_processes,
        file_bytes=settings.job_disk_bytes,
        workspace_bytes=settings.job_disk_bytes,
        output_bytes=settings.job_log_bytes,
        cpus=settings.job_cpus or None,
    )


def _readable(settings: Settings, user: tuple[int, int] | None) -> tuple[str, ...]:
    folders = [Path(folder).expanduser().absolute() for folder in settings.job_folders]
    for folder in folders:
        if not folder.is_dir():
            raise NotFound(f"There is no folder {folder}.", hint="Correct PIPELINE_JOB_FOLDERS.")
        require_reachable(folder / "program", user)
    return tuple(str(folder) for folder in folders)


def _broken(result: JobResult, seconds: float) -> str:
    if result.failure == "timeout":
        return f"It did not finish within {seconds:g} seconds."
    if result.exceeded is not None or result.failure in ("errored", "lost", "cancelled"):
        return result.reason
    if result.exit_code is None:
        return result.reason or "It ended without an exit code."
    # A shell says so of a program that a signal ended.
    is_signal = 128 < result.exit_code <= _LARGEST_SIGNAL_CODE
    return result.reason if is_signal else ""


def require_command(gate: Gate) -> str:
    """The gate's command. Raises Refused for a gate that has none."""
    if gate.command is None:
        raise Refused(
            f"The gate {gate.name} has no command.", hint="Give it a `command` in its definition."
        )
    return gate.command
