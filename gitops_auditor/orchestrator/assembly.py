"""Wires everything that plans are made of.

A part is made, and its modules are loaded, when it is first asked for: most commands need few.
"""
# ruff: noqa: PLC0415

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.dependencies.service import DependencyService
from gitops_auditor.events import EventLog
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.quality.assembly import QualityServices
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from gitops_auditor.work import Process

if TYPE_CHECKING:
    from gitops_auditor.execution.sandbox import Sandbox
    from gitops_auditor.orchestrator.approving import Approvals
    from gitops_auditor.orchestrator.availability import Availability
    from gitops_auditor.orchestrator.condition import PlanCondition
    from gitops_auditor.orchestrator.effects.effect import Effect
    from gitops_auditor.orchestrator.fields import StepKind
    from gitops_auditor.orchestrator.forges.forge import Forges
    from gitops_auditor.orchestrator.gates import PhaseGates
    from gitops_auditor.orchestrator.merge_order import MergeOrder
    from gitops_auditor.orchestrator.planning.planner import Planner
    from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms
    from gitops_auditor.orchestrator.rendering.renderer import Renderer
    from gitops_auditor.orchestrator.rendering.workspaces import RenderWorkspaces
    from gitops_auditor.orchestrator.replaying import Replayer
    from gitops_auditor.orchestrator.running.commands import PlanRuns
    from gitops_auditor.orchestrator.running.companion import PlanCompanion
    from gitops_auditor.orchestrator.running.driver import PlanDriver
    from gitops_auditor.orchestrator.service import Plans
    from gitops_auditor.orchestrator.staleness import Freshness
    from gitops_auditor.orchestrator.store.driving import PlanJournal

FIRST_PAUSE: Final = 1.0
"""Seconds before what errored is tried again."""


@dataclass(frozen=True)
class Surroundings:
    """What plans are handed of the rest of the platform."""

    settings: Settings
    database: Database
    events: EventLog
    audit: Audit
    process: Process
    git: Git
    repositories: RepositoryRegistry
    dependencies: DependencyService
    pipelines: PipelineServices
    quality: QualityServices


