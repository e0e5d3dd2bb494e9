"""Wires everything that pipelines are made of.

A part is made, and its modules are loaded, when it is first asked for: most commands need few.
"""
# ruff: noqa: PLC0415

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.connections.bundled import bundled_servers
from gitops_auditor.connections.loading import load_servers
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import InvalidSetting
from gitops_auditor.events import EventLog
from gitops_auditor.pipelines.dispatching import LocalDispatcher
from gitops_auditor.repositories.revisions import Revisions
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

if TYPE_CHECKING:
    from gitops_auditor.pipelines.condition import PipelineCondition
    from gitops_auditor.pipelines.explanation import Explainer
    from gitops_auditor.pipelines.firing import Firing
    from gitops_auditor.pipelines.jobs.artifacts import RunArtifacts
    from gitops_auditor.pipelines.launching import Launcher
    from gitops_auditor.pipelines.log_following import LogFollower
    from gitops_auditor.pipelines.log_reading import LogReader
    from gitops_auditor.pipelines.logs import Logs
    from gitops_auditor.pipelines.remote.dispatcher import RemoteDispatcher
    from gitops_auditor.pipelines.repeating import Repeater
    from gitops_auditor.pipelines.retention import Retention
    from gitops_auditor.pipelines.runs import Runs
    from gitops_auditor.pipelines.secret_registry import SecretRegistry
    from gitops_auditor.pipelines.service import Pipelines
    from gitops_auditor.pipelines.sources import Definitions
    from gitops_auditor.pipelines.starting.callbacks import RunReports
    from gitops_auditor.pipelines.storing import PipelineStorage
    from gitops_auditor.pipelines.templating import Templating
    from gitops_auditor.pipelines.validation import Validator


class PipelineServices:
    """What operations on pipelines and runs use."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        events: EventLog,
        audit: Audit,
        repositories: RepositoryRegistry,
        connections: Connections,
        dispatcher: "LocalDispatcher | RemoteDispatcher",
    ) -> None:
        self._settings = settings
        self._database = database
        self._events = events
        self._audit = audit
        self._repositories = repositories
        self.connections = connections
        self.dispatcher = dispatcher

    @property
    def revisions(self) -> Revisions:
        """The commits of repositories."""
        return self._repositories.revisions

    @cached_property
    def registry(self) -> "Pipelines":
        """The pipelines that are known."""
        from gitops_auditor.pipelines.service import Pipelines

        return Pipelines(
            self._database, self._events, self._audit, self._repositories, self._sources
        )

    @cached_property
    def runs(self) -> "Runs":
        """What is kept of runs."""
        from gitops_auditor.pipelines.runs import Runs

        return Runs(self._database, self._events, self._audit, self._sources)

    @cached_property
    def launcher(self) -> "Launcher":
        """Starts runs."""
        from gitops_auditor.pipelines.launching import Launcher

        return Launcher(
            self._database,
            self._events,
            self._audit,
            self._repositories,
            self.revisions,
            self.registry,
            self._sources,
            self.dispatcher,
        )

    @cached_property
    def repeater(self) -> "Repeater":
        """Starts runs again."""
        from gitops_auditor.pipelines.repeating import Repeater
        from gitops_auditor.pipelines.workspaces import RunWorkspaces

        workspaces = RunWorkspaces(self._repositories, self._settings)
        return Repeater(self.runs, self.launcher, workspaces)

    @cached_property
    def firing(self) -> "Firing":
        """Starts what an event asks for."""
        from gitops_auditor.pipelines.firing import Firing

        return Firing(
            self._database,
            self._events,
            self._repositories,
            self.revisions,
            self.registry,
            self._sources,
            self.launcher,
        )

    @cached_property
    def reports(self) -> "RunReports":
        """Takes what other systems report of runs of theirs."""
        from gitops_auditor.pipelines.starting.callbacks import RunReports

        return RunReports(self._database, self._events, self._audit)

    @cached_property
    def validator(self) -> "Validator":
        """Says what is wrong with a definition, and what a start of it comes to."""
        from gitops_auditor.pipelines.validation import Validator

        return Validator(self._repositories, self.revisions, self._sources, self.launcher)

    @cached_property
    def templating(self) -> "Templating":
        """Makes definitions of templates."""
        from gitops_auditor.pipelines.templating import Templating

        return Templating(
            self._database, self._events, self._audit, self._repositories, self.revisions
        )

    @cached_property
    def logs(self) -> "Logs":
        """What jobs wrote."""
        from gitops_auditor.pipelines.logs import open_logs

        return open_logs(self._database, self._settings.data_dir)

    @cached_property
    def log_reader(self) -> "LogReader":
        """Reads logs piece by piece."""
        from gitops_auditor.pipelines.log_reading import LogReader

        return LogReader(self.runs, self.logs)

    @cached_property
    def log_follower(self) -> "LogFollower":
        """Reads logs as they grow."""
        from gitops_auditor.pipelines.log_following import LogFollower

        return LogFollower(self._database, self.runs, self.log_reader)

    @cached_property
    def explainer(self) -> "Explainer":
        """Says why runs failed."""
        from gitops_auditor.pipelines.explanation import Explainer

        return Explainer(self.runs, self.logs)

    @cached_property
    def retention(self) -> "Retention":
        """Forgets old runs."""
        from gitops_auditor.pipelines.retention import Retention

        return Retention(self._database, self._events, self._audit, self.logs, self.artifacts)

    @cached_property
    def artifacts(self) -> "RunArtifacts":
        """What runs left."""
        from gitops_auditor.pipelines.jobs.artifacts import open_artifacts

        return open_artifacts(self._settings, self._database, self.connections)

    @cached_property
    def storage(self) -> "PipelineStorage":
        """Where definitions are saved to and loaded from."""
        from gitops_auditor.connections.files.opening import open_files
        from gitops_auditor.pipelines.storing import PipelineStorage

        location = self._settings.pipeline_storage_url or str(self._settings.data_dir / "pipelines")
        files = open_files(location, self.connections, "PIPELINE_STORAGE_URL")
        return PipelineStorage(files, self.registry)

    @cached_property
    def secrets(self) -> "SecretRegistry":
        """The platform's own store of secrets."""
        from gitops_auditor.pipelines.secret_registry import SecretRegistry
        from gitops_auditor.pipelines.secrets import secret_store

        return SecretRegistry(secret_store(self._settings), self._audit)

    @cached_property
    def condition(self) -> "PipelineCondition":
        """How the queue of runs is doing."""
        from gitops_auditor.pipelines.condition import PipelineCondition

        return PipelineCondition(self._database, self.runs, self._settings)

    @cached_property
    def _sources(self) -> "Definitions":
        from gitops_auditor.pipelines.sources import Definitions

        return Definitions(self.revisions, self._callable_servers)

    def _callable_servers(self) -> tuple[str, ...]:
        from gitops_auditor.pipelines.jobs.releases import SERVER

        # With a token releases are made over REST, which needs no server.
        has_token = bool(self._settings.github_token.get_secret_value())
        return (*self.connections.names, SERVER) if has_token else self.connections.names


