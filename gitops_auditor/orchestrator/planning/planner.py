"""Makes plans. Nothing of what a plan is made of is published or changed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.dependencies.models import Dependency
from gitops_auditor.dependencies.service import DependencyService
from gitops_auditor.errors import GitOpsError, JsonValue, NotFound
from gitops_auditor.events import EventLog
from gitops_auditor.identity import new_id
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.forges.forge import Forges
from gitops_auditor.orchestrator.gates import DEFAULT_TYPES, GateQuestion
from gitops_auditor.orchestrator.planning.assessment import Assessment, Subject, history_of
from gitops_auditor.orchestrator.planning.estimation import plan_seconds
from gitops_auditor.orchestrator.planning.hashing import plan_hash, request_digest
from gitops_auditor.orchestrator.planning.inputs import Gates, inputs_of, judged_commit
from gitops_auditor.orchestrator.planning.messages import subject_of
from gitops_auditor.orchestrator.planning.ordering import OrderedPhase, Pair, links_among, ordered
from gitops_auditor.orchestrator.planning.phase_rendering import (
    Batch,
    Made,
    PhaseRendering,
    Tell,
    each,
)
from gitops_auditor.orchestrator.planning.pipelines import PlannedRun, PlannedRuns
from gitops_auditor.orchestrator.planning.selection import Selection
from gitops_auditor.orchestrator.planning.steps import (
    Place,
    delivery_of,
    is_destructive,
    offer_of,
    point_of_no_return,
    steps_of,
)
from gitops_auditor.orchestrator.planning.targets import Target, Targets
from gitops_auditor.orchestrator.records import Patch, Phase, Plan, Rendering, Step
from gitops_auditor.orchestrator.rendering.renderer import Renderer
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

CHANNEL: Final = "plans"

Progress = Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True)
class Parts:
    """What plans are made with. `renderers` are by the kind of change."""

    settings: Settings
    database: Database
    events: EventLog
    audit: Audit
    repositories: RepositoryRegistry
    dependencies: DependencyService
    pipelines: PipelineServices
    forges: Forges
    gates: Gates
    renderers: Mapping[str, Renderer]


@dataclass(frozen=True)
class _Draft:
    """A plan while it is made; maps are by repository."""

    id: str
    request: PlanRequest
    created_at: datetime
    edges: Sequence[Dependency]
    targets: Mapping[str, Target]
    links: Sequence[Pair]
    phases: Sequence[OrderedPhase]
    made: Mapping[str, Made]
    runs: Mapping[str, PlannedRun]
    gates: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """Every repository, in the order of the phases."""
        return [name for phase in self.phases for name in phase.repositories]

    @property
    def renderings(self) -> list[Rendering]:
        """In the order of the phases."""
        return [self.made[name].rendering for name in self.names]


class Planner:
    """Must run inside an audited operation; the plan is kept in one transaction at the end."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._selection = Selection(parts.repositories)
        self._targets = Targets(parts.repositories, parts.forges)
        self._runs = PlannedRuns(parts.pipelines, parts.repositories.revisions)
        workers = parts.settings.plan_workers
        self._rendering = PhaseRendering(parts.repositories, parts.renderers, workers)

    async def plan(self, request: PlanRequest, actor: str, progress: Progress) -> Plan:
        """The plan, kept. What changed since the last scan is scanned first.

        A repository in which the change cannot be made is in the plan with the reason, and the plan
        is not executed then. `progress` is awaited for each repository. Raises NotFound for unknown
        repositories, branches and names that nobody asks for, InvalidRequest for a delivery that a
        forge does not have, Conflict for a cycle that is to be refused, Unavailable, Refused.
        """
        request_digest(request)
        telling = _Telling(progress)
        await self._parts.dependencies.scan(progress=telling.scanned)
        drafted = await self._drafted(request)
        telling.expect(len(drafted.targets))
        if isinstance(request.change, RunPipeline):
            drafted = await self._with_runs(drafted, request.change, actor, telling.rendered)
        else:
            made = await self._rendering.all(_batch(drafted), telling.rendered)
            drafted = replace(drafted, made=made)
        plan = await self._whole(await self._judged(drafted, actor), actor)
        patches = {name: one.patch for name, one in drafted.made.items() if one.patch is not None}
        await self._keep(plan, patches)
        return plan

    async def _drafted(self, request: PlanRequest) -> _Draft:
        now = datetime.now(UTC)
        edges = await self._parts.dependencies.edges()
        chosen = await self._selection.of(request, edges)
        names = [one.id for one in chosen]
        links = links_among(names, edges)
        phases = ordered(names, links, request.cycles)
        targets = await self._found(chosen, request)
        for name, target in targets.items():
            if target.forge is not None and not isinstance(request.change, RunPipeline):
                delivery_of(request.delivery, offer_of(target.forge), name)
        return _Draft(new_id(), request, now, edges, targets, links, phases, {}, {}, {})

    async def _found(self, chosen: Sequence[Repository], request: PlanRequest) -> dict[str, Target]:
        by_id = {one.id: one for one in chosen}
        found: dict[str, Target] = {}

        async def find(name: str) -> None:
            found[name] = await self._targets.of(by_id[name], request)

        await each([*by_id], find, self._parts.settings.plan_workers)
        return found

    async def _with_runs(
        self, drafted: _Draft, change: RunPipeline, actor: str, tell: Tell
    ) -> _Draft:
        made: dict[str, Made] = {}
        runs: dict[str, PlannedRun] = {}
        for number, phase in enumerate(drafted.phases, 1):
            for name in phase.repositories:
                target = drafted.targets[name]
                blank = await self._rendering.blank(target, number)
                made[name] = Made(blank)
                try:
                    runs[name] = await self._run_of(target, change, actor)
                except GitOpsError as wrong:
                    facts = {"status": "failed", "reason": str(wrong)}
                    made[name] = Made(blank.model_copy(update=facts))
                await tell(f"Looked at {change.pipeline} of {name}.")
        return replace(drafted, made=made, runs=runs)

    async def _run_of(self, target: Target, change: RunPipeline, actor: str) -> PlannedRun:
        repository, commit = target.repository, target.commit
        try:
            return await self._runs.of(repository, commit, change)
        except NotFound:
            # Its file may be newer than the last look at the repository's pipelines.
            await self._parts.pipelines.firing.sync(repository.id, actor, commit)
            return await self._runs.of(repository, commit, change)

    async def _judged(self, drafted: _Draft, actor: str) -> _Draft:
        """With the gates of each repository, and what they say of what is changed there."""
        made, gates = dict(drafted.made), {}
        known = [one.repository for one in drafted.targets.values()]
        asked = await self._parts.gates.for_all(known)

        async def judge(name: str) -> None:
            one = made[name].rendering
            if one.commit and drafted.request.check_gates:
                wanted = drafted.request.quality_gates
                question = GateQuestion(name, one.commit, one.base_commit, wanted, drafted.id)
                said = await asked.ask_about(question, actor)
                made[name] = made[name]._replace(rendering=one.model_copy(update={"gates": said}))
            # Right after: what was read of the commit is still at hand.
            gates[name] = await asked.digest(name, judged_commit(one))

        await each(drafted.names, judge, self._parts.settings.plan_workers)
        return replace(drafted, made=made, gates=gates)

    async def _whole(self, drafted: _Draft, actor: str) -> Plan:
        request, renderings = drafted.request, drafted.renderings
        runs = {name: run.digest for name, run in drafted.runs.items()}
        inputs = inputs_of(request, renderings, drafted.links, drafted.gates, runs)
        steps = steps_of(drafted.id, request, [_place(drafted, one) for one in renderings])
        phases = await self._phases(drafted, steps)
        return Plan(
            id=drafted.id,
            title=subject_of(request),
            request=request,
            requested_by=actor,
            status="planned",
            hash=plan_hash(inputs),
            inputs=inputs,
            needs_approval=self._needs_approval(steps),
            phases=phases,
            renderings=sorted(renderings, key=lambda one: (one.phase, one.repository_id)),
            steps=steps,
            point_of_no_return=point_of_no_return(steps),
            estimated_seconds=plan_seconds(one.estimated_seconds for one in phases),
            notes=_notes(renderings),
            created_at=drafted.created_at,
            updated_at=drafted.created_at,
        )

    async def _phases(self, drafted: _Draft, steps: Sequence[Step]) -> list[Phase]:
        pipelines = {name: run.pipeline_id for name, run in drafted.runs.items()}
        subject = Subject(
            drafted.request,
            {name: one.rendering for name, one in drafted.made.items()},
            steps,
            drafted.edges,
            pipelines,
            point_of_no_return(steps),
            self._parts.settings.plan_workers,
        )
        known = [one for one in pipelines.values() if one]
        history = await history_of(self._parts.database, drafted.names, known)
        assessment = Assessment(subject, history)
        return [
            Phase(
                number=number,
                repositories=[*phase.repositories],
                allow_parallel=drafted.request.allow_parallel,
                quality_gates=[*(drafted.request.quality_gates or DEFAULT_TYPES)],
                risk=assessment.risk(number, phase.repositories),
                estimated_seconds=assessment.seconds(phase.repositories),
                warning=phase.warning,
            )
            for number, phase in enumerate(drafted.phases, 1)
        ]

    def _needs_approval(self, steps: Sequence[Step]) -> bool:
        policy = self._parts.settings.plan_approval
        return policy == "always" or (policy == "destructive" and is_destructive(steps))

    async def _keep(self, plan: Plan, patches: Mapping[str, Patch]) -> None:
        facts: dict[str, JsonValue] = {
            "plan_id": plan.id,
            "title": plan.title,
            "status": plan.status,
            "hash": plan.hash,
            "requested_by": plan.requested_by,
            "needs_approval": plan.needs_approval,
            "repositories": len(plan.renderings),
        }
        async with self._parts.database.write() as transaction:
            await store.add(transaction, plan, patches)
            await self._parts.audit.effect(transaction, None, facts)
            await self._parts.events.append(transaction, CHANNEL, "plan.created", facts)