class PlanServices:
    """What operations on plans use, and what carries plans out."""

    def __init__(self, around: Surroundings, stack: AsyncExitStack) -> None:
        """What is opened later is closed with the stack."""
        self._around = around
        self._stack = stack

    @cached_property
    def plans(self) -> "Plans":
        """The plans there are."""
        from gitops_auditor.orchestrator.service import Plans

        return Plans(self._around.database)

    @cached_property
    def planner(self) -> "Planner":
        """Makes plans."""
        from gitops_auditor.orchestrator.planning.planner import Parts, Planner

        around = self._around
        parts = Parts(
            settings=around.settings,
            database=around.database,
            events=around.events,
            audit=around.audit,
            repositories=around.repositories,
            dependencies=around.dependencies,
            pipelines=around.pipelines,
            forges=self.forges,
            gates=self.gates,
            renderers=self.renderers,
        )
        return Planner(parts)

    @cached_property
    def approvals(self) -> "Approvals":
        """Who agreed to what."""
        from gitops_auditor.orchestrator.approving import Approvals

        around = self._around
        return Approvals(
            around.database, around.events, around.audit, self.freshness, around.settings
        )

    @cached_property
    def replayer(self) -> "Replayer":
        """Proves what past plans came to."""
        from gitops_auditor.orchestrator.replaying import Replayer

        around = self._around
        return Replayer(around.database, around.repositories, self._renderers_of, around.settings)

    @cached_property
    def freshness(self) -> "Freshness":
        """Whether plans still are what their hashes say."""
        from gitops_auditor.orchestrator.staleness import Freshness

        around = self._around
        return Freshness(
            around.repositories, around.dependencies, around.pipelines, self.forges, self.gates
        )

    @cached_property
    def runs(self) -> "PlanRuns":
        """Tells plans what to do."""
        from gitops_auditor.orchestrator.running.commands import PlanRuns

        around = self._around
        return PlanRuns(
            self._journal,
            around.audit,
            self.freshness,
            around.pipelines.dispatcher,
            around.pipelines.connections.configured,
            self.companion.carry_out,
        )

    @cached_property
    def companion(self) -> "PlanCompanion":
        """What the executor of runs carries out beside them; the driver is made when one waits."""
        from gitops_auditor.orchestrator.running.companion import PlanCompanion

        return PlanCompanion(self._journal, lambda: self.driver)

    @cached_property
    def driver(self) -> "PlanDriver":
        """Carries plans out in this process."""
        from gitops_auditor.orchestrator.running.driver import PlanDriver
        from gitops_auditor.orchestrator.running.parts import DriverParts
        from gitops_auditor.orchestrator.running.trying import Patience

        around = self._around
        parts = DriverParts(
            journal=self._journal,
            process=around.process,
            audit=around.audit,
            repositories=around.repositories,
            effects=self.effects,
            gates=self.gates,
            barrier=self.availability,
            freshness=self.freshness,
            workers=around.settings.plan_workers,
            patience=Patience(around.settings.plan_step_tries, FIRST_PAUSE),
        )
        return PlanDriver(parts)

    @cached_property
    def condition(self) -> "PlanCondition":
        """How plans are doing."""
        from gitops_auditor.orchestrator.condition import PlanCondition

        return PlanCondition(self._around.database)

    @cached_property
    def forges(self) -> "Forges":
        """Where repositories are published."""
        from gitops_auditor.orchestrator.forges.git import GitForge
        from gitops_auditor.orchestrator.forges.github.forge import GitHubForge
        from gitops_auditor.orchestrator.forges.github.local_commits import LocalCommits
        from gitops_auditor.orchestrator.forges.selection import ForgeSelection

        around = self._around
        git = GitForge(around.repositories.publishing)
        local = LocalCommits(around.git, around.repositories.revisions)
        github = GitHubForge(around.settings, around.pipelines.connections, local, git)
        self._stack.push_async_callback(github.close)
        return ForgeSelection(git, github)

    @cached_property
    def merge_order(self) -> "MergeOrder":
        """Which pull requests wait for which."""
        from gitops_auditor.orchestrator.merge_order import MergeOrder

        around = self._around
        return MergeOrder(
            self.forges, around.repositories.get, around.dependencies.edges, self.plans.get
        )

    @cached_property
    def renderers(self) -> "Mapping[str, Renderer]":
        """What makes the commit of each kind of change that has one."""
        return self._renderers_of(self._around.repositories)

    def _renderers_of(self, repositories: RepositoryRegistry) -> "Mapping[str, Renderer]":
        from gitops_auditor.orchestrator.rendering.bump.commit_names import CommitNames
        from gitops_auditor.orchestrator.rendering.bump.renderer import BumpRenderer
        from gitops_auditor.orchestrator.rendering.locks.renewing import LockRenewal
        from gitops_auditor.orchestrator.rendering.resolution import Resolution
        from gitops_auditor.orchestrator.rendering.script import ScriptRenderer
        from gitops_auditor.orchestrator.rendering.tree_manifests import ManifestTrees

        revisions, commits = repositories.revisions, repositories.rendered
        bump = BumpRenderer(
            ManifestTrees(revisions),
            CommitNames(revisions, repositories.all),
            LockRenewal(revisions, self._workspaces, self._programs),
            commits,
            Resolution(revisions, repositories.get),
        )
        return {"bump": bump, "script": ScriptRenderer(self._workspaces, self._programs, commits)}

    @cached_property
    def effects(self) -> "Mapping[StepKind, Effect]":
        """What each kind of step does."""
        from gitops_auditor.orchestrator.effects.by_kind import EffectParts, effects_of

        around = self._around
        parts = EffectParts(
            self.forges,
            around.pipelines,
            around.audit,
            self.merge_order,
            around.dependencies.edges,
        )
        return effects_of(parts)

    @cached_property
    def gates(self) -> "PhaseGates":
        """Asks quality gates about what phases make."""
        from gitops_auditor.orchestrator.gates import PhaseGates

        around = self._around
        return PhaseGates(around.quality, around.repositories, around.audit)

    @cached_property
    def availability(self) -> "Availability":
        """Waits until phases can have what they need of earlier ones."""
        from gitops_auditor.orchestrator.availability import Availability
        from gitops_auditor.orchestrator.registries import Registries

        around = self._around
        return Availability(
            self.forges,
            around.repositories,
            around.dependencies.edges,
            around.dependencies.packages,
            Registries(self._programs, self._workspaces),
            around.settings.plan_availability_seconds,
        )

    @cached_property
    def _journal(self) -> "PlanJournal":
        from gitops_auditor.orchestrator.store.driving import PlanJournal

        around = self._around
        return PlanJournal(around.database, around.events, around.audit)

    @cached_property
    def _workspaces(self) -> "RenderWorkspaces":
        from gitops_auditor.orchestrator.rendering.workspaces import RenderWorkspaces

        around = self._around
        return RenderWorkspaces(around.repositories, around.settings, around.process)

    @cached_property
    def _programs(self) -> "ConfinedPrograms":
        from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms

        return ConfinedPrograms(self._around.settings, self._open_sandbox)

    async def _open_sandbox(self) -> "Sandbox":
        return self._sandbox

    @cached_property
    def _sandbox(self) -> "Sandbox":
        from gitops_auditor.execution.process import Processes
        from gitops_auditor.execution.sandbox import Sandbox

        processes = Processes()
        self._stack.push_async_callback(processes.close)
        return Sandbox(self._around.settings, processes)


@asynccontextmanager
async def open_plans(around: Surroundings) -> AsyncIterator[PlanServices]:
    """Starts no process; at the end of the block every program that still runs is ended."""
    async with AsyncExitStack() as stack:
        yield PlanServices(around, stack)
