"""Runs the command lines of gates: as jobs run, confined, bounded, without secrets."""

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import Refused
from gitops_auditor.execution.environment import inherited, job_environment
from gitops_auditor.execution.job_folders import require_job_folders
from gitops_auditor.execution.limits import job_limits
from gitops_auditor.execution.ports import Sandbox
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.shells import shell
from gitops_auditor.execution.supervision.orders import Order
from gitops_auditor.quality.checks.output import KeptOutput
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.gate import Gate

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
        look = partial(require_job_folders, self.settings, user)
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
            limits=job_limits(self.settings),
        )


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