class _Telling:
    """One progress over both the scan and what follows it: it only grows."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0.0
        self._total = 0.0

    async def scanned(self, done: float, total: float | None, message: str) -> None:
        self._done, self._total = done, total or done
        await self._progress(done, total, message)

    def expect(self, repositories: int) -> None:
        self._total = self._done + repositories

    async def rendered(self, message: str) -> None:
        self._done += 1
        await self._progress(self._done, self._total, message)


def _batch(drafted: _Draft) -> Batch:
    return Batch(
        drafted.id,
        drafted.request,
        int(drafted.created_at.timestamp()),
        [phase.repositories for phase in drafted.phases],
        drafted.targets,
        drafted.links,
    )


def _place(drafted: _Draft, rendering: Rendering) -> Place:
    forge = drafted.targets[rendering.repository_id].forge
    run = drafted.runs.get(rendering.repository_id)
    return Place(
        rendering,
        offer_of(forge) if forge is not None else None,
        has_rollback=run is not None and run.has_rollback,
    )


def _notes(renderings: Sequence[Rendering]) -> list[str]:
    failed = [one.repository_id for one in renderings if one.status == "failed"]
    red = [one.repository_id for one in renderings if any(not gate.passed for gate in one.gates)]
    notes = []
    if failed:
        notes.append(f"It cannot be executed: the change fails in {', '.join(failed)}.")
    if red:
        notes.append(f"Quality gates say no to what it makes of {', '.join(red)}.")
    return notes
