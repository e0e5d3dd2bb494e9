"""Hands quality what it needs of pipelines."""

from contextlib import AbstractAsyncContextManager

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.events import EventLog
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.quality.assembly import QualityServices, Surroundings, open_quality
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from gitops_auditor.wiring.gate_workspaces import GateWorkspaces
from gitops_auditor.wiring.pipeline_gates import PipelineGates
from gitops_auditor.work import Process


def open_gates(
    settings: Settings,
    database: Database,
    events: EventLog,
    audit: Audit,
    process: Process,
    repositories: RepositoryRegistry,
    pipelines: PipelineServices,
) -> AbstractAsyncContextManager[QualityServices]:
    """Quality gates that may run pipelines and look at what they measured."""
    of_pipelines = PipelineGates(pipelines)
    return open_quality(
        Surroundings(
            settings=settings,
            database=database,
            events=events,
            audit=audit,
            repositories=repositories,
            connections=pipelines.connections,
            workspaces=GateWorkspaces(repositories, settings, process),
            pipelines=of_pipelines,
            coverage=of_pipelines,
        )
    )
