"""Whether the pipeline or workflow that a plan runs is there and valid, and what it comes to."""

import hashlib
from typing import Final, NamedTuple

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.formats.written import Written
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.planning.hashing import digest_of
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

FOLDER: Final = ".github/workflows"
MOST_BYTES: Final = 512 * 1024


class PlannedRun(NamedTuple):
    """What runs in a repository: a digest of its whole definition with its inputs.

    `pipeline_id` is empty for a workflow of the forge. `has_rollback`: some of its jobs take back
    what others did.
    """

    digest: str
    pipeline_id: str = ""
    has_rollback: bool = False


class PlannedRuns:
    """Reads definitions; starts nothing."""

    def __init__(self, pipelines: PipelineServices, revisions: Revisions) -> None:
        self._pipelines = pipelines
        self._revisions = revisions

    async def of(self, repository: Repository, commit: str, change: RunPipeline) -> PlannedRun:
        """The definition at a commit.

        Raises NotFound, InvalidDefinition, InvalidRequest for inputs that do not fit, Refused for
        a pipeline that is not active, and WorkFailed for a workflow that is not there.
        """
        if change.runner == "local":
            return await self._pipeline(repository, commit, change)
        return await self._workflow(repository, commit, change)

    async def _pipeline(
        self, repository: Repository, commit: str, change: RunPipeline
    ) -> PlannedRun:
        # Definitions are read by much that nothing else of a plan needs.
        from gitops_auditor.pipelines.launching import Order  # noqa: PLC0415

        found = await self._pipelines.registry.find(change.pipeline, repository.id)
        if found.repository_id != repository.id:
            raise InvalidRequest(
                f"The pipeline {change.pipeline} is one of {found.repository_id}.",
                hint=f"Name a pipeline of {repository.id}, by a name that each repository has.",
            )
        order = Order(found.id, commit, _scalars(change))
        launch = await self._pipelines.launcher.plan(order)
        digest = digest_of({"source": launch.read.source, "inputs": change.inputs})
        return PlannedRun(digest, found.id, bool(launch.read.definition.rollback))

    async def _workflow(
        self, repository: Repository, commit: str, change: RunPipeline
    ) -> PlannedRun:
        name = change.pipeline.removeprefix(f"{FOLDER}/")
        path = f"{FOLDER}/{name}"
        content = await self._revisions.file(repository, commit, path, MOST_BYTES)
        if content is None:
            raise WorkFailed(
                f"{repository.id} has no {path} at {commit[:12]}.",
                hint="Name a file of its workflows.",
            )
        text = hashlib.sha256(content).hexdigest()
        return PlannedRun(digest_of({"workflow": text, "inputs": change.inputs}))


def _scalars(change: RunPipeline) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for name, value in change.inputs.items():
        if not isinstance(value, Written):
            raise InvalidRequest(
                f"The input {name} of {change.pipeline} is neither text, number nor boolean.",
                hint="Write it as text.",
            )
        found[name] = value
    return found
