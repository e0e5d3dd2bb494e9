"""Saves the definitions that the platform holds where files are kept, and loads them from there.

Each is a file `<repository id>/<name>.yaml` for people to read; `index.json` says what they are
together, with the SHA-256 of each. Definitions in files of repositories are in Git already.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from gitops_auditor.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    Refused,
    Stale,
    TooLarge,
)
from gitops_auditor.execution.file_stores import FileStore
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.definition import InvalidDefinition
from gitops_auditor.pipelines.file_names import file_name
from gitops_auditor.pipelines.records import PipelineStatus, PipelineSummary, Record
from gitops_auditor.pipelines.service import Pipelines
from gitops_auditor.pipelines.sources import MAX_BYTES
from gitops_auditor.pipelines.store.definitions import Filter
from gitops_auditor.repositories.models import ID_PATTERN

INDEX: Final = "index.json"
MAX_INDEX_BYTES: Final = 2**22
MAX_SAVED: Final = 5_000
_PAGE: Final = 200
_Change = Literal["created", "updated", "unchanged"]
_OF_ONE: Final = (NotFound, Conflict, Stale, Refused, TooLarge, InvalidRequest, InvalidDefinition)
"""What is wrong with one definition, and leaves the others as they are."""


class SavedPipeline(Record):
    """One saved definition."""

    repository_id: Annotated[str, StringConstraints(pattern=ID_PATTERN)]
    name: str = Field(min_length=1, max_length=200)
    status: PipelineStatus
    revision: int
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def path(self) -> str:
        """The file that it is kept in."""
        return f"{self.repository_id}/{file_name(self.name)}.yaml"


class SavedPipelines(Record):
    """What was saved, and when."""

    saved_at: datetime
    pipelines: list[SavedPipeline] = Field(max_length=MAX_SAVED)


class LoadProblem(Record):
    """A saved definition that was left alone, and why."""

    repository_id: str
    name: str
    reason: str


class LoadedPipelines(Record):
    """What loading changed, or is to change, by repository and name."""

    dry_run: bool
    created: list[str] = Field(default_factory=list)
    updated: list[str] = Field(default_factory=list)
    unchanged: list[str] = Field(default_factory=list)
    problems: list[LoadProblem] = Field(default_factory=list)


class PipelineStorage:
    """Definitions at one place; what changes anything must run inside an audited operation."""

    def __init__(self, files: FileStore, registry: Pipelines) -> None:
        self._files = files
        self._registry = registry

    async def save(self) -> SavedPipelines:
        """Save every definition that the platform holds, in place of what was saved before.

        Raises TooLarge beyond MAX_SAVED, and what FileStore says.
        """
        before = await self._index()
        held = [one for one in (await self._known()).values() if one.path is None]
        if len(held) > MAX_SAVED:
            raise TooLarge(
                f"There are {len(held)} pipelines to save; {MAX_SAVED} are possible.",
                hint="Keep definitions in files of their repositories.",
                details={"limit": MAX_SAVED},
            )
        saved = [await self._save(one) for one in held]
        index = SavedPipelines(saved_at=datetime.now(UTC), pipelines=saved)
        await self._files.write(INDEX, f"{index.model_dump_json(indent=2)}\n".encode())
        gone = {one.path for one in before.pipelines} if before else set()
        await self._files.remove(sorted(gone - {one.path for one in saved}))
        return index

    async def load(self, actor: str, *, dry_run: bool) -> LoadedPipelines:
        """Create and update what is saved; nothing is removed. Raises NotFound without an index.

        One that cannot be loaded is a problem that leaves the others as they are.
        """
        index = await self._index()
        if index is None:
            raise NotFound(
                "No pipelines are saved there.", hint="Save them first, or check the location."
            )
        known = await self._known()
        done: dict[_Change, list[str]] = {"created": [], "updated": [], "unchanged": []}
        problems: list[LoadProblem] = []
        for one in index.pipelines:
            place = {"repository_id": one.repository_id, "name": one.name}
            try:
                present = known.get((one.repository_id, one.name))
                change = await self._load(one, present, None if dry_run else actor)
            except _OF_ONE as error:
                problems.append(LoadProblem(**place, reason=str(error)))
            else:
                done[change].append(f"{one.repository_id}: {one.name}")
        return LoadedPipelines(dry_run=dry_run, problems=problems, **done)

    async def _save(self, pipeline: PipelineSummary) -> SavedPipeline:
        content = (await self._registry.get(pipeline.id)).source.encode()
        saved = SavedPipeline(
            repository_id=pipeline.repository_id,
            name=pipeline.name,
            status=pipeline.status,
            revision=pipeline.revision,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        await self._files.write(saved.path, content)
        return saved

    async def _load(
        self,
        saved: SavedPipeline,
        present: PipelineSummary | None,
        actor: str | None,
    ) -> _Change:
        """What loading it changes; without an actor it only looks."""
        source = await self._source(saved)
        if present is None:
            if actor is not None:
                await self._create(saved, source, actor)
            return "created"
        if present.path is not None:
            raise Conflict(
                f"{present.name} is defined by {present.path} of {present.repository_id}.",
                hint="Change that file in the repository.",
            )
        if await self._equals(present, saved, source):
            return "unchanged"
        if actor is not None:
            version = present.version
            await self._registry.update(present.id, actor, source, saved.status, version)
        return "updated"

    async def _create(self, saved: SavedPipeline, source: str, actor: str) -> None:
        made = await self._registry.create(saved.repository_id, source, actor, saved.name)
        if saved.status != made.status:
            await self._registry.update(made.id, actor, status=saved.status)

    async def _equals(self, present: PipelineSummary, saved: SavedPipeline, source: str) -> bool:
        is_same = (await self._registry.get(present.id)).source == source
        return is_same and present.status == saved.status

    async def _source(self, saved: SavedPipeline) -> str:
        content = await self._files.read(saved.path, MAX_BYTES)
        if hashlib.sha256(content).hexdigest() != saved.sha256:
            raise Refused(
                f"The file {saved.path} is not what was saved.",
                hint="Save the pipelines again where they are right.",
            )
        return content.decode("utf-8")

    async def _index(self) -> SavedPipelines | None:
        try:
            content = await self._files.read(INDEX, MAX_INDEX_BYTES)
        except NotFound:
            return None
        try:
            return SavedPipelines.model_validate_json(content)
        except ValidationError:
            raise Refused(
                f"The file {INDEX} of the saved pipelines is not what was saved.",
                hint="Delete it, and save the pipelines again where they are right.",
            ) from None

    async def _known(self) -> dict[tuple[str, str], PipelineSummary]:
        found: dict[tuple[str, str], PipelineSummary] = {}
        cursor: str | None = None
        while True:
            page = await self._registry.list(Filter(), PageParams(limit=_PAGE, cursor=cursor))
            found |= {(one.repository_id, one.name): one for one in page.items}
            cursor = page.next_cursor
            if cursor is None:
                return found
