"""What driving plans is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_auditor.audit import Audit
from gitops_auditor.orchestrator.effects.effect import Effect
from gitops_auditor.orchestrator.fields import StepKind
from gitops_auditor.orchestrator.running.ports import (
    Barrier,
    FaultPoint,
    Freshness,
    Gates,
    Repositories,
    no_fault,
)
from gitops_auditor.orchestrator.running.trying import Patience
from gitops_auditor.orchestrator.store.driving import PlanJournal
from gitops_auditor.work import Process


@dataclass(frozen=True, slots=True)
class DriverParts:
    """Everything that the plans of one process share.

    `workers` is how many repositories of a plan are changed at once. `patience` is for what
    errors: steps, gates and the barrier between phases.
    """

    journal: PlanJournal
    process: Process
    audit: Audit
    repositories: Repositories
    effects: Mapping[StepKind, Effect]
    gates: Gates
    barrier: Barrier
    freshness: Freshness
    workers: int
    patience: Patience
    fault: FaultPoint = no_fault