@asynccontextmanager
async def open_pipelines(
    settings: Settings,
    database: Database,
    events: EventLog,
    audit: Audit,
    repositories: RepositoryRegistry,
) -> AsyncIterator[PipelineServices]:
    """Everything but what carries runs out; see `carrying`. Starts no process."""

    async def secrets(references: Mapping[str, str]) -> dict[str, str]:
        # A server is the platform's own: no pipeline's or repository's secrets are offered to it.
        from gitops_auditor.pipelines.secrets import open_secrets

        found = open_secrets(settings)
        return await found.values(references, pipeline_id="", repository_id="")

    def roots() -> list[Path]:
        from gitops_auditor.execution.job_user import resolve_job_user
        from gitops_auditor.pipelines.workspaces import workspaces_folder

        return [workspaces_folder(settings, resolve_job_user(settings.job_user))]

    bundled = bundled_servers(settings, roots)
    connections = Connections(load_servers(settings), secrets, os.environ, bundled)
    async with (
        connections.open() as mcp,
        _open_dispatcher(settings, database, events, audit) as dispatcher,
    ):
        yield PipelineServices(settings, database, events, audit, repositories, mcp, dispatcher)


@asynccontextmanager
async def _open_dispatcher(
    settings: Settings, database: Database, events: EventLog, audit: Audit
) -> AsyncIterator["LocalDispatcher | RemoteDispatcher"]:
    if database.dialect == "postgresql":
        from gitops_auditor.pipelines.remote.dispatcher import open_remote_dispatcher

        async with open_remote_dispatcher(settings, database, events, audit) as dispatcher:
            yield dispatcher
    elif settings.pipeline_worker_count:
        yield LocalDispatcher(settings)
    else:
        raise InvalidSetting(
            "PIPELINE_WORKER_COUNT is 0, but SQLite has no workers to leave runs to.",
            hint="Set it to 1 or more, or DATABASE_URL to PostgreSQL.",
        )
