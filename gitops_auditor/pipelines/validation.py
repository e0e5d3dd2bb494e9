"""Says of a definition, before anything runs, what is wrong with it and what an event comes to."""

from collections.abc import Mapping

from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.definition import InvalidDefinition
from gitops_auditor.pipelines.launching import Launcher, Order, Plan
from gitops_auditor.pipelines.records import Record
from gitops_auditor.pipelines.resolution import Resolution, resolve
from gitops_auditor.pipelines.sources import Definitions, Read
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revision, Revisions
from gitops_auditor.repositories.service import RepositoryRegistry


class Mistake(Record):
    """What is wrong in a definition. Line and column are 1-based, 0 when unknown."""

    message: str
    line: int
    column: int
    path: str


class Validation(Record):
    """Whether a definition is valid; its mistakes with line and column, or what the event comes to.

    `commit_sha` is the commit whose files conditions were asked about, None without a repository.
    """

    valid: bool
    problems: list[Mistake]
    resolution: Resolution | None = None
    commit_sha: str | None = None


class Validator:
    """Reads and resolves; changes nothing."""

    def __init__(
        self,
        repositories: RepositoryRegistry,
        revisions: Revisions,
        sources: Definitions,
        launcher: Launcher,
    ) -> None:
        self._repositories = repositories
        self._revisions = revisions
        self._sources = sources
        self._launcher = launcher

    async def validate(
        self, source: str, event: Event, repository_id: str | None, ref: str
    ) -> Validation:
        """Validate a text for an event, in the repository that it is meant for, if there is one.

        Raises NotFound for the repository or the ref, InvalidRequest for inputs that do not fit.
        """
        repository = await self._repositories.get(repository_id) if repository_id else None
        try:
            read = self._sources.given(source)
        except InvalidDefinition as invalid:
            return _invalid(invalid)
        if repository is None:
            return Validation(valid=True, problems=[], resolution=_resolved(read, event, None))
        revision = await self._revisions.resolve(repository, ref)
        named = event if event.branch or event.tag else _at(event, revision)
        files = await self._files(repository, revision.commit)
        return Validation(
            valid=True,
            problems=[],
            resolution=_resolved(read, named, files),
            commit_sha=revision.commit,
        )

    async def simulate(
        self, pipeline_id: str, ref: str, inputs: Mapping[str, Written]
    ) -> Validation:
        """What a start of the pipeline comes to now; nothing is started. Raises as a start does."""
        try:
            plan = await self._launcher.plan(Order(pipeline_id, ref, inputs))
        except InvalidDefinition as invalid:
            return _invalid(invalid)
        return await self.of_plan(plan)

    async def of_plan(self, plan: Plan) -> Validation:
        """What a settled run comes to."""
        files = await self._files(plan.repository, plan.revision.commit)
        return Validation(
            valid=True,
            problems=[],
            resolution=_resolved(plan.read, plan.event, files),
            commit_sha=plan.revision.commit,
        )

    async def _files(self, repository: Repository, commit: str) -> frozenset[str]:
        """Files and folders of the commit."""
        paths = await self._revisions.paths(repository, commit)
        folders = {parent for path in paths for parent in _parents(path)}
        return frozenset(paths) | folders


def _invalid(found: InvalidDefinition) -> Validation:
    mistakes = [Mistake.model_validate(one, from_attributes=True) for one in found.problems]
    return Validation(valid=False, problems=mistakes)


def _resolved(read: Read, event: Event, files: frozenset[str] | None) -> Resolution:
    def exists(path: str) -> bool | None:
        return None if files is None else path.strip("/") in files

    return resolve(read.definition, event, exists)


def _at(event: Event, revision: Revision) -> Event:
    return event.model_copy(update={"branch": revision.branch or "", "tag": revision.tag or ""})


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]
