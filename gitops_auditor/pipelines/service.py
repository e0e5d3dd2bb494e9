"""The pipelines there are: defined by a file of a repository, or kept by the platform."""

import difflib
import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any, Final

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Conflict, JsonValue, NotFound, require_version
from gitops_auditor.events import EventLog
from gitops_auditor.pages import Page, PageParams, cut_page, decode_cursor
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.records import (
    Pipeline,
    PipelineStatus,
    PipelineSummary,
    StageOutline,
)
from gitops_auditor.pipelines.sources import Definitions, Read
from gitops_auditor.pipelines.store import definitions as store
from gitops_auditor.pipelines.store import runs as run_store
from gitops_auditor.pipelines.store.definitions import Connection, Filter, NewDefinition
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

CHANNEL: Final = "pipelines"


class Pipelines:
    """Every write needs a current `Audit.operation`, appends an event and is one transaction."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        repositories: RepositoryRegistry,
        sources: Definitions,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._repositories = repositories
        self._sources = sources

    async def create(
        self, repository_id: str, source: str, actor: str, name: str | None = None
    ) -> Pipeline:
        """Keep a definition that the caller wrote. Its name is `name`, else the definition's own.

        Raises NotFound for the repository, InvalidDefinition with line and column, and Conflict
        when the repository has a pipeline of that name.
        """
        repository = await self._repositories.get(repository_id)
        read = self._sources.given(source)
        shown = name or read.definition.name
        pipeline = _new(f"pipeline_{secrets.token_hex(8)}", shown, repository.id, None, actor)
        async with self._database.write() as transaction:
            await store.lock_names(transaction, repository.id)
            await self._refuse_taken(transaction, repository.id, shown)
            await store.insert_pipeline(transaction, pipeline, definition_of(read))
            await self._record(transaction, "pipeline.created", None, pipeline)
        return await self.get(pipeline.id)

    async def register_file(
        self, repository: Repository, path: str, read: Read, actor: str
    ) -> None:
        """Know the pipeline that a file of a repository defines, as it is now.

        A file keeps its pipeline, whatever happens to its content. Changes nothing, and then needs
        no audited operation, when this is the definition that is known.
        """
        pipeline_id = file_pipeline_id(repository.id, path)
        async with self._database.read() as connection:
            known = await store.get(connection, pipeline_id)
            source = known and await store.source(connection, known.id, known.revision)
        if known is None:
            await self._register(repository, path, read, actor)
        elif source != read.source:
            await self._revise(known, read, actor)

    async def of_file(self, repository_id: str, path: str) -> PipelineSummary | None:
        """The pipeline that a file defines, if it is known."""
        async with self._database.read() as connection:
            return await store.get(connection, file_pipeline_id(repository_id, path))

    async def get(self, pipeline_id: str) -> Pipeline:
        """The pipeline with its present definition. Raises NotFound."""
        async with self._database.read() as connection:
            found = await _existing(connection, pipeline_id)
            source = await store.source(connection, found.id, found.revision) or ""
            last_run = await run_store.last_of(connection, found.id)
        definition = self._sources.parsed(source, found.path)
        stages = [
            StageOutline(name=one.name, jobs=[job.name for job in one.jobs])
            for one in definition.stages
        ]
        return Pipeline(**dict(found), source=source, stages=stages, last_run=last_run)

    async def definition(self, pipeline_id: str) -> PipelineDefinition:
        """The present definition of a pipeline. Raises NotFound."""
        found = await self.get(pipeline_id)
        return self._sources.parsed(found.source, found.path)

    async def summary(self, pipeline_id: str) -> PipelineSummary:
        """The pipeline as it stands in lists. Raises NotFound."""
        async with self._database.read() as connection:
            return await _existing(connection, pipeline_id)

    async def find(self, reference: str, repository_id: str | None = None) -> PipelineSummary:
        """The pipeline with this id, or the only one with this name. Raises NotFound, Conflict."""
        async with self._database.read() as connection:
            by_id = await store.get(connection, reference)
            if by_id is not None:
                return by_id
            found = await store.named(connection, reference, repository_id)
        if len(found) > 1:
            where = ", ".join(f"{one.id} of {one.repository_id}" for one in found)
            raise Conflict(
                f"There are several pipelines named {reference[:200]!r}.",
                hint=f"Name one by its id: {where}.",
            )
        if not found:
            raise await self._unknown(reference)
        return found[0]

    async def list(self, wanted: Filter, params: PageParams) -> Page[PipelineSummary]:
        """A page of the pipelines, by repository and name."""
        position = decode_cursor(params.cursor, 2) if params.cursor else ["", ""]
        after = (str(position[0]), str(position[1]))
        async with self._database.read() as connection:
            found = await store.page(connection, wanted, after, params.limit + 1)
            total = await store.count(connection, wanted)
        return cut_page(found, params, lambda one: (one.repository_id, one.name), total)

    async def update(
        self,
        pipeline_id: str,
        actor: str,
        source: str | None = None,
        status: PipelineStatus | None = None,
        expected_version: int | None = None,
    ) -> Pipeline:
        """Give it another definition or status; runs keep the definition that they started with.

        Raises NotFound, InvalidDefinition, Conflict for the definition of a file, and Stale at
        another version than the one expected.
        """
        known = await self.summary(pipeline_id)
        read = self._replacement(known, source) if source is not None else None
        now = datetime.now(UTC)
        async with self._database.write() as transaction:
            await store.lock(transaction, pipeline_id)
            before = await _at_version(transaction, pipeline_id, expected_version)
            values: dict[str, Any] = {"status": status} if status else {}
            if read is not None:
                values |= await _revised(transaction, before, read, actor, now)
            await store.change(transaction, pipeline_id, values, now)
            after = await _existing(transaction, pipeline_id)
            await self._record(transaction, "pipeline.updated", before, after)
        return await self.get(pipeline_id)

    async def remove(
        self, pipeline_id: str, expected_version: int | None = None
    ) -> PipelineSummary:
        """Take it out of use; its runs stay. Raises NotFound, Stale, Conflict while one runs."""
        async with self._database.write() as transaction:
            await store.lock(transaction, pipeline_id)
            before = await _at_version(transaction, pipeline_id, expected_version)
            if await store.has_active_run(transaction, pipeline_id):
                raise Conflict(
                    f"A run of {before.name} is not over.",
                    hint="Cancel it or wait for its end, then remove the pipeline.",
                )
            now = datetime.now(UTC)
            await store.change(transaction, pipeline_id, {"removed_at": now}, now)
            await self._record(transaction, "pipeline.removed", before, None)
        return before

    async def _register(self, repository: Repository, path: str, read: Read, actor: str) -> None:
        name = read.definition.name
        pipeline = _new(file_pipeline_id(repository.id, path), name, repository.id, path, actor)
        async with self._database.write() as transaction:
            await store.lock_names(transaction, repository.id)
            free = await _free_name(transaction, pipeline, name)
            pipeline = pipeline.model_copy(update={"name": free})
            if await store.get_any(transaction, pipeline.id) is None:
                await store.insert_pipeline(transaction, pipeline, definition_of(read))
            else:
                now = pipeline.created_at
                values = await _revised(transaction, pipeline, read, actor, now)
                values["name"] = pipeline.name
                await store.revive(transaction, pipeline.id, values, now)
            await self._record(transaction, "pipeline.created", None, pipeline)

    async def _revise(self, known: PipelineSummary, read: Read, actor: str) -> None:
        now = datetime.now(UTC)
        async with self._database.write() as transaction:
            await store.lock(transaction, known.id)
            values = await _revised(transaction, known, read, actor, now)
            name = await _free_name(transaction, known, read.definition.name)
            await store.change(transaction, known.id, {**values, "name": name}, now)
            after = await _existing(transaction, known.id)
            await self._record(transaction, "pipeline.updated", known, after)

    def _replacement(self, known: PipelineSummary, source: str) -> Read:
        if known.path is not None:
            raise Conflict(
                f"{known.name} is defined by {known.path} of {known.repository_id}.",
                hint="Change that file in the repository.",
            )
        return self._sources.given(source)

    async def _refuse_taken(self, transaction: Connection, repository_id: str, name: str) -> None:
        others = await store.of_repository(transaction, repository_id)
        taken = next((one for one in others if one.name == name), None)
        if taken is not None:
            raise Conflict(
                f"{repository_id} has a pipeline named {name!r} already.",
                hint=f"Update {taken.id}, or choose another name.",
                details={"id": taken.id, "version": taken.version},
            )

    async def _unknown(self, reference: str) -> NotFound:
        async with self._database.read() as connection:
            known = await store.page(connection, Filter(), ("", ""), 200)
        names = {one.name.lower(): one.name for one in known} | {one.id: one.id for one in known}
        near = difflib.get_close_matches(reference.lower()[:200], names, 3)
        hint = f"Did you mean {' or '.join(names[one] for one in near)}?" if near else ""
        return NotFound(
            f"There is no pipeline {reference[:200]!r}.", hint=hint or "List the pipelines."
        )

    async def _record(
        self,
        transaction: Connection,
        event: str,
        before: PipelineSummary | None,
        after: PipelineSummary | None,
    ) -> None:
        states = [one.model_dump(mode="json") if one else None for one in (before, after)]
        await self._audit.effect(transaction, states[0], states[1])
        pipeline = after or before
        if pipeline is not None:
            data: dict[str, JsonValue] = {
                "pipeline_id": pipeline.id,
                "repository_id": pipeline.repository_id,
                "version": pipeline.version,
            }
            await self._events.append(transaction, CHANNEL, event, data)


def file_pipeline_id(repository_id: str, path: str) -> str:
    """The id of the pipeline that a file defines: the same wherever and whenever it is seen."""
    named = f"{repository_id}\x00{path}"
    return f"pipeline_{hashlib.sha256(named.encode()).hexdigest()[:16]}"


def _new(
    pipeline_id: str, name: str, repository_id: str, path: str | None, actor: str
) -> PipelineSummary:
    now = datetime.now(UTC)
    return PipelineSummary(
        id=pipeline_id,
        name=name,
        repository_id=repository_id,
        status="active",
        path=path,
        definition_version="2.0",
        revision=1,
        version=1,
        last_run_number=0,
        created_at=now,
        updated_at=now,
        created_by=actor,
    )


def definition_of(read: Read) -> NewDefinition:
    """The definition as it is kept."""
    return NewDefinition(
        source=read.source,
        digest=hashlib.sha256(read.source.encode()).hexdigest(),
        document=read.definition.model_dump(mode="json", exclude_defaults=True),
        version=read.definition.version,
        description=read.definition.description,
        commit_sha=read.commit,
    )


async def _free_name(transaction: Connection, pipeline: PipelineSummary, name: str) -> str:
    """The name, unless another file of the repository calls its pipeline the same."""
    others = await store.of_repository(transaction, pipeline.repository_id)
    is_taken = any(one.name == name and one.id != pipeline.id for one in others)
    return f"{name} ({pipeline.path})" if is_taken else name


async def _existing(connection: Connection, pipeline_id: str) -> PipelineSummary:
    found = await store.get(connection, pipeline_id)
    if found is None:
        raise NotFound(
            f"There is no pipeline {pipeline_id[:200]!r}.", hint="List the pipelines to see ids."
        )
    return found


async def _at_version(
    transaction: Connection, pipeline_id: str, expected: int | None
) -> PipelineSummary:
    found = await _existing(transaction, pipeline_id)
    require_version(found.name, found.version, expected)
    return found


async def _revised(
    transaction: Connection, before: PipelineSummary, read: Read, actor: str, now: datetime
) -> dict[str, Any]:
    definition = definition_of(read)
    revision = await store.revision_of(transaction, before.id, definition, actor, now)
    return {
        "revision": revision,
        "definition": definition.document,
        "version": definition.version,
        "description": definition.description,
    }
