"""Renders the raising of one dependency: manifests edited in place, lock files made anew."""

from collections.abc import Sequence

import anyio.to_thread

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.rendering.bump.commit_names import CommitNames
from gitops_auditor.orchestrator.rendering.bump.manifest_edits import (
    Declared,
    Raised,
    declared,
    pinned,
    raise_all,
)
from gitops_auditor.orchestrator.rendering.bump.maven_properties import (
    POM,
    inherited,
    with_properties,
)
from gitops_auditor.orchestrator.rendering.locks.models import LockFiles
from gitops_auditor.orchestrator.rendering.names_in_files import needle
from gitops_auditor.orchestrator.rendering.renderer import Rendered, RenderRequest
from gitops_auditor.orchestrator.rendering.resolution import Resolution
from gitops_auditor.orchestrator.rendering.tree_manifests import ManifestTrees
from gitops_auditor.repositories.rendered import RenderedCommits


class BumpRenderer:
    """Renders `BumpDependency`.

    Every manifest of the base commit that declares the name is raised, and its lock files renewed.
    Manifests among test data and copies of other projects stay; a note says so.
    """

    def __init__(
        self,
        manifests: ManifestTrees,
        commit_names: CommitNames,
        locks: LockFiles,
        commits: RenderedCommits,
        resolution: Resolution,
    ) -> None:
        self._manifests = manifests
        self._commit_names = commit_names
        self._locks = locks
        self._commits = commits
        self._resolution = resolution

    async def render(self, request: RenderRequest) -> Rendered:
        """See `Renderer`. Raises WorkFailed naming file and line, also for an older version."""
        change, base = _bump(request), request.base_commit
        tree = await self._manifests.with_words(request.repository, base, [needle(change.name)])
        found = declared(tree, change)
        if not found:
            return Rendered("", "", notes=(f"Nothing here asks for {change.name}.",))
        commits = await self._commits_of(pinned(found, tree.gitlinks), change.version)
        raised = await anyio.to_thread.run_sync(raise_all, tree, change, commits)
        raised = await self._with_properties(request, change.version, found, raised)
        if not raised.files and not raised.submodules:
            return Rendered("", "", notes=raised.notes)
        renewed = await self._locks.renew(request, raised.files, [*raised.files])
        made = await self._commits.commit_files(
            request.repository,
            base,
            {**raised.files, **renewed.files},
            request.message,
            request.moment,
            raised.submodules,
        )
        notes = (*raised.notes, *renewed.notes)
        unverified = await self._resolution.unverified(request, made.commit)
        return Rendered(made.commit, made.tree, unverified, notes)

    async def _with_properties(
        self, request: RenderRequest, version: str, found: Sequence[Declared], raised: Raised
    ) -> Raised:
        taken = inherited(found)
        if not taken:
            return raised
        words = {name.lower().encode("utf-8") for name in taken.values()}
        tree = await self._manifests.with_words(request.repository, request.base_commit, words)
        poms = {one.path: one.content for one in tree.files if one.path.endswith(POM)}
        return with_properties(raised, taken, poms, version)

    async def _commits_of(self, found: Sequence[Declared], version: str) -> dict[str, str]:
        """The commit of the version by the name of each repository where it is known."""
        commits: dict[str, str] = {}
        for reference in {one.declaration.reference for one in found}:
            commit = await self._commit_names.commit_of(reference, version)
            if commit is not None:
                commits[reference.name] = commit
        return commits


def _bump(request: RenderRequest) -> BumpDependency:
    if not isinstance(request.change, BumpDependency):
        raise InvalidRequest(
            f"A change of kind {request.change.kind} raises no dependency.",
            hint="Give a change of kind bump.",
        )
    return request.change
