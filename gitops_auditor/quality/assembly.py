"""Wires everything that quality gates are made of.

A part is made, and its modules are loaded, when it is first asked for: most commands need few.
"""
# ruff: noqa: PLC0415

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.connections.service import Connections
from gitops_auditor.events import EventLog
from gitops_auditor.quality.workspaces import Workspaces
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

if TYPE_CHECKING:
    from gitops_auditor.execution.sandbox import Sandbox
    from gitops_auditor.linters.code_linter import CodeLinter
    from gitops_auditor.linters.running import ToolRunner
    from gitops_auditor.linters.security_scanner import SecurityScanner
    from gitops_auditor.quality.answers import Answers
    from gitops_auditor.quality.asking import Asker
    from gitops_auditor.quality.baselines import Baselines
    from gitops_auditor.quality.checks.ports import CoverageSource, PipelineRunner
    from gitops_auditor.quality.condition import QualityCondition
    from gitops_auditor.quality.explanation import GateExplainer
    from gitops_auditor.quality.overriding import Overrides
    from gitops_auditor.quality.reporting import Reporting
    from gitops_auditor.quality.retention import QualityRetention
    from gitops_auditor.quality.service import QualityGates
    from gitops_auditor.quality.validation import Validator


@dataclass(frozen=True)
class Surroundings:
    """What quality is handed of the rest of the platform."""

    settings: Settings
    database: Database
    events: EventLog
    audit: Audit
    repositories: RepositoryRegistry
    connections: Connections
    workspaces: Workspaces
    pipelines: "PipelineRunner"
    coverage: "CoverageSource"


class QualityServices:
    """What operations on quality gates use."""

    def __init__(self, around: Surroundings, stack: AsyncExitStack) -> None:
        """What is opened later is closed with the stack."""
        self._around = around
        self._stack = stack

    @cached_property
    def gates(self) -> "QualityGates":
        """The gates that are known."""
        from gitops_auditor.quality.service import QualityGates

        around = self._around
        return QualityGates(around.database, around.events, around.audit, around.repositories)

    @cached_property
    def validator(self) -> "Validator":
        """Asks the gates about commits."""
        from gitops_auditor.quality.keeping import Keeping
        from gitops_auditor.quality.selection import GateSelection
        from gitops_auditor.quality.trusting import Trusting
        from gitops_auditor.quality.validation import Validator

        around = self._around
        return Validator(
            around.repositories,
            around.workspaces,
            GateSelection(self.gates, Trusting(around.settings)),
            self._open_asker,
            Keeping(around.database, around.events, around.audit, self.baselines),
            around.settings,
        )

    @cached_property
    def answers(self) -> "Answers":
        """What gates said."""
        from gitops_auditor.quality.answers import Answers

        return Answers(self._around.database)

    @cached_property
    def explainer(self) -> "GateExplainer":
        """Says why a gate said what it said."""
        from gitops_auditor.quality.explanation import GateExplainer

        return GateExplainer(self.answers)

    @cached_property
    def overrides(self) -> "Overrides":
        """Who let what pass."""
        from gitops_auditor.quality.overriding import Overrides

        return Overrides(self._around.database, self._around.events, self._around.audit)

    @cached_property
    def baselines(self) -> "Baselines":
        """Figures of releases."""
        from gitops_auditor.quality.baselines import Baselines

        around = self._around
        return Baselines(around.database, around.events, around.audit, around.repositories)

    @cached_property
    def reporting(self) -> "Reporting":
        """Summaries, trends and reports."""
        from gitops_auditor.quality.reporting import Reporting

        return Reporting(self._around.database, self.answers, self._around.settings)

    @cached_property
    def retention(self) -> "QualityRetention":
        """Forgets what gates said long ago."""
        from gitops_auditor.quality.retention import QualityRetention

        return QualityRetention(self._around.database, self._around.audit)

    @cached_property
    def condition(self) -> "QualityCondition":
        """How gates are doing."""
        from gitops_auditor.quality.condition import QualityCondition

        return QualityCondition(self._around.database, self._runner, self._around.settings)

    @cached_property
    def linter(self) -> "CodeLinter":
        """The bundled linters."""
        from gitops_auditor.linters.code_linter import CodeLinter

        return CodeLinter(self._runner)

    @cached_property
    def scanner(self) -> "SecurityScanner":
        """The bundled scanners."""
        from gitops_auditor.linters.security_scanner import SecurityScanner

        return SecurityScanner(self._runner)

    async def _open_asker(self) -> "Asker":
        import anyio
        import anyio.to_thread

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._find_level)
            await anyio.to_thread.run_sync(_load)
        return self._asker

    async def _find_level(self) -> None:
        from gitops_auditor.errors import GitOpsError

        # Where there is too little isolation, the gates that need it say so.
        with suppress(GitOpsError):
            await self._sandbox.level()

    @cached_property
    def _asker(self) -> "Asker":
        from gitops_auditor.quality.adapters.choosing import Adapters
        from gitops_auditor.quality.asking import Asker
        from gitops_auditor.quality.checks.by_kind import checks_of
        from gitops_auditor.quality.comparing import Comparing
        from gitops_auditor.quality.known import Known
        from gitops_auditor.quality.looking import Looking

        around = self._around
        adapters = Adapters(around.connections, self.linter, self.scanner)
        looking = Looking(adapters, self._runner, around.connections)
        comparing = Comparing(around.repositories, self.baselines)
        checks = checks_of(
            around.settings,
            self._sandbox,
            linter=looking,
            scanner=looking,
            baselines=comparing,
            changed_lines=comparing,
            coverage=around.coverage,
            pipelines=around.pipelines,
        )
        return Asker(checks, Known(around.database), around.settings)

    @cached_property
    def _runner(self) -> "ToolRunner":
        from gitops_auditor.linters.running import ToolRunner

        return ToolRunner(self._sandbox, self._around.settings)

    @cached_property
    def _sandbox(self) -> "Sandbox":
        from gitops_auditor.execution.process import Processes
        from gitops_auditor.execution.sandbox import Sandbox

        processes = Processes()
        self._stack.push_async_callback(processes.close)
        return Sandbox(self._around.settings, processes)


def _load() -> None:
    from gitops_auditor.quality import looking  # noqa: F401 - for the next who imports it
    from gitops_auditor.quality.checks import by_kind  # noqa: F401 - as above


@asynccontextmanager
async def open_quality(around: Surroundings) -> AsyncIterator[QualityServices]:
    """Starts no process; at the end of the block every tool that still runs is ended."""
    async with AsyncExitStack() as stack:
        yield QualityServices(around, stack)
