"""Applies templates of the catalogue to repositories: first as a preview, then as a branch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.errors import InvalidRequest, JsonValue, Stale
from gitops_auditor.events import EventLog
from gitops_auditor.pipelines.records import Record
from gitops_auditor.pipelines.service import CHANNEL
from gitops_auditor.pipelines.sources import FILES, FOLDER, defines_a_pipeline
from gitops_auditor.repositories.branch_commits import BranchCommits, FileCommit
from gitops_auditor.repositories.revisions import Revisions
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

MAX_BYTES: Final = 512 * 1024


class TemplateApplication(Record):
    """What applying a template changes, as a unified diff, and the commit once it was applied.

    Show `digest` when you apply, so that nothing is written that was not shown.
    """

    template: str
    repository_id: str
    path: str
    action: str
    diff: str
    digest: str
    applied: bool = False
    branch: str | None = None
    commit_sha: str | None = None


class Templating:
    """Renders templates, compares them with what is there, and commits them on a branch."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        repositories: RepositoryRegistry,
        revisions: Revisions,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._repositories = repositories
        self._revisions = revisions
        self._commits = BranchCommits()

    async def suited(self, repository_id: str) -> dict[str, str]:
        """The templates that suit the files of a repository, the likeliest first, and why."""
        from gitops_auditor.pipelines.catalog import suggest  # noqa: PLC0415 - it reads its files

        repository = await self._repositories.get(repository_id)
        revision = await self._revisions.resolve(repository)
        found = suggest(await self._revisions.paths(repository, revision.commit))
        return {one.name: one.reason for one in found}

    async def preview(
        self, template: str, repository_id: str, path: str, values: Mapping[str, JsonValue]
    ) -> TemplateApplication:
        """What the template makes of the default branch of a repository; nothing is written.

        Raises NotFound, and InvalidRequest for values and paths that do not fit.
        """
        from gitops_auditor.pipelines.catalog import preview  # noqa: PLC0415 - it reads its files

        repository = await self._repositories.get(repository_id)
        if not defines_a_pipeline(path):
            raise InvalidRequest(
                f"No pipeline is looked for in {path[:200]!r}.",
                hint=f"Take {FILES[0]}, or a name such as {FOLDER}/checks.yaml.",
            )
        revision = await self._revisions.resolve(repository)
        there = await self._revisions.file(repository, revision.commit, path, MAX_BYTES)
        existing = None if there is None else there.decode("utf-8", "replace")
        made = preview(template, values, existing, path)
        return TemplateApplication(
            template=template,
            repository_id=repository.id,
            path=made.path,
            action=made.action,
            diff=made.diff,
            digest=made.digest,
        )

    async def apply(
        self,
        template: str,
        repository_id: str,
        path: str,
        values: Mapping[str, JsonValue],
        branch: str | None,
        digest: str | None,
    ) -> TemplateApplication:
        """Commit what the preview shows on a new branch of the registered folder.

        Raises what `preview` raises, Stale when it is not what `digest` stands for any more,
        Conflict when the branch exists, and InvalidRequest for a repository without a folder.
        """
        from gitops_auditor.pipelines.catalog import render  # noqa: PLC0415 - it reads its files

        shown = await self.preview(template, repository_id, path, values)
        if digest is not None and digest != shown.digest:
            raise Stale("The file is not what was shown.", hint="Look at the preview again.")
        if shown.action == "unchanged":
            return shown
        repository = await self._repositories.get(repository_id)
        if repository.clone_url is not None or repository.path is None:
            raise InvalidRequest(
                f"{repository.id} has no folder of its own here, only a mirror.",
                hint="Register a checkout of it, or commit the text of the preview yourself.",
            )
        revision = await self._revisions.resolve(repository)
        name = branch or f"gitops/{template}"
        change = FileCommit(
            base=revision.commit,
            branch=name,
            path=path,
            content=render(template, values).encode(),
            message=f"Add the pipeline {template}",
        )
        commit = await self._commits.add(Path(repository.path), change)
        applied = shown.model_copy(update={"applied": True, "branch": name, "commit_sha": commit})
        await self._record(applied)
        return applied

    async def _record(self, applied: TemplateApplication) -> None:
        data: dict[str, JsonValue] = {
            "repository_id": applied.repository_id,
            "template": applied.template,
            "branch": applied.branch,
            "commit": applied.commit_sha,
        }
        async with self._database.write() as transaction:
            await self._audit.effect(transaction, None, data)
            await self._events.append(transaction, CHANNEL, "pipeline.template.applied", data)
