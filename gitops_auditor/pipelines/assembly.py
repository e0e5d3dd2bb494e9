"""Wires everything that pipelines are made of."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.connections.loading import load_servers
from gitops_auditor.connections.service import Connections
from gitops_auditor.events import EventLog
from gitops_auditor.pipelines.condition import PipelineCondition
from gitops_auditor.pipelines.dispatching import LocalDispatcher
from gitops_auditor.pipelines.explanation import Explainer
from gitops_auditor.pipelines.firing import Firing
from gitops_auditor.pipelines.jobs.artifacts import RunArtifacts, open_artifacts
from gitops_auditor.pipelines.launching import Launcher
from gitops_auditor.pipelines.log_following import LogFollower
from gitops_auditor.pipelines.log_reading import LogReader
from gitops_auditor.pipelines.logs import Logs, open_logs
from gitops_auditor.pipelines.remote.dispatcher import RemoteDispatcher, open_dispatcher
from gitops_auditor.pipelines.repeating import Repeater
from gitops_auditor.pipelines.retention import Retention
from gitops_auditor.pipelines.runs import Runs
from gitops_auditor.pipelines.secret_registry import SecretRegistry
from gitops_auditor.pipelines.secrets import open_secrets, secret_store
from gitops_auditor.pipelines.service import Pipelines
from gitops_auditor.pipelines.sources import Definitions
from gitops_auditor.pipelines.starting.callbacks import RunReports
from gitops_auditor.pipelines.templating import Templating
from gitops_auditor.pipelines.validation import Validator
from gitops_auditor.repositories.revisions import Revisions
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database


@dataclass(frozen=True)
class PipelineServices:
    """What operations on pipelines and runs use."""

    registry: Pipelines
    runs: Runs
    launcher: Launcher
    repeater: Repeater
    firing: Firing
    reports: RunReports
    validator: Validator
    templating: Templating
    logs: Logs
    log_reader: LogReader
    log_follower: LogFollower
    explainer: Explainer
    retention: Retention
    artifacts: RunArtifacts
    secrets: SecretRegistry
    revisions: Revisions
    connections: Connections
    condition: PipelineCondition
    dispatcher: LocalDispatcher | RemoteDispatcher


@asynccontextmanager
async def open_pipelines(
    settings: Settings,
    database: Database,
    events: EventLog,
    audit: Audit,
    repositories: RepositoryRegistry,
) -> AsyncIterator[PipelineServices]:
    """Everything but what carries runs out; see `carrying`. Starts no process."""
    revisions = repositories.revisions
    # A server is the platform's own: no pipeline's or repository's secrets are offered to it.
    platform_secrets = partial(open_secrets(settings).values, pipeline_id="", repository_id="")
    connections = Connections(load_servers(settings), platform_secrets, os.environ)
    async with (
        connections.open() as mcp,
        open_dispatcher(settings, database, events, audit) as dispatcher,
    ):
        sources = Definitions(revisions, lambda: mcp.names)
        registry = Pipelines(database, events, audit, repositories, sources)
        launcher = Launcher(
            database, events, audit, repositories, revisions, registry, sources, dispatcher
        )
        runs, logs = Runs(database, events, audit, sources), open_logs(database, settings.data_dir)
        artifacts, log_reader = open_artifacts(settings, database), LogReader(runs, logs)
        yield PipelineServices(
            registry=registry,
            runs=runs,
            launcher=launcher,
            repeater=Repeater(runs, launcher),
            firing=Firing(database, events, repositories, revisions, registry, sources, launcher),
            reports=RunReports(database, events, audit),
            validator=Validator(repositories, revisions, sources, launcher),
            templating=Templating(database, events, audit, repositories, revisions),
            logs=logs,
            log_reader=log_reader,
            log_follower=LogFollower(database, runs, log_reader),
            explainer=Explainer(runs, logs),
            retention=Retention(database, events, audit, logs, artifacts),
            artifacts=artifacts,
            secrets=SecretRegistry(secret_store(settings), audit),
            revisions=revisions,
            connections=mcp,
            condition=PipelineCondition(database, runs, settings),
            dispatcher=dispatcher,
        )
